"""One server, its database and a supply of accounts for all tests. Each test gets people, networks and a room of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.network.proxy import Proxy
from e2e.support.api import Api
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.server import Account, Server
from e2e.support.wait import PATIENCE_S

POSTGRES_URL = "BACKCHANNEL_TEST_POSTGRES_URL"
# Tall enough that no message of a test is scrolled out of the list, which would remove its row.
WINDOW = {"width": 1200, "height": 1600}
BATCH = 8

expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, runnable as root in a container, without background requests."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": ["--no-sandbox", "--disable-gpu", *quiet],
    }


@contextmanager
def a_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database if there is a server for tests, else "": SQLite."""
    url = os.environ.get(POSTGRES_URL)
    if not url:
        yield ""
        return
    import psycopg

    name = f"e2e_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as postgres:
        postgres.execute(f'CREATE DATABASE "{name}"')
        try:
            yield url.rpartition("/")[0] + f"/{name}"
        finally:
            postgres.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def the_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with a_database() as url:
        server = Server(tmp_path_factory.mktemp("server") / "data", url)
        yield server.start()
        if server.runs:
            server.stop()


@pytest.fixture
def server(the_server: Server) -> Server:
    """The shared server, running."""
    return the_server.start()


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    """A server without accounts."""
    with a_database() as url:
        server = Server(tmp_path / "data", url)
        yield server.start()
        server.stop()


@pytest.fixture(scope="session")
def database(the_server: Server) -> Database:
    return Database(the_server)


@pytest.fixture(scope="session")
def supply(the_server: Server) -> Iterator[Account]:
    """Accounts, as many as needed: ada1, ben1, ada2, ben2 …, created by the command line in batches."""

    def people() -> Iterator[Account]:
        the_server.people("owner")
        for first in itertools.count(1, BATCH):
            names = [f"{name}{n}" for n in range(first, first + BATCH) for name in ("ada", "ben")]
            yield from the_server.people(*names)

    return people()


@pytest.fixture
def proxies(server: Server) -> Iterator[Callable[[], Proxy]]:
    """Makes proxies; stops them after the pages that use them are closed."""
    made: list[Proxy] = []

    def make() -> Proxy:
        made.append(Proxy(server.port).start())
        return made[-1]

    yield make
    for proxy in made:
        proxy.stop()


@pytest.fixture
def browsers(
    request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext], output_path: str
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser profiles. If the test fails, their traces are kept."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        chosen = {"viewport": WINDOW, "locale": "en-GB", "reduced_motion": "reduce", **options}
        made.append(new_context(permissions=["clipboard-read", "clipboard-write"], **chosen))
        # Snapshots alone: recording the screen costs more than the browser itself.
        made[-1].tracing.start(snapshots=True)
        return made[-1]

    yield make
    report = getattr(request.node, "rep_call", None)
    for n, context in enumerate(made, 1):
        if report is None or report.failed:
            context.tracing.stop(path=Path(output_path) / f"trace-{n}.zip")
        else:
            context.tracing.stop()


@pytest.fixture
def people(
    server: Server, supply: Iterator[Account], proxies: Callable[[], Proxy], browsers: Callable[..., BrowserContext]
) -> Iterator[Callable[..., Person]]:
    """Makes a person with an account, a browser and a network. Errors of their pages fail the test."""
    made: list[Person] = []

    def make(**options: Any) -> Person:
        account, proxy = next(supply), proxies()
        made.append(Person(account, Api(server, account), proxy, browsers(**options)))
        return made[-1]

    yield make
    for person in made:
        person.api.close()
    problems = [f"{person.name}: {problem}" for person in made for problem in person.page_log.problems]
    assert not problems, "\n".join(problems)


@pytest.fixture
def ada(people: Callable[..., Person]) -> Person:
    return people()


@pytest.fixture
def ben(people: Callable[..., Person], ada: Person) -> Person:
    return people()


@pytest.fixture
def room(ada: Person, ben: Person) -> dict[str, Any]:
    """A group of Ada and Ben."""
    return ada.api.create_room("group", ben.api, name="Garden")


@pytest.fixture
def elsewhere(ada: Person, ben: Person, room: dict[str, Any]) -> dict[str, Any]:
    """Another room of the two."""
    return ada.api.create_room("group", ben.api, name="Shed")


@pytest.fixture
def talk(ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], database: Database) -> Conversation:
    """Ada and Ben have the same room open, connected."""
    for person in (ada, ben):
        person.enter(room)
    return Conversation(room, database, ada, ben)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Adds the requests and sockets of each person to the report of a failure."""
    report = yield
    if report.failed:
        for name in ("ada", "ben"):
            person = getattr(item, "funcargs", {}).get(name)
            if person is not None:
                report.sections.append((f"requests of {name}", "\n".join(person.proxy.traffic.requests[-40:])))
                report.sections.append((f"sockets of {name}", "\n".join(map(str, person.page_log.sockets[-5:]))))
    return report
