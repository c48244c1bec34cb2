"""Builds the sdist and the wheel and checks that their installation has the app, with or without Node, and that a
Django site gets the chat with few packages.

    python tools/wheel_check.py

The web app must be built already (`make web`); that the hook builds it itself is tested in tools/tests.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

from machine import ROOT, say

DIST = "backchannel/web/dist/"
# The page loads the theme, the app, its stylesheet; anything below this is a broken build.
FEWEST_ASSETS = 6


def build(kind: str, source: Path, target: Path, env: dict[str, str]) -> Path:
    """Build one distribution without build isolation and return its file."""
    target.mkdir()
    argv = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(argv, cwd=source, env=env, check=True, stdout=subprocess.DEVNULL)
    (built,) = target.iterdir()
    return built


def assets_lacking(names: set[str], manifest: str) -> list[str]:
    """Files that the app's manifest names, and the service worker, where the distribution does not hold them."""
    wanted = {"manifest.json", "sw.js"}
    for chunk in json.loads(manifest).values():
        wanted |= {chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ())}
    return sorted(name for name in wanted if DIST + name not in names)


def problems(wheel: Path) -> list[str]:
    """What is wrong with the wheel, one line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        if DIST + "manifest.json" not in names:
            return [f"{wheel.name} holds no {DIST}manifest.json"]
        manifest = archive.read(DIST + "manifest.json").decode()
    found = [f"{wheel.name} lacks {DIST}{name}" for name in assets_lacking(names, manifest)]
    held = sum(name.startswith(DIST + "assets/") for name in names)
    if held < FEWEST_ASSETS:
        found.append(f"{wheel.name} holds {held} assets of the app, fewer than {FEWEST_ASSETS}")
    found += [f"{wheel.name} lacks {name}" for name in ("backchannel/py.typed",) if name not in names]
    if not any(name.endswith("licenses/LICENSE") for name in names):
        found.append(f"{wheel.name} lacks the licence")
    found += [f"{wheel.name} holds {name}" for name in sorted(names) if "/tests/" in name or "node_modules" in name]
    return found


def runs(wheel: Path, folder: Path) -> list[str]:
    """Install the wheel alone and run `backchannel --version` outside the checkout."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True)
    env = {**os.environ, "PYTHONPATH": str(folder), "BACKCHANNEL_DATA": str(folder / "data")}
    ran = subprocess.run(
        [sys.executable, "-m", "backchannel", "--version"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    version = wheel.name.split("-")[1]
    if ran.returncode or version not in ran.stdout:
        return [
            f"installed from the wheel, `python -m backchannel --version` said: {(ran.stdout + ran.stderr).strip()}"
        ]
    return []


CORE = {"django", "msgspec", "prometheus-client", "starlette"}
"""What the wheel needs, without what these need."""
OF_EXTRAS = {"django-allauth", "psycopg", "redis", "servestatic", "structlog", "uvicorn"}
IN_A_SITE = """
import backchannel, django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "backchannel.store",
    "backchannel.accounts"], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3",
    "OPTIONS": backchannel.sqlite_options()}}, MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()
from django.core.asgi import get_asgi_application
from django.core.management import call_command
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
from backchannel.embed import mount
mount(get_asgi_application())
"""


def is_light(wheel: Path, folder: Path) -> list[str]:
    """Install the wheel with what it needs into an empty environment, in the locked versions, and mount it in a site there."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pins = re.findall(r"^[a-z0-9._-]+==[^ ;\\]+", (ROOT / "server/requirements.lock").read_text(), re.MULTILINE)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins))
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "-c", str(constraints), str(wheel)], check=True)
    listed = subprocess.run([*pip, "list", "--format", "json"], capture_output=True, text=True, check=True).stdout
    names = {each["name"].lower().replace("_", "-") for each in json.loads(listed)}
    found = [f"installed alone, the wheel lacks {name}" for name in sorted(CORE - names)]
    found += [f"installed alone, the wheel brings {name}" for name in sorted(names & OF_EXTRAS)]
    ran = subprocess.run([python, "-c", IN_A_SITE], cwd=folder, capture_output=True, text=True, check=False)
    return [*found, *([f"installed alone, in a site: {ran.stderr.strip()[-500:]}"] if ran.returncode else [])]


def main() -> int:
    """Return 1 if a distribution has a problem, else 0."""
    nodeless = {**os.environ, "PATH": "/nonexistent"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build("wheel", ROOT, folder / "wheel", dict(os.environ))
        sdist = build("sdist", ROOT, folder / "sdist", dict(os.environ))
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        second = build("wheel", folder / sdist.name.removesuffix(".tar.gz"), folder / "again", nodeless)
        found = problems(wheel) or [*runs(wheel, folder / "installed"), *is_light(wheel, folder / "light")]
        found += [f"built from the sdist: {line}" for line in problems(second)]
        for line in found:
            say(f"error: {line}")
        if not found:
            say(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, the app is in it; so it is from the sdist")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
