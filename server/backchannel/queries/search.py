"""Finding messages by their words."""

from collections.abc import Callable

from backchannel.protocol.commands import Search
from backchannel.protocol.results import Hit, SearchResult
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers_in_time
from backchannel.store.search import searching
from backchannel.store.search.budget import Budget


@answers_in_time(Search)
def search(query: Search, caller: User, clock: Callable[[], float]) -> SearchResult:
    asked = searching.Search(query.query, query.room_id, query.order, query.before, query.limit)
    page = searching.search(asked, caller, Budget(clock))
    hits = [Hit(message, ranges) for message, ranges in page.hits]
    return SearchResult(hits, page.has_more, page.before, page.is_partial, page.behind)
