"""Which addresses the client for other people's addresses goes to."""

import asyncio
from collections.abc import Sequence

import pytest

from backchannel.outgoing import Forbidden, NoAnswer, OutgoingClient, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255",
     "192.0.2.1", "198.18.0.1", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
     "::ffff:8.8.8.8", "2002:a00:1::", "2002:7f00:1::1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:a00:1::1", "2001:db8::1", "", "x"],
)  # fmt: skip
def test_any_other_is_not(address: str) -> None:
    assert not is_public(address)


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to() -> None:
    """A name that resolves to something else the second time changes nothing: there is no second time."""
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["203.0.113.5"] if len(asked) == 1 else ["127.0.0.1"]

    looked_at = []

    def may_connect(address: str) -> bool:
        looked_at.append(address)
        return True

    client = OutgoingClient(resolve, may_connect)
    with pytest.raises(NoAnswer):
        await client.post("https://a.example/x", b"", {}, within_s=0.05)
    assert asked == ["a.example"]
    assert looked_at == ["203.0.113.5"]


async def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["169.254.169.254"]

    with pytest.raises(Forbidden):
        await OutgoingClient(resolve).post("https://a.example/x", b"", {})


async def test_a_side_that_never_answers_costs_no_more_than_its_time() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(NoAnswer):
        await OutgoingClient(resolve).post("https://a.example/x", b"", {}, within_s=0.01)


async def test_a_header_holds_no_second_one() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError

    with pytest.raises(ValueError, match="line"):
        await OutgoingClient(resolve).post("https://a.example/x", b"", {"Topic": "a\r\nX: y"})
