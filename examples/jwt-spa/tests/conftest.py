"""One site and one front end for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.support.example_site import ExampleSite
from tests.running import pages_served, site_in


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with pages_served() as origin:
        yield origin


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pages: str) -> ExampleSite:
    site = site_in(tmp_path_factory.mktemp("site"), pages)
    site.set_up()
    return site


@pytest.fixture(scope="module")
def port(site: ExampleSite) -> Iterator[int]:
    with site.served() as port:
        yield port
