"""Send a person's notifications to a browser."""

from typing import Self
from urllib.parse import urlsplit

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.results import PushResult
from backchannel.protocol.shapes import Push
from backchannel.push.browser_keys import read_keys
from backchannel.push.endpoints import check_endpoint
from backchannel.store.operation import Operation
from backchannel.store.push_subscriptions import Subscription, subscribe
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.SubscribePush)
class SubscribePush(Operation, frozen=True, kw_only=True):
    subscription: Subscription

    @classmethod
    def build(cls, command: declared.SubscribePush, caller: Caller, context: Context) -> Self:
        if context.push_services is None:
            raise CommandError(Code.FORBIDDEN, "This server sends no push messages.")
        check_endpoint(command.endpoint, context.push_services)
        try:
            read_keys(command.keys.p256dh, command.keys.auth)
        except ValueError as error:
            raise invalid(keys=f"These are no keys of a browser: {error}.") from None
        _check_page(command.page)
        keys = command.keys
        return cls(
            actor=caller.user,
            subscription=Subscription(
                command.device,
                command.endpoint,
                keys.p256dh,
                keys.auth,
                command.page,
                caller.credential[:100],
                caller.expires_us,
            ),
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.lock_people([self.actor.id])
        subscribe(transaction, self.actor.id, self.subscription)
        outcome.result = PushResult(Push(self.subscription.device))


def _check_page(page: str) -> None:
    """Browsers subscribe on pages of https alone, and on localhost. It is opened by this person's own browser alone."""
    try:
        parts = urlsplit(page)
    except ValueError:
        parts = None
    is_address = parts is not None and parts.scheme in ("https", "http") and bool(parts.netloc)
    if not is_address or not page.isascii() or not page.isprintable() or " " in page or not page.endswith("/"):
        raise invalid(page="Is not an address that ends with a slash, like https://chat.example.com/.")
