"""What a site's policy costs a send: commands into the dispatcher, commits on disk, answers out of it, no socket between.

    python -m lab.bench.policy_cost [--sends 2000] [--rounds 12]

The gates take turns in one process, so that the machine's mood meets all alike: without a policy, with one that overrides nothing, with one
whose `may_post` says yes (remembered), and with one that looks at every text. Prints the CPU time of the whole process for each send, the
least of the rounds, and the median of its ratios to the same round without a policy.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import uuid4

from lab.bench.servers import LIFTED, NOT_INHERITED, make_world

SENDS_AT_ONCE = 200
"""Under way together, as from a busy room: the writer commits them in batches."""


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(prog="policy_cost")
    parser.add_argument("--sends", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument(
        "--texts", action="store_true", help="also the one that looks at every text, which is slower by far"
    )
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-data-") as data:
        settings = {**LIFTED, **NOT_INHERITED, "BACKCHANNEL_DATA": data}
        world = make_world(["--people", "2", "--rooms", "1"], settings)
        os.environ.update(settings)
        import django
        import uvloop

        django.setup()
        uvloop.run(_measure(world, options))
    return 0


async def _measure(world: dict[str, Any], options: argparse.Namespace) -> None:
    from backchannel.site.asgi import standalone

    chat = standalone()
    async with await chat.start():
        node = chat.node
        room_id = next(iter(world["rooms"].values()))
        person = await node.context.reads.run(_a_member, room_id)
        gates = _gates()
        if not options.texts:
            del gates["before_send"]
        spent: dict[str, list[float]] = {name: [] for name in gates}
        for round_ in range(options.rounds + 1):
            # Forwards and backwards in turn: each is measured as often after each other one.
            for name in sorted(gates, reverse=round_ % 2 == 1):
                node.gate = gates[name]
                us = await _round(node, person, room_id, options.sends)
                if round_:  # the first warms up
                    spent[name].append(us)
        for name, values in spent.items():
            ratio = median(value / base for value, base in zip(values, spent["none"], strict=True))
            own_us = _own_us(gates[name], person, room_id)
            print(
                f"{name:>18} {min(values):7.1f} µs a send at least, {ratio:6.3f} of one without a policy; "
                f"the question itself {own_us:5.2f} µs, {100 * own_us / min(spent['none']):.1f} % of a send"
            )
        for gate in gates.values():
            await asyncio.to_thread(gate.close)


def _gates() -> dict[str, Any]:
    from backchannel.accounts.policy_checks import PolicyChecks
    from backchannel.accounts.verdicts import Verdicts
    from backchannel.policy import Draft, Policy, RoomInfo
    from backchannel.transports.gate import Gate

    class SaysYes(Policy):
        def may_post(self, user: Any, room: RoomInfo) -> bool:
            return True

    class LooksAtTexts(Policy):
        def before_send(self, draft: Draft) -> Draft:
            return draft

    def gate(policy: Policy) -> Gate:
        return Gate(PolicyChecks(policy, Verdicts(3600, time.monotonic)))

    return {
        "none": Gate(),
        "overrides nothing": gate(Policy()),
        "may_post": gate(SaysYes()),
        "before_send": gate(LooksAtTexts()),
    }


def _own_us(gate: Any, person: Any, room_id: int) -> float:
    """µs of the one call that a send makes where nothing has to be asked: measured alone, because a busy machine moves a send by more."""
    from backchannel.protocol.commands import SendMessage

    command = SendMessage(id=uuid4(), room_id=room_id, content="X")
    return min(timeit.repeat(lambda: gate.is_open(command, person.id), number=20_000, repeat=20)) / 20_000 * 1e6


def _a_member(room_id: int) -> Any:
    from backchannel.store import rooms

    return rooms.people_in(room_id, 1)[0]


async def _round(node: Any, person: Any, room_id: int, sends: int) -> float:
    """µs of CPU for each send."""
    from backchannel.commands.context import Caller
    from backchannel.protocol.commands import SendMessage
    from backchannel.transports import dispatch

    caller, done = Caller(person), asyncio.Event()
    remaining = left = sends
    tasks: list[Any] = []

    def send() -> None:
        nonlocal remaining
        remaining -= 1
        command = SendMessage(id=uuid4(), room_id=room_id, content="It counts as well as weaves.")
        tasks.append(dispatch.submit(command, caller, node, "websocket", answered))

    def answered(answer: Any) -> None:
        nonlocal left
        assert isinstance(answer, dispatch.Answer), answer
        left -= 1
        if remaining:
            send()
        elif not left:
            done.set()

    node.rates = _Unlimited()
    before = time.process_time()
    for _ in range(SENDS_AT_ONCE):
        send()
    await done.wait()
    return (time.process_time() - before) / sends * 1e6


class _Unlimited:
    check: Callable[..., None] = staticmethod(lambda *_: None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
