"""Reads the web build in `dist/` through Vite's manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIST = Path(__file__).parent / "dist"
STATIC_URL = "/static/web/"

# Names of the entries in the manifest; web/vite.config.ts declares them.
_APP = "src/main.tsx"
_THEME = "src/theme.ts"


@dataclass(frozen=True, slots=True)
class Build:
    """URLs of the files that the page links to."""

    module: str
    preloads: tuple[str, ...]
    styles: tuple[str, ...]
    blocking: str | None
    """A classic script that runs before the first paint."""
    icon: str | None
    web_manifest: str | None


_read: tuple[float, Build] | None = None


def current_build() -> Build | None:
    """The build in `dist/`; None if there is none. Read again when the manifest changes."""
    global _read
    manifest = DIST / "manifest.json"
    try:
        changed = manifest.stat().st_mtime
    except FileNotFoundError:
        return None
    if _read is None or _read[0] != changed:
        _read = (changed, _from_manifest(json.loads(manifest.read_text("utf-8"))))
    return _read[1]


def service_worker() -> bytes | None:
    """The script of the service worker, whose URL must not change; None without a build."""
    try:
        return (DIST / "sw.js").read_bytes()
    except FileNotFoundError:
        return None


def _from_manifest(manifest: dict[str, Any]) -> Build:
    chunks = _with_imports(manifest, _APP)
    theme = manifest.get(_THEME)
    return Build(
        module=_url(manifest[_APP]["file"]),
        preloads=tuple(_url(manifest[name]["file"]) for name in chunks if name != _APP),
        styles=tuple(dict.fromkeys(_url(css) for name in chunks for css in manifest[name].get("css", ()))),
        blocking=_url(theme["file"]) if theme else None,
        icon=_if_there("icon.svg"),
        web_manifest=_if_there("app.webmanifest"),
    )


def _with_imports(manifest: dict[str, Any], entry: str) -> list[str]:
    """The entry and every chunk that it imports statically, in order of dependency."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found:
            for imported in manifest[name].get("imports", ()):
                visit(imported)
            found.append(name)

    visit(entry)
    return found


def _url(file: str) -> str:
    return STATIC_URL + file


def _if_there(name: str) -> str | None:
    return _url(name) if (DIST / name).is_file() else None
