"""The page of codes is what the code says, and every code is found by something."""

from __future__ import annotations

import re
from pathlib import Path

import backchannel
from backchannel.doctor import reference
from backchannel.doctor.outside.proxy import KNOWN, lines_of
from backchannel.findings import CODES

SOURCE = Path(backchannel.__file__).parent
PAGE = SOURCE.parents[1] / "docs" / "reference" / "doctor.md"
USED = ("doctor", "site/check.py", "ops/redis_findings.py")


def used() -> set[str]:
    files = [
        path for each in USED for path in ([SOURCE / each] if each.endswith(".py") else (SOURCE / each).rglob("*.py"))
    ]
    return {code for path in files for code in re.findall(r'Finding\(\s*"(D\d{3})"', path.read_text())}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == reference.page(), "python -m backchannel.doctor.reference > docs/reference/doctor.md"


def test_every_code_is_found_by_something_and_declared() -> None:
    assert used() == set(CODES)


def test_lines_to_paste_are_for_known_proxies_and_declared_codes() -> None:
    for code in CODES:
        found = lines_of(code)
        assert set(found) <= {"", *KNOWN}
        assert not found or "" in found, f"{code} has nothing to say to an unknown proxy"
