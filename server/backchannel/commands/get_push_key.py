"""The key by which browsers subscribe to this server's push messages."""

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import carries_out
from backchannel.protocol.commands import GetPushKey
from backchannel.protocol.results import PushKeyResult
from backchannel.store import push_subscriptions


@carries_out(GetPushKey)
async def get_push_key(_: GetPushKey, __: Caller, context: Context) -> PushKeyResult:
    if context.push_services is None:
        return PushKeyResult(None)
    return PushKeyResult(await context.reads.run(push_subscriptions.public_key))
