"""`serve --demo`: a workspace in which a small team has chatted for a week, so that there is something to look at.

The team makes Tramline, an app for the trams and buses of small towns. Everything is written by the same operations as in production,
with earlier times.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password

from backchannel.accounts.onboarding import NewAccount, create_account, is_set_up, set_up
from backchannel.accounts.people import person_of
from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.send_message import SendMessage
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.shapes import User as Person
from backchannel.site.demo.ids import message_id
from backchannel.site.demo.script import Line, Scene, scenes
from backchannel.site.passwords import made_up_password
from backchannel.store.log import commit
from backchannel.store.operation import Operation, result_of

PASSWORD = "demo"
"""Everyone's password, printed and in the README. A server with these accounts is served to its own machine only."""
WORKSPACE = "Tramline"
TEAM = {
    "maya": "Maya Lindqvist",
    "jonas": "Jonas Beck",
    "priya": "Priya Raman",
    "tom": "Tom Okafor",
    "lena": "Lena Fischer",
    "noor": "Noor Haddad",
    "sam": "Sam Whitaker",
    "felix": "Felix Moreau",
}


class NotEmpty(Exception):
    """The database is not empty; the demonstration writes only to an empty one."""


def suggested() -> str:
    """The username to try the demonstration with: it has unread messages."""
    return next(iter(TEAM))


def build(now: datetime | None = None) -> None:
    """Fill an empty database with the week that ends at `now`. Raises `NotEmpty`."""
    if is_set_up():
        raise NotEmpty
    week = scenes(now or datetime.now(UTC))
    people = _people(min(scene.lines[0].at for scene in week))
    for scene in week:
        _play(scene, people)


def has_known_passwords() -> bool:
    """Whether an account of the team exists and has the publicly known password."""
    people = get_user_model()._default_manager.filter(username__in=TEAM, is_active=True)
    return any(check_password(PASSWORD, person.password) for person in people)


def make_up_passwords() -> str:
    """Give all accounts of the team the same new random password, and return it."""
    password = made_up_password()
    for person in get_user_model()._default_manager.filter(username__in=TEAM):
        if check_password(PASSWORD, person.password):
            person.set_password(password)
            person.save(update_fields=["password"])
    return password


def _people(began: datetime) -> dict[str, Person]:
    newcomers = [NewAccount(username=name, display_name=shown) for name, shown in TEAM.items()]
    # The first person invites others; the demonstration does not include the admin pages.
    users: list[Any] = [set_up(WORKSPACE, newcomers[0], is_admin=False)]
    users += [create_account(newcomer, at_us=_us(began)) for newcomer in newcomers[1:]]
    # One hash for all eight: each takes as long as a sign-in.
    get_user_model()._default_manager.update(password=make_password(PASSWORD))
    return {user.username: person_of(user) for user in users}


def _play(scene: Scene, people: dict[str, Person]) -> None:
    members = [people[name] for name in scene.members or people]
    room_id = _room(scene, members, _us(scene.lines[0].at))
    ids = [message_id(line.at) for line in scene.lines]
    last_seqs: list[int] = []
    for index, line in enumerate(scene.lines):
        last_seqs.append(_say(line, room_id, ids[index], ids, people))
    head = last_seqs[-1]
    for member in members:
        count = scene.read_by.get(member.username)
        seq = head if count is None else last_seqs[count - 1] if count else 0
        _commit(MarkRead(actor=member, room_id=room_id, seq=seq), scene.lines[-1].at)


def _room(scene: Scene, members: list[Person], began_us: int) -> int:
    owner, *others = members
    if scene.name == "general":
        room_id = _first_room(owner)
        commit([UpdateRoom(actor=owner, room_id=room_id, name=None, topic=scene.topic)], began_us)
        return room_id
    ids = [person.id for person in others]
    create = CreateRoom(actor=owner, kind=scene.kind, name=scene.name, topic=scene.topic, members=ids)
    (outcome,) = commit([create], began_us)
    return int(outcome.result.room.id)


def _first_room(owner: Person) -> int:
    from backchannel.store.rooms import rooms_of

    return rooms_of(owner.id)[0].id


def _say(line: Line, room_id: int, id: UUID, ids: list[UUID], people: dict[str, Person]) -> int:
    """Send the message, edit it, react to it. Returns the seq of the last of these."""
    author = people[line.by]
    reply_to = None if line.answers is None else ids[line.answers]
    send = SendMessage(
        actor=author, id=id, room_id=room_id, content=line.content, reply_to=reply_to, at_us=_us(line.at)
    )
    result = _commit(send, line.at)
    if line.became is not None:
        change = EditMessage(actor=author, message_id=id, content=line.became, base_seq=None)
        result = _commit(change, line.edited_at)
    for emoji, who in line.reactions:
        reaction = AddReaction(actor=people[who], message_id=id, emoji=emoji)
        result = _commit(reaction, line.reacted_at)
    return int(result.message.rev_seq)


def _commit(operation: Operation, at: datetime) -> Any:
    (outcome,) = commit([operation], _us(at))
    return result_of(outcome)


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
