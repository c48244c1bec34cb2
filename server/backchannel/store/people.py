"""Maps accounts of the site to people of the chat.

Longer than 300 lines: it is every statement about the table of people; the names have files of their own (`free_names`, `text_rules`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from zlib import crc32

from django.db import IntegrityError, connection, transaction
from msgspec import structs

from backchannel.process_log import ProcessLog
from backchannel.protocol.shapes import PersonKind, User
from backchannel.store.clock import now_us
from backchannel.store.driver import begins, by_code_point, read
from backchannel.store.free_names import NAME_LENGTH, free_name, is_made_of
from backchannel.store.memberships import keep_an_owner
from backchannel.store.models import Person
from backchannel.store.reads import IDS_AT_ONCE
from backchannel.store.render import user_columns, user_of
from backchannel.store.transaction import MEMBERSHIP, NAME_KEY, PERSON, ROOM, Outcome, Transaction, batched, marks
from backchannel.text_rules import KEY_LENGTH, clean_name, fold, handle_of, holds_address, name_keys
from backchannel.text_rules.handles import RESERVED

_log = ProcessLog("backchannel.people")
Row = TypeVar("Row")

FOUND_AT_MOST: Final = 500
"""Most results of a search in the admin pages."""
EXTERNAL_ID_LENGTH: Final = 64
AVATAR_URL_LENGTH: Final = 500
ATTEMPTS: Final = 12
"""How often a person is made before giving up, when others take the same name at the same moment."""
COMPANY: Final = 100
"""A changed name is announced in rooms of up to this many members, as presence is. In larger ones it is seen at the next read."""
_PICTURE: Final = re.compile(r"(?:https?://[^\s/\\]|/(?![/\\]))[!-~]*", re.IGNORECASE)
"""An absolute URL, or a path of this site; percent-encoded, as in HTML."""
_OF_ACCOUNT: Final = f"SELECT {user_columns('p')}, p.space, p.active FROM {PERSON} p WHERE p.account = %s"
"""Runs at every handshake."""
_WITHOUT_OTHER_OWNER: Final = (
    f"SELECT mb.room_id FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id "
    "WHERE mb.person_id = %s AND mb.state = 'member' AND r.kind <> 'direct' AND NOT EXISTS ("
    f"SELECT 1 FROM {MEMBERSHIP} o JOIN {PERSON} p ON p.id = o.person_id WHERE o.room_id = mb.room_id AND o.state = 'member' "
    "AND o.role = 'owner' AND p.active AND o.person_id <> mb.person_id)"
)
"""The rooms in which this person is, or would be, the only active owner."""


class Profile(NamedTuple):
    """A site's description of one of its users. It may contain anything."""

    account: str
    """The primary key of the site's user, as text."""
    username: str
    display_name: str = ""
    external_id: str = ""
    avatar_url: str = ""
    kind: PersonKind | None = None
    space: str = ""
    """The tenant."""


class Found(NamedTuple):
    """The person of an account, in one space."""

    user: User
    """The person as they are to be."""
    is_outdated: bool
    """The row says something else."""
    is_active: bool
    """Whether the row says that they are active."""
    elsewhere: Sequence[int]
    """Active people of the same account in other spaces, which it has left."""


class _Stored(NamedTuple):
    """A person of an account, by the row."""

    user: User
    space: str
    is_active: bool


def _people_of(account: str) -> list[_Stored]:
    """One in each space that the account was in."""
    return [_Stored(User(*columns), space, bool(active)) for *columns, space, active in read(_OF_ACCOUNT, [account])]


def _in_space(people: Iterable[_Stored], space: str) -> _Stored | None:
    return next((person for person in people if person.space == space), None)


def person_for_account(profile: Profile) -> Found:
    """The person of an account; made in the caller's transaction if there is none. Names are cleaned, because a site may allow anything in
    them; an e-mail address is never used as a name, because everyone sees names."""
    people = _people_of(profile.account)
    username = clean_name(profile.username)[:NAME_LENGTH].strip() or profile.account
    if holds_address(username):
        username = handle_of(username)
    elif username.lower() in RESERVED:
        username = f"{username}.person"
    here = _in_space(people, profile.space) or _make(profile, username)
    stored = here.user
    if is_made_of(stored.username, username):
        username = stored.username
    else:
        username = free_name(read, username, profile.space, stored.id)
    # Somebody who is being erased gets no name back by a visit meanwhile.
    user = stored if stored == anonymous(stored.id) else _described(profile, stored.id, username)
    elsewhere = [person.user.id for person in people if person.space != profile.space and person.is_active]
    return Found(user, stored != user, here.is_active, elsewhere)


def _described(profile: Profile, person_id: int, username: str) -> User:
    display_name = clean_name(profile.display_name)[:NAME_LENGTH].strip()
    shown = username if not display_name or holds_address(display_name) else display_name
    return User(person_id, username, shown, *_checked(profile), profile.kind)


def anonymous(person_id: int) -> User:
    """Somebody who was erased, as they are for ever."""
    return User(person_id, f"deleted-{person_id}", "Deleted user")


def _checked(profile: Profile) -> tuple[str, str]:
    """The external id and the URL of the picture, or an empty text where a client could not use what the site gave."""
    external_id, avatar_url = profile.external_id, profile.avatar_url
    if len(external_id) > EXTERNAL_ID_LENGTH or not external_id.isprintable():
        _log.warning("external_id_ignored", account=profile.account)
        external_id = ""
    if avatar_url and not (len(avatar_url) <= AVATAR_URL_LENGTH and _PICTURE.fullmatch(avatar_url)):
        _log.warning("avatar_url_ignored", account=profile.account)
        avatar_url = ""
    return external_id, avatar_url


def _make(profile: Profile, username: str) -> _Stored:
    def find() -> _Stored | None:
        return _in_space(_people_of(profile.account), profile.space)

    def create(attempt: int) -> None:
        # Those who lose spread over the next free names, so that they do not all try the same one again.
        skipped = crc32(profile.account.encode()) % 2**attempt
        columns = structs.asdict(_described(profile, 0, free_name(read, username, profile.space, skipped=skipped)))
        del columns["id"]
        Person.objects.create(account=profile.account, space=profile.space, **columns)

    return _made_once(find, create)


def _made_once(find: Callable[[], Row | None], create: Callable[[int], None]) -> Row:
    """Returns the result of `find` after `create`. If another request makes the same person, or another one with the same name, at the same
    moment, it tries again. Raises IntegrityError after ATTEMPTS."""
    refused: IntegrityError | None = None
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                create(attempt)
        except IntegrityError as error:
            refused = error
        if found := find():
            return found
    raise refused or IntegrityError("The row of the person is not seen.")


def as_stored(writing: Transaction, person_id: int) -> User | None:
    rows = writing.query(f"SELECT {user_columns('p')} FROM {PERSON} p WHERE p.id = %s", [person_id])
    return User(*rows[0]) if rows else None


def with_free_name(writing: Transaction, user: User) -> User:
    """The same, with another number where somebody has taken the username meanwhile."""
    [(space,)] = writing.query(f"SELECT space FROM {PERSON} WHERE id = %s", [user.id])
    if user == anonymous(user.id) or (name := free_name(writing.query, user.username, space, user.id)) == user.username:
        return user
    shown = name if user.display_name == user.username else user.display_name
    return structs.replace(user, username=name, display_name=shown)


def rewrite(writing: Transaction, user: User) -> None:
    """Replace all that the wire shows of the person, and their search keys."""
    columns = User.__struct_fields__[1:]
    writing.execute(
        f"UPDATE {PERSON} SET {', '.join(f'{name} = %s' for name in columns)}, folded = %s WHERE id = %s",
        [*(getattr(user, name) for name in columns), fold(user.display_name)[:NAME_LENGTH], user.id],
    )
    keys = dict.fromkeys(name_keys(user.username) + name_keys(user.display_name))
    writing.execute(f"DELETE FROM {NAME_KEY} WHERE person_id = %s", [user.id])
    writing.execute_many(f"INSERT INTO {NAME_KEY} (person_id, key) VALUES (%s, %s)", [(user.id, key) for key in keys])


def companions_of(writing: Transaction, person_id: int) -> list[int]:
    """The people who share a room of up to `COMPANY` members with the person."""
    rows = writing.query(
        f"SELECT DISTINCT o.person_id FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id AND r.member_count <= {COMPANY} "
        f"JOIN {MEMBERSHIP} o ON o.room_id = mb.room_id AND o.state = 'member' "
        "WHERE mb.person_id = %s AND mb.state = 'member' AND o.person_id <> mb.person_id",
        [person_id],
    )
    return [row[0] for row in rows]


def set_account_active(account: str, active: bool, space: str = "") -> None:
    """Deactivated people cannot be found any more; what they wrote remains. An account is deactivated in every space, and activated in
    `space` alone."""
    for person_id, of in Person.objects.filter(account=account).values_list("pk", "space"):
        if not active or of == space:
            set_person_active(person_id, active)


def set_person_active(person_id: int, active: bool) -> None:
    """In rooms that lose (or regain) their only active owner, the longest-standing member takes over. New owners are notified within
    seconds, on whichever node they are."""
    with transaction.atomic():
        writing = Transaction(connection, now_us())
        writing.lock_rooms(row[0] for row in writing.query(_WITHOUT_OTHER_OWNER, [person_id]))
        Person.objects.filter(pk=person_id).update(active=active)
        for room in writing.rooms.values():
            keep_an_owner(writing, Outcome(), room)
        writing.finish()


def active_accounts(at_once: int) -> Iterator[list[str]]:
    """The accounts of all active people, in lists of `at_once`. Programs of the server have none."""
    return accounts(at_once, "active AND ")


def accounts(at_once: int, condition: str = "") -> Iterator[list[str]]:
    """The accounts of all people, in lists of `at_once`."""
    last = 0
    while rows := read(
        f"SELECT id, account FROM {PERSON} WHERE {condition}account IS NOT NULL AND id > %s ORDER BY id LIMIT %s",
        [last, at_once],
    ):
        last = rows[-1][0]
        yield [account for _, account in rows]


SAME_SPACE: Final = f"p.space = (SELECT me.space FROM {PERSON} me WHERE me.id = %s)"
"""Condition: the people whom the person `me` may see; part of every query that finds people. Without such a person it is NULL, and nobody is
found."""


def users_by_id(ids: Iterable[int], seen_by: int) -> dict[int, User]:
    """The active people with these ids, of the space of `seen_by`."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = read(
        f"SELECT {user_columns('p')} FROM {PERSON} p WHERE p.id IN ({marks(wanted)}) AND p.active AND {SAME_SPACE}",
        [*wanted, seen_by],
    )
    return {row[0]: User(*row) for row in rows}


def users_of_space(ids: Iterable[int], space: str) -> dict[int, User]:
    """The active people with these ids, of this space."""
    return _users(ids, active=True, space=space)


def ids_of_external(external_ids: Sequence[str], seen_by: int) -> dict[str, int]:
    """External id → person of the space of `seen_by`, in any state. An id that two people have names nobody."""
    wanted = [external_id for external_id in external_ids if "\x00" not in external_id]
    if not wanted:
        return {}
    rows = read(
        f"SELECT p.external_id, MIN(p.id) FROM {PERSON} p WHERE p.external_id IN ({marks(wanted)}) AND {SAME_SPACE} "
        "GROUP BY p.external_id HAVING COUNT(*) = 1",
        [*wanted, seen_by],
    )
    return dict(rows)


def find_external(external_id: str, seen_by: int) -> list[User]:
    """The active person with this external id."""
    return list(users_by_id(ids_of_external([external_id], seen_by).values(), seen_by).values())


def find_people(query: str, limit: int, seen_by: int) -> list[User]:
    """Active people of the space of `seen_by` whose username, or a word of whose display name, begins with `query`, ordered by name. Ignores
    case and accents; see `text_rules.fold`."""
    key = fold(query)[:KEY_LENGTH]
    condition, values = begins("k.key", key)
    found = f"AND p.id IN (SELECT k.person_id FROM {NAME_KEY} k WHERE {condition}) " if key else ""
    rows = read(
        f"SELECT {user_columns('p')} FROM {PERSON} p WHERE p.active AND COALESCE(p.kind, '') <> 'system' AND {SAME_SPACE} "
        f"{found}ORDER BY p.folded{by_code_point()}, p.id LIMIT %s",
        [seen_by, *(values if key else ()), limit],
    )
    return [User(*row) for row in rows]


def space_of(person_id: int) -> str:
    """The space of a person; "" if there is no such person."""
    return Person.objects.filter(pk=person_id).values_list("space", flat=True).first() or ""


def accounts_found(query: str) -> list[str]:
    """The accounts of all people, active or not, whom `find_people` would find."""
    key = fold(query)[:KEY_LENGTH]
    if not key:
        return []
    condition, values = begins("k.key", key)
    return [
        account
        for (account,) in read(
            f"SELECT DISTINCT p.account FROM {PERSON} p JOIN {NAME_KEY} k ON k.person_id = p.id WHERE {condition} LIMIT %s",
            [*values, FOUND_AT_MOST],
        )
    ]


def accounts_of(ids: Iterable[int]) -> dict[int, str]:
    """Person → account, for those that have one."""
    rows = Person.objects.filter(pk__in=list(ids), account__isnull=False).values_list("pk", "account")
    return {person_id: str(account) for person_id, account in rows}


def is_known(account: str, space: str) -> bool:
    """Whether the account has a person in the space."""
    return Person.objects.filter(account=account, space=space).exists()


def ids_of_account(account: str) -> list[int]:
    """The account's people: one in each space that it was in; none if it has never used the chat."""
    return list(Person.objects.filter(account=account).values_list("pk", flat=True))


def ids_with_account(ids: Collection[int]) -> set[int]:
    """The people among these who have an account: the others were erased, or never had one."""
    wanted = list(ids)
    rows = (
        read(f"SELECT id FROM {PERSON} WHERE id IN ({marks(wanted)}) AND account IS NOT NULL", wanted) if wanted else []
    )
    return {row[0] for row in rows}


def user_in_any_state(person_id: int) -> User:
    return user_of(Person.objects.get(pk=person_id))


def active_users(ids: Iterable[int]) -> dict[int, User]:
    """The people among these whose account may use the chat and was not erased."""
    return _users(ids, active=True)


def users_in_any_state(ids: Iterable[int]) -> dict[int, User]:
    return _users(ids)


def _users(ids: Iterable[int], **those: Any) -> dict[int, User]:
    """Any number of them, in statements of up to IDS_AT_ONCE."""
    found = (Person.objects.filter(pk__in=some, **those) for some in batched(list(ids), IDS_AT_ONCE))
    return {person.pk: user_of(person) for people in found for person in people}


def system_person() -> User:
    """The person by whom the site itself acts: without an account, and inactive, so that nobody can add it to a room."""
    mine = Person.objects.filter(kind=Person.Kind.SYSTEM, account=None).order_by("pk")

    def create(attempt: int) -> None:
        name = free_name(read, "system", "")
        Person.objects.create(username=name, display_name="System", kind=Person.Kind.SYSTEM, active=False)

    return user_of(mine.first() or _made_once(mine.first, create))
