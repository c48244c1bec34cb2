"""What is asked of the database works on both databases, and a clock that was set back shows."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from backchannel.doctor.inside import database

pytestmark = pytest.mark.django_db


def test_a_new_database_has_no_problem() -> None:
    found = list(database.examine(processes=1))
    assert {finding.code for finding in found} >= {"D113", "D114" if connection.vendor == "postgresql" else "D115"}
    assert not [finding for finding in found if finding.is_problem]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to run out of")
def test_too_few_connections_are_noted_with_the_line_to_change() -> None:
    [noted] = [finding for finding in database.examine(processes=1000) if finding.word == "note"]
    assert noted.code == "D114"
    assert noted.advice.startswith("max_connections = 20005"[:18])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to run out of")
def test_threads_for_the_sites_own_code_are_counted() -> None:
    [plain], [more] = (
        [finding for finding in database.examine(1000, threads) if finding.word == "note"] for threads in (0, 8)
    )
    assert "may use 20005" in plain.text
    assert "may use 28005" in more.text


def test_a_message_of_the_future_is_a_problem() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE backchannel_message (id integer, created_us bigint)")
        cursor.execute("INSERT INTO backchannel_message VALUES (1, %s)", [int((time.time() + 3600) * 1e6)])
        try:
            [clock] = [finding for finding in database.examine(processes=1) if finding.code == "D113"]
        finally:
            cursor.execute(
                "DROP TABLE " + ("pg_temp" if connection.vendor == "postgresql" else "temp") + ".backchannel_message"
            )
    assert clock.is_problem
    assert "3,600 s ahead" in clock.text or "3,599 s ahead" in clock.text
