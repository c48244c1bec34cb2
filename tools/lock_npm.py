"""Completes package-lock.json with the native packages of other systems.

`npm ci` refuses a lock that leaves out an optional dependency, and npm leaves out those that its registry could not
show at the time: a mirror may carry Linux alone. Each such entry is named here by version and by the system it is
for, and npm is asked for its hash. `lock.py --check` reports one without a hash: nothing is installed unverified.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import machine
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


def unhashed(lock: dict[str, Any]) -> dict[str, str]:
    """Entries that npm would install without looking at what it got: place → what npm calls it."""
    return {
        where: f"{where.rpartition('node_modules/')[2]}@{package['version']}"
        for where, package in lock["packages"].items()
        if "node_modules/" in where and not package.get("link") and not package.get("integrity")
    }


def hash_of(package: str) -> str | None:
    """What the registry says of `name@version`; None where it cannot be asked or does not have it."""
    asked = subprocess.run(
        ["npm", "view", package, "dist.integrity"],
        cwd=ROOT,
        env=machine.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    said = asked.stdout.strip()
    return said if asked.returncode == 0 and said.startswith("sha512-") else None


def complete() -> list[str]:
    """Add what is absent, and hashes that are; the names added."""
    lock = json.loads(LOCK.read_text())
    added = absent(lock)
    for name, (version, dev) in added.items():
        lock["packages"][f"node_modules/{name}"] = entry(name, version, dev)
    hashed = {where: found for where, package in unhashed(lock).items() if (found := hash_of(package))}
    for where, integrity in hashed.items():
        lock["packages"][where] = dict(sorted({**lock["packages"][where], "integrity": integrity}.items(), key=_place))
    # npm sorts by place, the root project first.
    lock["packages"] = dict(sorted(lock["packages"].items(), key=lambda item: item[0]))
    if added or hashed:
        LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
    return sorted(added)


def _place(item: tuple[str, Any]) -> tuple[bool, bool, str]:
    """npm begins an entry with its version and its hash."""
    return item[0] != "version", item[0] != "integrity", item[0]
