"""Builds the sdist and the wheel and checks that their installation has the app, with or without Node, and that a
Django site gets the chat with few packages, in each version of Django and Python that `lanes.py` has and this machine too.

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
import zipfile
from pathlib import Path

import lanes
from machine import ROOT, find_python, say

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
import asyncio

import backchannel, django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "backchannel.store",
    "backchannel.accounts"], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3",
    "OPTIONS": backchannel.sqlite_options()}}, MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", ROOT_URLCONF="site_urls", ALLOWED_HOSTS=["localhost"],
)
django.setup()
from django.core.asgi import get_asgi_application
from django.core.management import call_command
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)

from asgiref.testing import ApplicationCommunicator
from backchannel import api
from backchannel.embed import mount
from django.contrib.auth import get_user_model

ada, ben = (get_user_model().objects.create_user(name) for name in ("ada", "ben"))
room = api.room("lobby", name="Lobby", members=[ada, ben])
token = api.token(ben)


async def called(application, method, path, body=b""):
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80)}
    talk = ApplicationCommunicator(application, scope)
    await talk.send_input({"type": "http.request", "body": body})
    start, text = await talk.receive_output(30), b""
    while True:
        part = await talk.receive_output(30)
        text += part.get("body", b"")
        if not part.get("more_body"):
            return start["status"], text


async def talk():
    application = mount(get_asgi_application())
    lifespan = ApplicationCommunicator(application, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}})
    await lifespan.send_input({"type": "lifespan.startup"})
    assert (await lifespan.receive_output(30))["type"] == "lifespan.startup.complete"
    await api.apost(room, "Hello, Ben", as_=ada)
    path = f"/chat/api/rooms/{room.id}/messages"
    said = await called(application, "POST", path, b'{"content": "Hello, Ada"}')
    assert said[0] == 201, said
    status, text = await called(application, "GET", path)
    assert status == 200 and text.index(b"Hello, Ben") < text.index(b"Hello, Ada"), (status, text)
    assert (await called(application, "GET", "/chatter"))[0] == 404
    await lifespan.send_input({"type": "lifespan.shutdown"})
    assert (await lifespan.receive_output(30))["type"] == "lifespan.shutdown.complete"


asyncio.run(talk())
print(django.__version__)
"""


def is_light(wheel: Path, folder: Path, django: str, interpreter: str) -> list[str]:
    """Install the wheel with what it needs into an empty environment of this Django and Python, in the locked versions, and have two
    people talk in a site there."""
    where = f"with Django {django}, in {interpreter}"
    subprocess.run([interpreter, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(_pins(django)))
    (folder / "site_urls.py").write_text("urlpatterns = []\n")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "-c", str(constraints), str(wheel)], check=True)
    listed = subprocess.run([*pip, "list", "--format", "json"], capture_output=True, text=True, check=True).stdout
    names = {each["name"].lower().replace("_", "-") for each in json.loads(listed)}
    found = [f"installed alone {where}, the wheel lacks {name}" for name in sorted(CORE - names)]
    found += [f"installed alone {where}, the wheel brings {name}" for name in sorted(names & OF_EXTRAS)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    ran = subprocess.run(
        [python, "-c", IN_A_SITE], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode or not ran.stdout.splitlines()[-1:][0].startswith(f"{django}."):
        found.append(f"installed alone {where}, in a site: {(ran.stdout + ran.stderr).strip()[-500:]}")
    return found


def _pins(django: str) -> list[str]:
    """`name==version` of each package of the lock, with those of this Django."""
    lock = (ROOT / "server/requirements.lock").read_text()
    own = ROOT / "server" / f"requirements-django-{django}.lock"
    if own.exists():  # not for the version that all locks hold
        lock = lanes.requirements(lock, own.read_text())
    return re.findall(r"^[a-z0-9._-]+==[^ ;\\]+", lock, re.MULTILINE)


def in_sites(wheel: Path, folder: Path) -> list[str]:
    """`is_light` in the checkout's own pair of Django and Python and in that of each lane that this machine has."""
    found = is_light(wheel, folder / "light", lanes.OWN_DJANGO, sys.executable)
    for django, version in lanes.LANES:
        interpreter = find_python(version)
        if interpreter is None:
            say(f"not run beside Django {django}: this machine has no Python {version}")
        else:
            found += is_light(wheel, folder / f"light-{django}-{version}", django, interpreter)
    return found


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
        found = problems(wheel) or [*runs(wheel, folder / "installed"), *in_sites(wheel, folder)]
        found += [f"built from the sdist: {line}" for line in problems(second)]
        for line in found:
            say(f"error: {line}")
        if not found:
            say(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, the app is in it; so it is from the sdist")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
