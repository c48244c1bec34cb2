"""kill -9 around what the site's code asks for: between its commit and the application, and between the application and the row's end."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from lab.process_faults.node import Node, open_socket
from tests.cli.conftest import clean_environment

pytestmark = pytest.mark.prove

POST = """
import os, sys
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "backchannel.site.settings"
django.setup()
from django.db import OperationalError, transaction
from backchannel import api
process, posts, per_transaction = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def post(first):
    with transaction.atomic():
        for number in range(first, min(posts, first + per_transaction)):
            room = api.room(f"order:{number % 3}")
            api.post(room, f"{process}:{number}", key=f"{process}:{number}" if number % 2 else None)

for first in range(0, posts, per_transaction):
    while True:
        try:
            post(first)
            break
        except OperationalError as error:
            if "database is locked" not in str(error):
                raise
print("done", flush=True)
"""
"""Repeats a transaction that SQLite has not begun, as a task queue would: its lock is not fair, and a process that meets seven others on a busy
machine may wait longer for it than its `timeout`."""

READ = """
import os, sys, json
os.environ["DJANGO_SETTINGS_MODULE"] = "backchannel.site.settings"
import django
django.setup()
from backchannel import api
from backchannel.store import intents
print(json.dumps([intents.count_waiting(), len(intents.refused()), [
    [message.content for page in range(0, 3000, 200) for message in api.history(f"order:{number}", after=page, limit=200)
     if page < message.seq <= page + 200]
    for number in range(3) if api.find(f"order:{number}")]]))
"""


def start(node: Node, *words: object, **extra: str) -> "subprocess.Popen[str]":
    """A process of the site."""
    return subprocess.Popen(
        [sys.executable, "-c", POST, *map(str, words)],
        env=clean_environment({**node.environment, **extra}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def state(node: Node) -> tuple[int, int, list[list[str]]]:
    """How many intents wait, how many were refused, and the messages of each room in order."""
    ran = subprocess.run(
        [sys.executable, "-c", READ],
        env=clean_environment(node.environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    waiting, refused, rooms = json.loads(ran.stdout.splitlines()[-1])
    return waiting, refused, rooms


def wait_until_applied(node: Node) -> list[list[str]]:
    while True:
        waiting, refused, rooms = state(node)
        assert refused == 0
        if not waiting:
            return rooms


def test_a_caller_killed_behind_its_commit_has_left_everything_to_a_node(node: Node) -> None:
    [token] = node.people("ada")
    node.start()
    with start(node, 1, 6, 6, BACKCHANNEL_FAILPOINT="intents_committed") as caller:
        assert caller.wait(60) == -9
    with open_socket(node, token):
        rooms = wait_until_applied(node)
    assert rooms == [["1:0", "1:3"], ["1:1", "1:4"], ["1:2", "1:5"]]


@pytest.mark.parametrize("place", ["intents_applied", "before_commit", "after_commit"])
def test_a_node_killed_while_it_applies_leaves_nothing_undone_or_doubled(node: Node, place: str) -> None:
    node.people("ada")
    with start(node, 1, 60, 6) as caller:
        assert caller.wait(60) == 0
    node.start(BACKCHANNEL_FAILPOINT=f"{place}:1")
    assert node.process is not None
    assert node.process.wait(60) == -9
    node.start()
    rooms = wait_until_applied(node)
    assert rooms == [[f"1:{number}" for number in range(60) if number % 3 == room] for room in range(3)]


def test_intents_of_8_processes_are_applied_once_and_in_order(
    nodes: Callable[[dict[str, str]], Node], environment: dict[str, str]
) -> None:
    node = nodes(environment)
    node.people("ada")
    node.start()
    callers = [start(node, process, 126, 7) for process in range(8)]
    for caller in callers:
        with caller:
            assert caller.wait(120) == 0
    rooms = wait_until_applied(node)
    for room, contents in enumerate(rooms):
        for process in range(8):
            own = [text for text in contents if text.startswith(f"{process}:")]
            assert own == [f"{process}:{number}" for number in range(126) if number % 3 == room]
    assert sum(map(len, rooms)) == 8 * 126
