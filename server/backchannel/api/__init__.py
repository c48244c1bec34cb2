"""The chat for the site's own code: rooms, people and messages from views, tasks and commands.

    from backchannel import api

    with transaction.atomic():
        order = Order.objects.create(...)
        room = api.room(f"order:{order.pk}", name=f"Order {order.pk}", members=[order.customer, clerk])
        api.post(room, "Thank you for your order.", key="thanks")

Inside `atomic()` everything happens if and when the transaction commits, exactly once, and nothing of it if it rolls back: references have
`id=None` until then. Elsewhere each call is committed when it returns. Each function has a twin for async code, with an `a` in front.

Raises `ChatError` where the chat refuses something: no such room or person, a text too long. What can only be found after the commit is kept
with its reason (`backchannel intents`). The site is trusted: no membership is asked of it, and no limit of rate applies.
"""

from backchannel.api.aio import (
    aadd,
    aapply_waiting,
    adelete,
    adirect,
    aedit,
    aend_sessions,
    aerase,
    afind,
    ahistory,
    aperson,
    apost,
    aremove,
    arevoke_tokens,
    aroom,
    atoken,
    aunread,
    aupdate,
)
from backchannel.api.messages import MessageLike, MessageRef, delete, edit, history, post
from backchannel.api.people import end_sessions, erase, person, revoke_tokens, token, unread
from backchannel.api.rooms import RoomLike, RoomRef, add, direct, find, remove, room, update
from backchannel.api.writing import apply_waiting
from backchannel.protocol.errors import CommandError as ChatError
from backchannel.protocol.shapes import Message
from backchannel.protocol.shapes import User as Person

__all__ = [
    "ChatError",
    "Message",
    "MessageLike",
    "MessageRef",
    "Person",
    "RoomLike",
    "RoomRef",
    "aadd",
    "aapply_waiting",
    "add",
    "adelete",
    "adirect",
    "aedit",
    "aend_sessions",
    "aerase",
    "afind",
    "ahistory",
    "aperson",
    "apost",
    "apply_waiting",
    "aremove",
    "arevoke_tokens",
    "aroom",
    "atoken",
    "aunread",
    "aupdate",
    "delete",
    "direct",
    "edit",
    "end_sessions",
    "erase",
    "find",
    "history",
    "person",
    "post",
    "remove",
    "revoke_tokens",
    "room",
    "token",
    "unread",
    "update",
]
