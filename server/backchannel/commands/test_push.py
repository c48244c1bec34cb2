"""Send a test message to a browser, to see whether notifications arrive there."""

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import carries_out
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import PushTestResult


@carries_out(declared.TestPush)
async def test_push(command: declared.TestPush, caller: Caller, context: Context) -> PushTestResult:
    if context.push_test is None:
        raise CommandError(Code.FORBIDDEN, "This server sends no push messages.")
    return PushTestResult(await context.push_test(caller.user.id, command.device))
