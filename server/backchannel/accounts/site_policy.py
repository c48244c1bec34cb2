"""The policy that the site names in `POLICY`, and the one question of it that is asked at a sign-in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from backchannel.policy import Policy, Refusal, Verdict
from backchannel.protocol.errors import Code, CommandError


def site_policy() -> Policy | None:
    """The class that `BACKCHANNEL["POLICY"]` names; None without one. Raises `ImportError` if there is no such class."""
    path = getattr(settings, "BACKCHANNEL", {}).get("POLICY")
    return _policy(path) if path else None


@lru_cache(maxsize=8)
def _policy(path: str) -> Policy:
    return import_string(path)()  # type: ignore[no-any-return]


def overrides(policy: Policy, method: str) -> bool:
    return getattr(type(policy), method) is not getattr(Policy, method)


def refusal_of(verdict: Verdict, otherwise: str) -> CommandError | None:
    """The error of a verdict; None for a yes. `otherwise`: the sentence of a plain no. Raises `TypeError` for what is no verdict: nothing is
    allowed by a forgotten `return`."""
    if verdict is True:
        return None
    if verdict is False:
        return CommandError(Code.FORBIDDEN, otherwise)
    if isinstance(verdict, Refusal):
        return CommandError(verdict.error, verdict.sentence)
    raise TypeError(f"The policy returned {type(verdict).__name__}; return True, False or a Refusal.")


def check_may_connect(user: Any) -> None:
    """Raises `CommandError` if the site does not let the user in."""
    policy = site_policy()
    if policy is None or not overrides(policy, "may_connect"):
        return
    refusal = refusal_of(policy.may_connect(user), "This account may not use the chat.")
    if refusal is not None:
        raise refusal
