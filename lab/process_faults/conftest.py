import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from lab.process_faults.node import Node
from tests.cli.conftest import folder

__all__ = ["folder"]

IS_POSTGRES = os.environ.get("BACKCHANNEL_TEST_DATABASE") == "postgres"
of_postgres = pytest.mark.skipif(not IS_POSTGRES, reason="belongs to the run on PostgreSQL")
of_sqlite = pytest.mark.skipif(IS_POSTGRES, reason="belongs to the run on SQLite")


@pytest.fixture
def environment(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of a server with an empty database, of the kind that this run is about."""
    if not IS_POSTGRES:
        yield {"BACKCHANNEL_DATA": str(folder)}
        return
    parts = urlsplit(os.environ["BACKCHANNEL_TEST_POSTGRES_URL"])
    name = f"faults_{uuid.uuid4().hex}"
    with psycopg.connect(urlunsplit(parts), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield {
                "BACKCHANNEL_DATA": str(folder),
                "BACKCHANNEL_DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")),
            }
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def nodes() -> Iterator[Callable[[dict[str, str]], Node]]:
    """Makes nodes, not started; whatever runs of them in the end is stopped."""
    made: list[Node] = []

    def make(environment: dict[str, str]) -> Node:
        made.append(Node(environment))
        return made[-1]

    yield make
    for node in made:
        node.stop()
        node.http.close()


@pytest.fixture
def node(nodes: Callable[[dict[str, str]], Node], environment: dict[str, str]) -> Node:
    """On an empty database; not started."""
    return nodes(environment)
