"""The same functions for async code. Django's `atomic()` is for sync code alone, so each call is committed when it returns."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from backchannel.api import messages, people, rooms, writing

P = ParamSpec("P")
T = TypeVar("T")


def _twin(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    return sync_to_async(function, thread_sensitive=True)


aperson = _twin(people.person)
atoken = _twin(people.token)
arevoke_tokens = _twin(people.revoke_tokens)
aend_sessions = _twin(people.end_sessions)
aerase = _twin(people.erase)
aunread = _twin(people.unread)
aroom = _twin(rooms.room)
afind = _twin(rooms.find)
adirect = _twin(rooms.direct)
aadd = _twin(rooms.add)
aremove = _twin(rooms.remove)
aupdate = _twin(rooms.update)
apost = _twin(messages.post)
aedit = _twin(messages.edit)
adelete = _twin(messages.delete)
ahistory = _twin(messages.history)
aapply_waiting = _twin(writing.apply_waiting)
