"""The output of `backchannel followers` and `backchannel activity`."""

from collections.abc import Sequence

from backchannel.followers import FOLLOWERS
from backchannel.followers.cursors import ResetFollower
from backchannel.store.clock import now_us
from backchannel.store.driver import read
from backchannel.store.followers import progress_of
from backchannel.store.log import commit
from backchannel.store.operation import NOBODY, result_of
from backchannel.store.transaction import ACTIVITY


def followers() -> list[str]:
    """A line for each: how far behind, and which node runs it."""
    lines = []
    for follower in FOLLOWERS:
        progress = progress_of(follower.name)
        runs = f"run by node {progress.node}" if progress.until_us > now_us() else "run by no node"
        behind = f"{progress.lag} events behind" if progress.lag else "up to date"
        lines.append(f"{follower.name}: {behind}, {runs}")
    return lines


def reset(name: str) -> None:
    """Delete what a follower derived; a running server reads all logs again for it. Raises KeyError: there is none of this name."""
    follower = {each.name: each for each in FOLLOWERS}[name]
    (outcome,) = commit([ResetFollower(actor=NOBODY, follower=follower)])
    result_of(outcome)


def names() -> Sequence[str]:
    return [follower.name for follower in FOLLOWERS]


def activity(days: int) -> list[str]:
    """A line for each of the newest `days` days (UTC) on which somebody wrote: messages, people, rooms."""
    rows = read(
        f"SELECT day, SUM(messages), COUNT(DISTINCT person_id), COUNT(DISTINCT room_id) FROM {ACTIVITY} "
        "GROUP BY day ORDER BY day DESC LIMIT %s",
        [days],
    )
    return [f"{day}  {messages:>8}  {people:>6}  {rooms:>5}" for day, messages, people, rooms in rows]
