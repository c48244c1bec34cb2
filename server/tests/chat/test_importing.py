"""Importing builds nothing: no thread, pool, connection, loop or chat, whichever module is imported."""

import os
import subprocess
import sys
from pathlib import Path

SERVER = Path(__file__).parents[2]

WITH_DJANGO = """
import gc, pkgutil, threading
import asgiref.sync  # has an executor of its own
import django
django.setup()
from concurrent.futures import Executor
others = [each for each in gc.get_objects() if isinstance(each, Executor)]
import backchannel
from django.db import connections

names = [each.name for each in pkgutil.walk_packages(backchannel.__path__, "backchannel.")]
for name in names:
    if not name.endswith(".__main__"):
        __import__(name)

import asyncio
from backchannel.chat.chat import Chat
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.redis import RedisBus
from backchannel.store.log import Log
from backchannel.store.read_pool import ReadPool

built = (
    Chat, Hub, MemoryBus, RedisBus, Log, ReadPool, Executor, asyncio.AbstractEventLoop, asyncio.Future
)
found = [type(each).__name__ for each in gc.get_objects() if isinstance(each, built) and each not in others]
assert found == [], found
assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
assert [each.connection for each in connections.all()] == [None]
print(len(names))
"""

WITHOUT_DJANGO = """
import pkgutil
import backchannel.chat, backchannel.embed, backchannel.config, backchannel.rules, backchannel.text_rules, backchannel.fanout, backchannel.protocol
import threading

for package in (backchannel.fanout, backchannel.protocol, backchannel.text_rules):
    for each in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        __import__(each.name)
from django.conf import settings
assert not settings.configured
assert threading.enumerate() == [threading.main_thread()]
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SERVER), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_every_module_builds_nothing(tmp_path: Path) -> None:
    count = run(WITH_DJANGO, DJANGO_SETTINGS_MODULE="backchannel.site.settings", BACKCHANNEL_DATA=str(tmp_path))
    assert int(count) > 200


def test_the_way_in_and_the_parts_below_django_can_be_imported_before_django_is_configured() -> None:
    run(WITHOUT_DJANGO)
