"""PostgreSQL vacuums recent messages often, so that counting unread ones is an index-only scan."""

import pytest
from django.db import connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="belongs to the run on PostgreSQL"),
]


def test_a_vacuum_starts_after_a_fixed_number_of_new_messages() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'backchannel_message'")
        assert set(cursor.fetchone()[0]) == {
            "autovacuum_vacuum_insert_threshold=10000",
            "autovacuum_vacuum_insert_scale_factor=0",
        }
