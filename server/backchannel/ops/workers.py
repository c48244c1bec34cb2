"""`/metrics` of several workers as one page: each worker's metrics, labelled with its number.

The worker that is asked asks the others, each by a socket in a folder of the supervisor. A worker that is replaced starts its counters
at 0 again, which `rate()` takes for a counter reset.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import Counter

restarts: Final = Counter(
    "backchannel_worker_restarts",
    "How often the supervisor replaced this worker, because it had ended or hung. Only with several workers.",
)
ANSWER_WITHIN_S: Final = 1.0
_LABELLED: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?( .*)", re.DOTALL)
_UP: Final = "backchannel_worker_up"


class Workers:
    def __init__(self, folder: Path, number: int, own: Callable[[], str]) -> None:
        """`folder`: the supervisor's. `number`: this worker's. `own`: the metrics of this process."""
        self._folder = folder
        self._number = number
        self._own = own
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        restarts.inc(self._starts_before())
        path = socket_of(self._folder, self._number)
        path.unlink(missing_ok=True)  # of the worker that this one replaces
        self._server = await asyncio.start_unix_server(self._answer, path)

    def _starts_before(self) -> int:
        """How often this worker was started before, by its supervisor; that of this process is noted."""
        with (self._folder / f"{self._number}.starts").open("ab") as starts:
            before = starts.tell()
            starts.write(b".")
        return before

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        socket_of(self._folder, self._number).unlink(missing_ok=True)

    async def exposition(self) -> str:
        """The metrics of all workers."""
        numbers = sorted(int(path.stem) for path in self._folder.glob("*.sock") if path.stem.isdigit())
        texts = await asyncio.gather(*(self._text_of(number) for number in numbers))
        return merged(dict(zip(numbers, texts, strict=True)))

    async def _text_of(self, number: int) -> str | None:
        if number == self._number:
            return self._own()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reader, writer = await asyncio.open_unix_connection(socket_of(self._folder, number))
                try:
                    return (await reader.read()).decode()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return None

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(self._own().encode())
            await writer.drain()
        writer.close()


def socket_of(folder: Path, number: int) -> Path:
    return folder / f"{number}.sock"


def merged(texts: Mapping[int, str | None]) -> str:
    """Metrics by worker → one page, with the label `worker`. None: the worker did not answer."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for number, text in texts.items():
        name = ""
        for line in (text or "").splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                families.setdefault(name, ([], []))
            if line.startswith("#"):
                if line not in families[name][0]:
                    families[name][0].append(line)
            elif line:
                families[name][1].append(labelled(line, number))
    heads = [line for comments, samples in families.values() for line in (*comments, *samples)]
    up = [f'{_UP}{{worker="{number}"}} {int(text is not None)}' for number, text in texts.items()]
    up_family = [f"# HELP {_UP} 1 if the worker answered with its metrics.", f"# TYPE {_UP} gauge", *up]
    return "\n".join([*heads, *up_family, ""])


def labelled(sample: str, number: int) -> str:
    """The line of a sample, with the label `worker` added in front."""
    found = _LABELLED.fullmatch(sample)
    assert found is not None, sample
    rest = f",{found[2]}" if found[2] else ""
    return f'{found[1]}{{worker="{number}"{rest}}}{found[3]}'
