"""Who may read `/metrics`: as `BACKCHANNEL["METRICS"]` says."""

from starlette.types import Scope

from backchannel.accounts.authenticate import Authenticator
from backchannel.accounts.staff import is_staff
from backchannel.config import Metrics
from backchannel.ops.health import MetricsAccess
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.read_pool import ReadPool


def metrics_access(setting: Metrics, authenticator: Authenticator, reads: ReadPool) -> MetricsAccess | None:
    """None: nobody, and the address does not exist."""

    async def everybody(_: Scope) -> None:
        return

    async def staff_by_token(scope: Scope) -> None:
        identity = await authenticator.authenticate(scope)
        if identity.via != "bearer" or not await reads.run(is_staff, identity.account):
            raise CommandError(Code.FORBIDDEN, "Send a token of a staff user as Authorization: Bearer.")

    if setting == "open":
        return everybody
    return staff_by_token if setting == "token" else None
