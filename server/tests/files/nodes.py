"""What a node does to files by itself, asked for by a test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from django.conf import settings

from backchannel.files.sweeping import Sweeper, Swept
from tests.running import PATIENCE_S, Running


def in_node(server: Running, work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine, on the server's event loop."""
    return asyncio.run_coroutine_threadsafe(work, server.chat.log._loop).result(PATIENCE_S)


def sweep(server: Running, doomed_s: int = 0) -> Swept:
    context = server.chat.node.context
    sweeper = Sweeper(server.chat.node.files, context.log, context.reads)
    return Swept(*in_node(server, sweeper.sweep(doomed_s)))


def stored() -> set[str]:
    """All files in the storage, relative to its folder. The node may delete folders meanwhile, which `rglob` would fail at."""
    root = Path(settings.BACKCHANNEL["FILES"])
    return {str(Path(folder, name).relative_to(root)) for folder, _, names in os.walk(root) for name in names}
