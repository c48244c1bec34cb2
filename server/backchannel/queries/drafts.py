"""A person's own drafts. There are few (see `store.drafts`), so they are not paged."""

from backchannel.protocol.commands import GetDrafts
from backchannel.protocol.results import Drafts
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import drafts


@answers(GetDrafts)
def get_drafts(_: GetDrafts, caller: User) -> Drafts:
    return Drafts(drafts.drafts_of(caller.id))
