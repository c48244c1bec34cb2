"""The order of the examination from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backchannel.doctor.outside import address, chat, signed_in
from backchannel.doctor.outside.bots import Bot, Unusable
from backchannel.doctor.outside.proxy import Proxy, recognise
from backchannel.doctor.outside.target import Target
from backchannel.doctor.report import Progress
from backchannel.findings import Finding

SILENCE_S: Final = 95.0
"""Longer than three heartbeats, and than the 60 or 90 s after which most proxies cut."""


def examine(
    target: Target,
    tokens: Sequence[str],
    progress: Progress,
    *,
    silence_s: float = SILENCE_S,
    proxy: Proxy | None = None,
) -> Iterator[Finding]:
    """Yield findings one by one. `tokens`: none, or those of two bots. `proxy`: if it is known better than it can be recognised."""
    progress("looking up the address")
    for finding in address.examine(target):
        yield finding
        if finding.is_problem and finding.code in {"D201", "D202", "D203"}:
            return
    progress("recognising the proxy")
    proxy = proxy or recognise(target)
    answered = chat.answers(target, proxy)
    yield answered
    if answered.is_problem:
        return
    progress("asking without credentials")
    can_upgrade = True
    for finding in chat.examine(target, proxy):
        can_upgrade &= not (finding.is_problem and finding.code in {"D206", "D207"})
        yield finding
    if len(tokens) < 2:
        yield chat.bodies(target, proxy, {})
        yield Finding(
            "D219", "note", "forged headers, silence, polls and round trips need the tokens of two bots (--token-file)"
        )
        return
    try:
        ada, ben = (Bot(target, token) for token in tokens[:2])
    except Unusable as error:
        yield Finding("D219", "problem", f"a bot's token is not accepted: {error}")
        return
    yield chat.bodies(target, proxy, ada.headers)
    yield from signed_in.headers(ada, target, proxy)
    progress("sending between the bots")
    for finding in signed_in.round_trips(ada, ben, proxy):
        # The way is known to be closed; saying so again would hide what else there is.
        if can_upgrade or finding.code != "D217":
            yield finding
    yield signed_in.waiting_poll(ada, proxy, progress)
    if can_upgrade:
        yield signed_in.silence(ada, silence_s, proxy, progress)
