"""Settings that all sessions of a server share and announce in their hello."""

from dataclasses import dataclass, field

from backchannel.protocol.frames import ServerHello, ServerInfo
from backchannel.protocol.shapes import Limits, User


@dataclass(frozen=True, slots=True)
class Settings:
    limits: Limits = field(default_factory=Limits)
    heartbeat_s: int = 30
    server_version: str = ""

    def hello(self, session_id: str, user: User, epoch: str, user_version: int) -> ServerHello:
        return ServerHello(
            session=session_id,
            user=user,
            epoch=epoch,
            heartbeat_s=self.heartbeat_s,
            user_version=user_version,
            limits=self.limits,
            server=ServerInfo(self.server_version, evidence=True),
        )
