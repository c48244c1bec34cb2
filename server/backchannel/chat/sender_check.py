"""What is asked before a scheduled message is sent: the site, whether its sender may still use the chat; then the policy, as for any message."""

from backchannel.accounts.absent import check_may_use
from backchannel.protocol.commands import Command
from backchannel.protocol.shapes import User
from backchannel.schedule.runner import Ask
from backchannel.store.read_pool import ReadPool
from backchannel.transports.gate import Gate


def sender_check(threads: ReadPool, gate: Gate) -> Ask:
    """`threads`: those for the site's code."""

    async def ask(command: Command, sender: User) -> Command:
        await threads.run(check_may_use, sender)
        return await gate.ask(command, sender)

    return ask
