"""A node that dies delays a check, and no more. No other node runs beside it here, which would take its check."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from backchannel.store.models import Upload
from tests.files.sending import announce, fetch, put, wait_checked
from tests.running import Someone, running

pytestmark = pytest.mark.usefixtures("module_database")


def test_a_check_of_a_node_that_died_is_done_by_another(ada: Someone, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    never = tmp_path / "never.py"
    never.write_text(f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)")
    with running(scan=shlex.join([sys.executable, str(never)])) as first:
        room = first.group(ada)
        upload = announce(first, ada, room, 5)
        put(first, ada, upload["id"], b"hello", 0)
        first.wait_until(begun.exists)
        assert first.do(ada, "get_upload", upload_id=upload["id"])["upload"]["state"] == "checking"
    # The first node is gone in the middle of its check; some seconds later its lease ends.
    Upload.objects.filter(pk=upload["id"]).update(checking_until_us=0)
    with running() as second:
        assert wait_checked(second, ada, upload["id"])["state"] == "ready"
        assert fetch(second, ada, f"/files/{upload['id']}/x").content == b"hello"
