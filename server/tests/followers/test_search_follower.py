"""The search index equals the log, whatever breaks and whichever node derives it; a running server keeps it up to date."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from django.db import connection

from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.pin_message import PinMessage
from backchannel.followers.cursors import ReleaseLease, ResetFollower
from backchannel.followers.search import SearchFollower
from backchannel.protocol.shapes import User
from backchannel.store import reads
from backchannel.store.driver import read
from backchannel.store.followers import Stretch, progress_of
from backchannel.store.models import Message as MessageRow
from backchannel.store.operation import NOBODY
from backchannel.store.search.choice import index
from backchannel.store.search.documents import document_of, id_at
from backchannel.store.search.index import Asked
from backchannel.store.search.sqlite import SqliteIndex
from backchannel.store.search.sqlite_file import file_beside
from tests.followers.test_followers import Running
from tests.reading import run_read
from tests.running import running, somebody
from tests.store.making import append, do, person, room
from tests.store.search.corpus import LINES

ROOMS = 3


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


class Breaking(SearchFollower):
    """Fails at random, before the index is written and after it: as a process that is killed there."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def prepare(self, stretches: Sequence[Stretch]) -> None:
        self._break("before")
        super().prepare(stretches)
        self._break("between the index and the cursor")

    def _break(self, where: str) -> None:
        if self._random.random() < 0.2:
            raise RuntimeError(where)


def indexed(rooms: Sequence[int]) -> dict[tuple[int, int], str]:
    """What the index holds of each message: (room, seq) → its words and terms."""
    if connection.vendor == "postgresql":
        rows = read(
            "SELECT room_id, seq, words::text FROM backchannel_search_doc WHERE room_id = ANY(%s::bigint[])",
            [list(rooms)],
        )
        return {(room_id, seq): words for room_id, seq, words in rows}
    file = SqliteIndex(file_beside(str(connection.settings_dict["NAME"])))
    with file.reading(reads.epoch()) as reading:
        database = reading._database  # type: ignore[attr-defined]
        rows = database.execute("SELECT doc.room, doc.seq, body FROM doc JOIN words ON words.rowid = doc.id").fetchall()
    return {(room_id, seq): body for room_id, seq, body in rows if room_id in rooms}


def change(random: Random, ada: User, rooms: Sequence[int]) -> None:
    choice, room_id = random.random(), random.choice(rooms)
    rows = list(MessageRow.objects.filter(room_id=room_id, deleted=False).order_by("seq"))
    if choice < 0.5 or not rows:
        do(append(room_id, ada, random.choice(LINES)))
    elif choice < 0.75:
        do(EditMessage(actor=ada, message_id=random.choice(rows).id, content=random.choice(LINES), base_seq=None))
    elif choice < 0.9:
        do(DeleteMessage(actor=ada, message_id=random.choice(rows).id))
    else:
        do(PinMessage(actor=ada, message_id=random.choice(rows).id))


@pytest.mark.parametrize("seed", range(4))
async def test_the_index_equals_the_log_whatever_breaks_and_whichever_node_runs_it(seed: int) -> None:
    random = Random(seed)
    ada = await run_read(person)
    rooms = [await run_read(room, ada) for _ in range(ROOMS)]
    async with Running() as world:
        follower = Breaking(random)
        runners = {node: world.runner(follower, node) for node in ("a", "b")}
        for _ in range(25):
            for _ in range(random.randrange(4)):
                await run_read(change, random, ada, rooms)
            if random.random() < 0.2:
                node = random.choice(list(runners))
                await world.log.write(ReleaseLease(actor=NOBODY, name=follower.name, node=node))
            if random.random() < 0.05:
                await world.log.write(ResetFollower(actor=NOBODY, follower=follower))
            await asyncio.gather(*(runner.catch_up(set(rooms)) for runner in runners.values()))
        for node in runners:
            await world.log.write(ReleaseLease(actor=NOBODY, name=follower.name, node=node))
        sound = world.runner(SearchFollower(), "c")
        await sound.catch_up()
        derived = await run_read(indexed, rooms)
        await world.log.write(ResetFollower(actor=NOBODY, follower=SearchFollower()))
        assert await run_read(indexed, rooms) == {}
        await sound.catch_up()
        assert await run_read(indexed, rooms) == derived
        left = await run_read(
            lambda: set(MessageRow.objects.filter(room_id__in=rooms, deleted=False).values_list("room_id", "seq"))
        )
        assert set(derived) == left
        await world.log.write(ReleaseLease(actor=NOBODY, name=follower.name, node="c"))
    assert (await run_read(progress_of, "search")).lag == 0


async def test_a_batch_that_comes_late_leaves_what_another_node_has_indexed_since() -> None:
    def act() -> tuple[list[int], dict[tuple[int, int], str], dict[int, int]]:
        ada = person()
        rooms = [room(ada), room(ada)]
        messages = [do(append(each, ada, "an old text")).message for each in rooms]
        late = [document_of(message, "group") for message in messages]
        do(EditMessage(actor=ada, message_id=messages[0].id, content="a new text", base_seq=None))
        SearchFollower().prepare([Stretch(rooms[0], 0, 2)])
        index().write(reads.epoch(), [Stretch(each, 0, 1) for each in rooms], late, [])
        with index().reading(reads.epoch()) as reading:
            return rooms, indexed(rooms), dict(reading.cursors(rooms))

    rooms, found, cursors = await run_read(act)
    assert cursors == {rooms[0]: 2, rooms[1]: 1}
    assert set(found) == {(each, 1) for each in rooms}
    assert "new" in found[rooms[0], 1]
    assert "old" in found[rooms[1], 1]


def test_a_running_server_indexes_what_is_written_and_finds_it_on_both_transports() -> None:
    with running(followers=(SearchFollower(),)) as server:
        ada, ben = somebody("ada"), somebody("ben")
        group = server.group(ada, ben)
        server.do(ada, "send_message", room_id=group, content="The quokka was deployed.")
        for _ in range(2):
            with server.device(ben) as device:
                hits = device.call("search", query="deploy quok").body["hits"]
            assert [(hit["message"]["content"], hit["ranges"]) for hit in hits] == [
                ("The quokka was deployed.", [[4, 10], [15, 23]])
            ]
            assert server.do(ben, "search", query="deploy quok")["hits"] == hits
            server.wait_until(lambda: server.do(ben, "search", query="x")["behind"] == 0)


def test_documents_hold_every_term_that_a_query_may_ask_for() -> None:
    ada = person()
    sent = do(append(room(ada), ada, "@ben 版本 https://example.org")).message
    document = document_of(sent, "direct")
    assert set(document.terms) == {"h_link", "h_dm", "m_ben", "c_版", "c_本"}
    with index().reading("no such epoch") as reading:
        step = reading.find(Asked([], [], None, []), id_at(0), id_at(1), 1, None) if reading.bounds() else None
    assert step is None
