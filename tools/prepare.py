"""Sets up a bare checkout, one part at a time; does nothing for parts that are up to date.

    python3 tools/prepare.py PART…

Parts: `venv` (what the server needs), `venv-dev` (and what its tests need), `node` (node_modules, and
Node itself where the machine has none), `web` (the built app), `shop` and `jwt-spa` (the built pages of those
examples), `chromium`, `services` (PostgreSQL and Redis),
`compiler` (for the load generator), `nats` (a peer of the benchmark), `proxies` (for the lab and the
shipped files), `prometheus` (for deploy/monitoring).

A part is done when its stamp in `.cache/prepared/` holds the hash of everything the part depends on.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import machine
from machine import ROOT, VENV, Missing, say

STAMPS = ROOT / ".cache" / "prepared"
WEB_SOURCES = ("web", "react", "client", "conditions.ts", "package-lock.json", "tsconfig.base.json")
EXAMPLE_SOURCES = tuple(name for name in WEB_SOURCES if name != "web")
EXAMPLES = {"shop": "shop.js", "jwt-spa": "index.html"}
"""Name → a file of its built pages."""
WEB_DIST = ROOT / "server" / "backchannel" / "web" / "dist"


def fingerprint(*paths: Path) -> str:
    """A hash of the contents of files and folders; node_modules and other generated files do not count."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not {"node_modules", "dist", "tests"} & set(file.relative_to(ROOT).parts):
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def is_done(part: str, state: str) -> bool:
    """Whether `part` was made from exactly this `state`."""
    stamp = STAMPS / part
    return stamp.exists() and stamp.read_text() == state


def done(part: str, state: str) -> None:
    """Remember that `part` was made from `state`."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / part).write_text(state)


def undone(*parts: str) -> None:
    """Forget that these were made, because their results were deleted."""
    for part in parts:
        (STAMPS / part).unlink(missing_ok=True)


def run(argv: list[str], failed: str) -> None:
    """Run a program in the checkout; its output is shown only if it fails, before `Missing(failed)`."""
    ran = subprocess.run(
        argv,
        cwd=ROOT,
        env=machine.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode:
        say(ran.stdout.strip())
        raise Missing(failed)


def is_of_this_python(venv: Path) -> bool:
    """Whether `venv` was made from the Python that runs this program, or from the one behind its virtual environment."""
    config = venv / "pyvenv.cfg"
    if not config.exists():
        return False
    values = dict(line.split(" = ", 1) for line in config.read_text().splitlines() if " = " in line)
    made_by = values.get("executable"), values.get("version")
    return made_by == (str(Path(sys.executable).resolve()), platform.python_version())


def prepare_venv(*, dev: bool) -> None:
    """Make `.venv` with the locked dependencies and the package itself, editable."""
    lock = ROOT / "server" / ("requirements-dev.lock" if dev else "requirements.lock")
    python = VENV / "bin" / "python"
    state = fingerprint(lock) + platform.python_version() + _project_table()
    # The lock for tests includes the versions of the shorter one, so an environment for tests is enough.
    is_usable = python.exists() and is_of_this_python(VENV)
    if is_usable and (is_done("venv-dev", _dev_state()) or is_done("venv", state)):
        return
    if not is_usable or not (VENV / "bin" / "pip").exists():
        say("    making .venv")
        shutil.rmtree(VENV, ignore_errors=True)
        undone("venv", "venv-dev")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            # Debian's Python has no ensurepip.
            version = f"python3.{sys.version_info[1]}"
            machine.apt_install(
                [f"{version}-venv"], "no virtual environment can be made, as this Python lacks ensurepip"
            )
            run([sys.executable, "-m", "venv", str(VENV)], "no virtual environment can be made: see above")
    say(f"    pip install -r {lock.relative_to(ROOT)}")
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
    run([*pip, "--require-hashes", "-r", str(lock)], "pip could not install the dependencies: see above")
    run([*pip, "--no-deps", "-e", "."], "pip could not install the package itself: see above")
    done("venv-dev" if dev else "venv", state)


def _dev_state() -> str:
    return fingerprint(ROOT / "server" / "requirements-dev.lock") + platform.python_version() + _project_table()


def _project_table() -> str:
    # An editable install records only the [project] table, so a change of a linter's settings reinstalls nothing.
    text = (ROOT / "pyproject.toml").read_text()
    table = text.partition("[project]")[2].partition("[dependency-groups]")[0]
    return hashlib.sha256(table.encode()).hexdigest()


def prepare_node() -> None:
    """Install node_modules; where Node is absent or too old, Node first, as a wheel in `.venv`."""
    if not machine.node_is_new_enough(machine.environment()):
        prepare_venv(dev=False)
        lock = ROOT / "tools" / "requirements-node.lock"
        floor = ".".join(map(str, machine.NODE_FLOOR))
        say(f"    no Node {floor} or later in PATH, so pip installs one into .venv")
        run(
            [str(VENV / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", str(lock)],
            f"Node {floor} or later is needed and pip could not install it: put one in PATH",
        )
    state = fingerprint(ROOT / "package-lock.json")
    if (ROOT / "node_modules").is_dir() and is_done("node", state):
        return
    say("    npm ci")
    run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"], "npm could not install the packages: see above")
    done("node", state)


def prepare_web() -> None:
    """Build the app into the Python package."""
    prepare_node()
    state = fingerprint(*(ROOT / name for name in WEB_SOURCES))
    if (WEB_DIST / "manifest.json").exists() and is_done("web", state):
        return
    say("    npm run build --workspace web")
    run(["npm", "run", "build", "--workspace", "web"], "the web app could not be built: see above")
    done("web", state)


def prepare_example(name: str) -> None:
    """Build the pages of an example into its web/dist."""
    prepare_node()
    web = f"examples/{name}/web"
    state = fingerprint(*(ROOT / path for path in (web, *EXAMPLE_SOURCES)))
    if (ROOT / web / "dist" / EXAMPLES[name]).exists() and is_done(name, state):
        return
    say(f"    npm run build --workspace {web}")
    run(["npm", "run", "build", "--workspace", web], f"the pages of {web} could not be built: see above")
    done(name, state)


def prepare_chromium() -> None:
    """Find or install a browser for the end-to-end tests, and a font with emoji."""
    wanted = [] if machine.find_chromium() else ["chromium"]
    if wanted or (not machine.EMOJI_FONT.exists() and shutil.which("apt-get")):
        wanted.append("fonts-noto-color-emoji")
    if not wanted:
        return
    try:
        machine.apt_install(wanted, "the end-to-end tests need Chromium with an emoji font")
    except Missing:
        # Without the font emoji are drawn as boxes; no test depends on it.
        if not machine.find_chromium():
            raise


def prepare_services() -> None:
    """Find or install the server programs of PostgreSQL and Redis. `tools/services.py` starts them."""
    wanted = []
    if not os.environ.get("BACKCHANNEL_TEST_POSTGRES_URL") and not machine.find_postgres():
        wanted.append("postgresql")
    if not os.environ.get("BACKCHANNEL_TEST_REDIS_URL") and not machine.find_redis():
        wanted.append("redis-server")
    if not shutil.which("strace"):
        wanted.append("strace")
    if not machine.find_faketime():
        wanted.append("faketime")
    if wanted:
        machine.apt_install(wanted, "the server's tests need PostgreSQL, Redis, strace and faketime on this machine")


def prepare_compiler() -> None:
    """Find or install a C compiler, which builds the benchmark's load generator."""
    if not shutil.which("gcc") and not shutil.which("cc"):
        machine.apt_install(["gcc", "libc6-dev"], "the load generator needs a C compiler")


def prepare_nats() -> None:
    """Find or install nats-server. The benchmark runs without it, too."""
    if shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin"):
        return
    try:
        machine.apt_install(["nats-server"], "the benchmark measures nats-server as well")
    except Missing as missing:
        say(f"    {missing}")


SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
"""Folders of server programs that may not be in PATH."""


def prepare_proxies() -> None:
    """Install the programs that `lab/proxies` runs. Nothing is started."""
    programs = {
        "nginx": "nginx-light", "haproxy": "haproxy", "caddy": "caddy", "squid": "squid", "mitmdump": "mitmproxy",
        "varnishd": "varnish",
    }  # fmt: skip
    wanted = [package for program, package in programs.items() if not shutil.which(program, path=SYSTEM_PATH)]
    if wanted:
        machine.apt_install(wanted, "`make proxies` needs proxies on this machine")


def prepare_prometheus() -> None:
    """Find or unpack `prometheus` and `promtool`, which check what is in deploy/monitoring."""
    if not all(machine.find_prometheus(program) for program in ("prometheus", "promtool")):
        machine.apt_unpack("prometheus", machine.PROMETHEUS, "the tests of deploy/monitoring need Prometheus")


PARTS: dict[str, Callable[[], None]] = {
    "venv": lambda: prepare_venv(dev=False),
    "venv-dev": lambda: prepare_venv(dev=True),
    "node": prepare_node,
    "web": prepare_web,
    **{name: partial(prepare_example, name) for name in EXAMPLES},
    "chromium": prepare_chromium,
    "services": prepare_services,
    "compiler": prepare_compiler,
    "nats": prepare_nats,
    "proxies": prepare_proxies,
    "prometheus": prepare_prometheus,
}
BY_APT = frozenset({"chromium", "services", "compiler", "nats", "proxies", "prometheus"})
"""Parts that only fetch Debian packages."""


def comes_after(part: str) -> tuple[str, ...]:
    """The parts that write where `part` reads or writes, and so must be done before it when several are prepared at once."""
    if part == "web" or part in EXAMPLES:
        return ("node",)
    # Node goes into .venv where the machine has none.
    if part == "node" and not machine.node_is_new_enough(machine.environment()):
        return ("venv-dev",)
    return ()


def main(argv: list[str]) -> int:
    """Prepare the parts named, in that order."""
    try:
        machine.check_python()
        for part in argv:
            PARTS[part]()
    except Missing as missing:
        say(f"error: {missing}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
