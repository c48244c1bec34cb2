"""Makes what sends push messages. Needs the libraries of the extra `push`."""

import time

from backchannel.notifier.operations import KeepPushKey
from backchannel.notifier.pushing import MayUse, Pusher, everybody
from backchannel.outgoing import OutgoingClient
from backchannel.push.keys import ServerKey, new_key
from backchannel.push.sending import PushSender
from backchannel.store import push_subscriptions
from backchannel.store.clock import now_us
from backchannel.store.intents import namespace
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.workspace import workspace


async def pusher_of(
    contact: str, log: Log, reads: ReadPool, client: OutgoingClient, may_use: MayUse = everybody
) -> Pusher:
    """`contact`: as in `ChatConfig`. Makes the server's key where there is none. Raises CommandError: the database is away."""
    await reads.run(workspace)  # a flush of the tables may have taken the row
    stored = await reads.run(push_subscriptions.private_key)
    if not stored:
        made = new_key()
        await log.write(KeepPushKey(actor=NOBODY, private=made, public=ServerKey(made, contact, time.time).public))
        stored = await reads.run(push_subscriptions.private_key)
    key = ServerKey(stored, contact, time.time)
    return Pusher(PushSender(client, key), log, reads, now_us, await reads.run(namespace), may_use)
