"""Who may see the fleet: users of the site that Django calls staff. Asked at each request, so that a user who is staff no more sees no more."""

from typing import cast

from backchannel.accounts.identity import Identity as Account
from backchannel.accounts.staff import is_staff
from backchannel.fleet.endpoints import CheckStaff
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.read_pool import ReadPool
from backchannel.transports.identity import Identity


def staff_check(reads: ReadPool) -> CheckStaff:
    async def check(identity: Identity) -> None:
        if not await reads.run(is_staff, cast("Account", identity).account):
            raise CommandError(Code.FORBIDDEN, "Only the owner and staff may see this.")

    return check
