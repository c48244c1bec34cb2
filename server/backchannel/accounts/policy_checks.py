"""What the site's policy is asked before which command. Blocking: called in threads of the gate (`transports/gate.py`).

What the chat refuses anyhow (no such room, not a member) is left to the chat: a policy is asked by members about their rooms, by people
about channels of their space, and never about what the caller cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from msgspec import Struct, structs

from backchannel.accounts.site_policy import overrides, refusal_of
from backchannel.accounts.user_classes import is_of_users
from backchannel.accounts.verdicts import Check, Verdicts
from backchannel.commands.on_room import Named, check_found, ids_of, named_by
from backchannel.policy import Draft, Policy, Refusal, RoomInfo
from backchannel.protocol.commands import (
    AddMembers,
    Command,
    CreateRoom,
    CreateUpload,
    EditMessage,
    GetChannels,
    GetPeople,
    JoinRoom,
    SendMessage,
)
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import Channels, People
from backchannel.protocol.shapes import User
from backchannel.store import people, policy_reads, rooms

CANDIDATES = 500
"""People or channels that a search looks through for those that the policy shows."""


class PolicyChecks:
    """Only what the site overrides is in `before` and `answers`."""

    def __init__(self, policy: Policy, verdicts: Verdicts) -> None:
        self._policy = policy
        self.verdicts = verdicts
        has = partial(overrides, policy)
        self.changes_text = has("before_send")
        self.before: dict[type[Command], Check] = {}
        self.answers: dict[type[Command], Callable[[Any, User], Struct]] = {}
        if has("may_post") or has("before_send"):
            self.before |= {SendMessage: self._send, EditMessage: self._edit}
        if has("may_post"):
            self.before[CreateUpload] = self._create_upload
        if has("may_create_room") or has("people"):
            self.before[CreateRoom] = self._create_room
        if has("may_add") or has("people"):
            self.before[AddMembers] = self._add_members
        if has("may_join"):
            self.before[JoinRoom] = self._join
        if has("people"):
            self.answers[GetPeople] = self._find_people
        if has("channels"):
            self.answers[GetChannels] = self._find_channels

    def _send(self, command: SendMessage, caller: User) -> Command:
        room = policy_reads.room_of_member(command.room_id, caller.id)
        # The outcome of a message that is stored does not depend on what the policy says now.
        if room is None or (command.id is not None and policy_reads.is_stored(command.id)):
            return command
        user = _user_of(caller)
        self._check_may_post(user, caller, room)
        draft = Draft(user, room, command.content, command.reply_to, command.thread, command.in_room)
        return structs.replace(command, content=self._text(draft))

    def _edit(self, command: EditMessage, caller: User) -> Command:
        room = policy_reads.room_of_author(command.message_id, caller.id)
        if room is None:
            return command
        user = _user_of(caller)
        self._check_may_post(user, caller, room)
        return structs.replace(
            command, content=self._text(Draft(user, room, command.content, edits=command.message_id))
        )

    def _create_upload(self, command: CreateUpload, caller: User) -> Command:
        """A file is for a message: who may not post would fill the disk, and their allowance, for nothing."""
        room = policy_reads.room_of_member(command.room_id, caller.id)
        if room is not None and not policy_reads.is_uploaded(command.id):
            self._check_may_post(_user_of(caller), caller, room)
        return command

    def _check_may_post(self, user: Any, caller: User, room: RoomInfo) -> None:
        if not overrides(self._policy, "may_post"):
            return
        known = self.verdicts.get(caller.id, room.id)
        if known is None:
            refusal = refusal_of(self._policy.may_post(user, room), "You may not post in this room.")
            self.verdicts.put(caller.id, room.id, refusal)
        else:
            (refusal,) = known
        if refusal is not None:
            raise refusal

    def _text(self, draft: Draft) -> str:
        if not self.changes_text:
            return draft.text
        answer = self._policy.before_send(draft)
        if isinstance(answer, Refusal):
            raise CommandError(answer.error, answer.sentence)
        if not isinstance(answer, Draft):
            raise TypeError(f"before_send returned {type(answer).__name__}; return a Draft or a Refusal.")
        if not isinstance(answer.text, str):
            raise TypeError(f"before_send returned a text of type {type(answer.text).__name__}; it has to be a str.")
        return answer.text  # the chat checks it next: how long it may be, and whether files are with it

    def _create_room(self, command: CreateRoom, caller: User) -> Command:
        external = named_by(command.members_external, caller)
        others = [id_ for id_ in ids_of(command.members, external) if id_ != caller.id]
        if (
            command.kind == "direct"
            and len(others) == 1
            and None not in external.values()
            and policy_reads.has_direct_room(caller.id, others[0])
        ):
            return command
        user = _user_of(caller)
        members = self._addressed(user, others, "members", caller, external)
        _raise(refusal_of(self._policy.may_create_room(user, command.kind, list(members.values())), _NO_ROOM))
        return command

    def _add_members(self, command: AddMembers, caller: User) -> Command:
        room = policy_reads.room_of_member(command.room_id, caller.id)
        if room is None:
            return command
        external = named_by(command.members_external, caller)
        named = ids_of(command.user_ids, external)
        inside = policy_reads.members_among(room.id, named)
        user = _user_of(caller)
        others = self._addressed(user, [id_ for id_ in named if id_ not in inside], "user_ids", caller, external)
        if overrides(self._policy, "may_add"):
            for other in others.values():
                _raise(refusal_of(self._policy.may_add(user, room, other), "You may not add this person here."))
        return command

    def _join(self, command: JoinRoom, caller: User) -> Command:
        room = policy_reads.channel_to_join(command.room_id, caller.id)
        if room is not None:
            _raise(refusal_of(self._policy.may_join(_user_of(caller), room), "You may not join this channel."))
        return command

    def _addressed(self, user: Any, ids: Sequence[int], field: str, caller: User, external: Named) -> dict[int, Any]:
        """Person → the site's user, for those of `ids` that have one. Whom the caller does not find does not exist for them: raises
        `user_not_found` for both alike."""
        known = people.users_by_id(ids, caller.id)
        users = _users_of(known)
        hidden = self._hidden(user, users)
        check_found(ids, {id_: person for id_, person in known.items() if id_ not in hidden}, field, external)
        return users

    def _hidden(self, user: Any, others: Mapping[int, Any]) -> set[int]:
        if not others or not overrides(self._policy, "people"):
            return set()
        keys = {other.pk for other in others.values()}
        shown = self._shown(user, "", keys)
        return {id_ for id_, other in others.items() if other.pk not in shown}

    def _shown(self, user: Any, words: str, keys: Collection[Any]) -> set[Any]:
        """Those of the primary keys whose users the policy shows. Raises TypeError for an answer that cannot be asked about them."""
        users = self._policy.people(user, words)
        advice = "return a QuerySet of the site's users that can be filtered further"
        if not isinstance(users, QuerySet):
            raise TypeError(f"people returned {type(users).__name__}; {advice}.")
        if not is_of_users(users.model):  # its keys would be taken for those of users
            raise TypeError(f"people returned a QuerySet of {users.model._meta.label}; {advice}.")
        if users.query.is_sliced or users.query.combinator:
            raise TypeError(f"people returned a QuerySet with a slice, union() or the like; {advice}.")
        return set(users.filter(pk__in=keys).values_list("pk", flat=True))

    def _find_people(self, query: GetPeople, caller: User) -> People:
        words = query.query.replace("\x00", "")  # which the site may look for in its database
        if query.external_id is not None:
            found = people.find_external(query.external_id, caller.id)
        else:
            found = people.find_people(words, CANDIDATES, caller.id)
        keys = _keys_of([person.id for person in found])
        shown = self._shown(_user_of(caller), words, keys.values())
        return People([person for person in found if keys.get(person.id) in shown][: query.limit])

    def _find_channels(self, query: GetChannels, caller: User) -> Channels:
        shown = self._policy.channels(_user_of(caller))
        words = query.query.replace("\x00", "")
        if shown is None:
            return Channels(rooms.open_channels(caller.id, words, query.limit))
        ids = {room.id if isinstance(room, RoomInfo) else room for room in shown}
        found = rooms.open_channels(caller.id, words, CANDIDATES)
        return Channels([channel for channel in found if channel.id in ids][: query.limit])


_NO_ROOM = "You may not create this room."


def _raise(refusal: CommandError | None) -> None:
    if refusal is not None:
        raise refusal


def _user_of(person: User) -> Any:
    """The site's user. Raises CommandError 403 if there is none."""
    for key in _keys_of([person.id]).values():
        user = get_user_model()._default_manager.filter(pk=key).first()
        if user is not None:
            return user
    raise CommandError(Code.FORBIDDEN, "This account may not use the chat.")


def _users_of(ids: Iterable[int]) -> dict[int, Any]:
    """Person → the site's user, for those that have one."""
    keys = _keys_of(ids)
    users = get_user_model()._default_manager.in_bulk(list(keys.values()))
    return {id_: users[key] for id_, key in keys.items() if key in users}


def _keys_of(ids: Iterable[int]) -> dict[int, Any]:
    """Person → the primary key of the site's user."""
    to_python = get_user_model()._meta.pk.to_python
    return {id_: to_python(account) for id_, account in people.accounts_of(ids).items()}
