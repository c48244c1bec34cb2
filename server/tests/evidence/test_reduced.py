"""Of a browser and of an address no more is kept than the documentation says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.evidence.agents import reduced
from backchannel.evidence.networks import BadNetworks, key_of_month, network_of, read_networks

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36": (
        "chrome 131, windows"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51": (
        "edge 131, windows"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15": (
        "safari 18, macos"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1": (
        "safari 18, ios"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": "firefox 133, linux",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Version/4.0 Chrome/131.0.1.2 Mobile Safari/537.36": (
        "android webview 131, android"
    ),
    "node": "node, other",
    "python-httpx/0.28.1": "python 0, other",
    "": "other, other",
    "\x00\xff" * 5000: "other, other",
}


@pytest.mark.parametrize("header", AGENTS)
def test_an_agent_is_browser_and_system(header: str) -> None:
    assert reduced(header) == AGENTS[header]


@given(st.text())
def test_no_agent_is_stored_as_it_was_sent(header: str) -> None:
    assert len(reduced(f"Secret/{header}")) < 40
    assert "Secret" not in reduced(f"Secret/{header}")


def test_an_address_is_reduced_to_its_network() -> None:
    assert network_of("203.0.113.77", "prefix") == "203.0.113.0/24"
    assert network_of("::ffff:203.0.113.77", "prefix") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::3", "prefix") == "2001:db8:1::/48"
    assert network_of("203.0.113.77", "full") == "203.0.113.77"
    assert network_of("203.0.113.77", "off") == ""
    assert network_of("unix socket", "full") == ""


def test_a_hash_counts_by_network_and_changes_with_the_month() -> None:
    november, december = (key_of_month(b"secret", 2026, month) for month in (11, 12))
    assert network_of("203.0.113.7", "hash", november) == network_of("203.0.113.200", "hash", november)
    assert network_of("203.0.113.7", "hash", november) != network_of("203.0.113.7", "hash", december)
    assert network_of("203.0.113.7", "hash", november) != network_of("203.0.114.7", "hash", november)


def test_the_narrowest_named_network_counts() -> None:
    named = read_networks("# ours\n10.0.0.0/8 Berlin\n10.1.0.0/16 Berlin, floor 2 # wifi\n")
    assert network_of("10.1.2.3", "prefix", named=named) == "Berlin, floor 2"
    assert network_of("10.2.2.3", "hash", named=named) == "Berlin"


@pytest.mark.parametrize("line", ["10.0.0.0/33 Berlin", "Berlin", "10.0.0.0/8"])
def test_a_line_that_cannot_be_used_is_named(line: str) -> None:
    with pytest.raises(BadNetworks, match="line 2"):
        read_networks(f"10.0.0.0/8 Berlin\n{line}\n")
