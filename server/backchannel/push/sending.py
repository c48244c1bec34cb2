"""One push message to one browser, and what the push service's answer means for the next."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from backchannel.outgoing import Forbidden, NoAnswer, OutgoingClient
from backchannel.process_log import ProcessLog
from backchannel.push.browser_keys import BrowserKeys
from backchannel.push.encryption import encrypt, padded
from backchannel.push.keys import ServerKey

TTL_URGENT_S: Final = 86_400
"""For so long a service keeps what is for this person in particular."""
TTL_S: Final = 14_400
ANSWER_S: Final = 5.0
LONGEST_WAIT_S: Final = 3600.0

_log = ProcessLog("backchannel.push")


class Result(Enum):
    SENT = "sent"
    GONE = "gone"
    """The subscription is no more, or never was one that may be written to: delete it."""
    LATER = "later"
    """Try again."""
    REFUSED = "refused"
    """The service will not take this message. Another one may be taken."""


@dataclass(frozen=True, slots=True)
class Sent:
    result: Result
    retry_after_s: float | None = None
    """With LATER: what the service asks for."""
    is_silent: bool = False
    """The service could not be reached, or gave no answer."""


@dataclass(frozen=True, slots=True)
class Push:
    """A message to one browser."""

    endpoint: str
    keys: BrowserKeys
    text: bytes
    topic: str
    is_urgent: bool
    """It is for this person in particular: the service wakes the device."""


class PushSender:
    def __init__(self, client: OutgoingClient, key: ServerKey) -> None:
        self._client = client
        self._key = key

    async def send(self, push: Push) -> Sent:
        headers = {
            "Authorization": self._key.authorization(push.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_URGENT_S if push.is_urgent else TTL_S),
            "Urgency": "high" if push.is_urgent else "normal",
            "Topic": push.topic,
        }
        try:
            body = encrypt(padded(push.text), push.keys)
        except ValueError:  # the key is no point of the curve: no browser made it
            return Sent(Result.GONE)
        try:
            answer = await self._client.post(push.endpoint, body, headers, within_s=ANSWER_S)
        except Forbidden as error:
            _log.warning("push_forbidden", reason=str(error))
            return Sent(Result.GONE)
        except NoAnswer as error:
            _log.info("push_unanswered", error=str(error))
            return Sent(Result.LATER, is_silent=True)
        return _meaning(answer.status, answer.headers.get("retry-after"), answer.body)


def _meaning(status: int, retry_after: str | None, body: bytes) -> Sent:
    if 200 <= status < 300:
        return Sent(Result.SENT)
    if status in (404, 410):
        return Sent(Result.GONE)
    if status == 429 or status >= 500:
        return Sent(Result.LATER, _seconds(retry_after))
    # 403 is a fault of this server's key or contact, and concerns every message to this service.
    _log.error("push_refused", status=status, answer=body[:200].decode("utf-8", "replace"))
    return Sent(Result.REFUSED)


def _seconds(retry_after: str | None) -> float | None:
    """A date is as good as nothing: the sender's own pause is used."""
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return None
    return min(float(retry_after[:6]), LONGEST_WAIT_S)
