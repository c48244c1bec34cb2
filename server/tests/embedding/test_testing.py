"""The settings with which `backchannel.testing` runs a site's chat in a test."""

from pathlib import Path

from backchannel.testing import for_a_test


def test_a_test_shares_no_bus_and_no_files_with_the_site(tmp_path: Path) -> None:
    site = {"FILES": "/srv/files", "REDIS_URLS": ["redis://bus"], "AUTHENTICATION": ["shop.Jwt"], "PATH": "/talk"}
    assert for_a_test(site, tmp_path, takes_files=False) == {
        "FILES": str(tmp_path),
        "REDIS_URLS": [],
        "AUTHENTICATION": ["shop.Jwt", "backchannel.auth.Token"],
        "PATH": "/talk",
    }
    assert for_a_test({}, tmp_path, takes_files=True)["FILES"] == str(tmp_path)
    assert "FILES" not in for_a_test({}, tmp_path, takes_files=False)
