"""Completes package-lock.json with the native packages of other systems.

`npm ci` refuses a lock that leaves out an optional dependency, and npm leaves out those that its registry could not
show at the time: a mirror may carry Linux alone. Each such entry is named here by version and by the system it is
for; npm fetches it only there, and without a hash, as none could be known.
"""

from __future__ import annotations

import json
import re
from typing import Any

from machine import ROOT

LOCK = ROOT / "package-lock.json"
SYSTEMS = ("android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "aix")
CPUS = ("arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64")


def absent(lock: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """Optional dependencies that the lock does not hold: name → (version, wanted for development alone)."""
    packages = lock["packages"]
    found: dict[str, tuple[str, bool]] = {}
    for where, package in packages.items():
        for name, version in package.get("optionalDependencies", {}).items():
            held = f"node_modules/{name}" in packages or f"{where}/node_modules/{name}" in packages
            if not held and re.fullmatch(r"\d+\.\d+\.\d+\S*", version):
                found[name] = (version, bool(package.get("dev")))
    return found


def entry(name: str, version: str, dev: bool) -> dict[str, Any]:
    """The lock's entry for a native package, whose name ends like `linux-arm64-musl`."""
    words = re.split(r"[/-]", name)
    made: dict[str, Any] = {"version": version}
    if cpu := [word for word in CPUS if word in words]:
        made["cpu"] = cpu
    if dev:
        made["dev"] = True
    if libc := [kind for suffix, kind in (("gnu", "glibc"), ("musl", "musl")) if words[-1].startswith(suffix)]:
        made["libc"] = libc
    made["optional"] = True
    if system := [word for word in SYSTEMS if word in words]:
        made["os"] = system
    return made


def complete() -> list[str]:
    """Add what is absent and return the names added."""
    lock = json.loads(LOCK.read_text())
    added = absent(lock)
    for name, (version, dev) in added.items():
        lock["packages"][f"node_modules/{name}"] = entry(name, version, dev)
    # npm sorts by place, the root project first.
    lock["packages"] = dict(sorted(lock["packages"].items(), key=lambda item: item[0]))
    if added:
        LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
    return sorted(added)
