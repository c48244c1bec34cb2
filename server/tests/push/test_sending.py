"""A push message reaches the browser and nobody else; what the service answers decides what becomes of the subscription."""

from dataclasses import replace
from pathlib import Path

import pytest

from backchannel.protocol.errors import CommandError
from backchannel.push.endpoints import check_endpoint
from backchannel.push.keys import ServerKey, new_key
from backchannel.push.payload import LARGEST, Shown, payload, topic_of
from backchannel.push.sending import LONGEST_WAIT_S, Push, PushSender, Result, Sent
from tests.push.fake_service import HOST, Browser, FakeService, answer, running

SHOWN = Shown(
    message_id="018f0000-0000-7000-8000-000000000001", room_id=7, seq=42, sender="Ada", room="Kitchen",
    excerpt="Lunch?", address="https://chat.example.com/rooms/7/42", badge=3, content="full",
)  # fmt: skip


def sender_to(service: FakeService) -> PushSender:
    return PushSender(service.client, ServerKey(new_key(), "mailto:admin@chat.example.com", lambda: 2e9))


def push_to(endpoint: str, browser: Browser, *, is_urgent: bool = True) -> Push:
    return Push(endpoint, browser.keys, payload(SHOWN), topic_of("n", 7), is_urgent)


async def test_the_browser_reads_what_was_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        endpoint, browser = service.subscribe()
        assert await sender_to(service).send(push_to(endpoint, browser)) == Sent(Result.SENT)
    (got,) = browser.got
    assert got["web_push"] == 8030
    assert got["app_badge"] == 3
    assert got["notification"]["title"] == "Ada in Kitchen"
    assert got["notification"]["body"] == "Lunch?"
    assert got["notification"]["navigate"] == "https://chat.example.com/rooms/7/42"
    (headers,) = service.headers
    assert headers["Host"] == HOST
    assert headers["Content-Encoding"] == "aes128gcm"
    assert len(headers["Topic"]) <= 32
    assert (headers["TTL"], headers["Urgency"]) == ("86400", "high")


async def test_what_is_for_nobody_in_particular_is_kept_for_less_and_wakes_no_device(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await sender_to(service).send(push_to(*service.subscribe(), is_urgent=False))
    (headers,) = service.headers
    assert (headers["TTL"], headers["Urgency"]) == ("14400", "normal")


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (answer(200), Sent(Result.SENT)),
        (answer(404), Sent(Result.GONE)),
        (answer(410), Sent(Result.GONE)),
        (answer(429, "Retry-After: 120"), Sent(Result.LATER, 120.0)),
        (answer(429, "Retry-After: 99999999999999"), Sent(Result.LATER, LONGEST_WAIT_S)),
        (answer(429, "Retry-After: Mon, 30 Nov 2026 18:00:00 GMT"), Sent(Result.LATER)),
        (answer(503, "Retry-After: -1"), Sent(Result.LATER)),
        (answer(500), Sent(Result.LATER)),
        (answer(400), Sent(Result.REFUSED)),
        (answer(403, body=b'{"reason":"BadJwtToken"}'), Sent(Result.REFUSED)),
        (answer(413), Sent(Result.REFUSED)),
        (answer(301, "Location: https://169.254.169.254/"), Sent(Result.REFUSED)),
        (b"", Sent(Result.LATER, is_silent=True)),
        (b"SSH-2.0-OpenSSH\r\n", Sent(Result.LATER, is_silent=True)),
        (b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Sent(Result.SENT)),
        (answer(201) + b"x" * 200_000, Sent(Result.SENT)),
    ],
)
async def test_an_answer_means(tmp_path: Path, raw: bytes, wanted: Sent) -> None:
    async with running(tmp_path) as service:
        service.answers.append(raw)
        assert await sender_to(service).send(push_to(*service.subscribe())) == wanted
    assert len(service.headers) == 1


async def test_a_name_with_one_address_that_is_not_public_is_not_written_to(tmp_path: Path) -> None:
    async with running(tmp_path, ["127.0.0.1", "169.254.169.254"]) as service:
        assert await sender_to(service).send(push_to(*service.subscribe())) == Sent(Result.GONE)
    assert service.headers == []


async def test_a_service_that_cannot_be_reached_is_tried_again(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        push = push_to(*service.subscribe())
    assert await sender_to(service).send(push) == Sent(Result.LATER, is_silent=True)


@pytest.mark.parametrize("content", ["sender", "none"])
def test_a_lock_screen_shows_no_more_than_the_person_wants(content: str) -> None:
    text = payload(replace(SHOWN, content=content)).decode()  # type: ignore[arg-type]
    assert "Lunch" not in text
    assert ("Ada" in text) is (content == "sender")


def test_names_of_any_length_fit() -> None:
    assert len(payload(replace(SHOWN, sender="\x01" * 150, room="👩‍👩‍👧" * 80, excerpt="\x01" * 1000))) <= LARGEST


@pytest.mark.parametrize(
    "endpoint",
    ["https://fcm.googleapis.com/fcm/send/x", "https://web.push.apple.com/x", "https://updates.push.services.mozilla.com/wpush/v2/x",
     "https://fcm.googleapis.com:443/x", "https://wns2-par02p.notify.windows.com/w/?token=x", "https://up.example.org/x"],
)  # fmt: skip
def test_a_push_service_is_taken(endpoint: str) -> None:
    check_endpoint(endpoint, ["up.example.org"])


@pytest.mark.parametrize(
    "endpoint",
    ["http://fcm.googleapis.com/x", "https://169.254.169.254/latest/meta-data", "https://fcm.googleapis.com:8443/x",
     "https://fcm.googleapis.com@evil.example/x", "https://fcm.googleapis.com.evil.example/x", "https://push.apple.com/x",
     "https://evilpush.apple.com/x", "https://localhost/x", "https://a..push.apple.com/x", f"https://{'a' * 64}.push.apple.com/x",
     f"https://{'a.' * 125}push.apple.com/x", "https://-.push.apple.com/x", "https://fcm.googleapis.com\r\nX: y/", "https://", "x", "https://[::1]/",
     "https://fcm.googleapis.com\\@evil.example/", "https://up.example.org./x", "file:///etc/passwd"],
)  # fmt: skip
def test_no_other_address_is_taken(endpoint: str) -> None:
    with pytest.raises(CommandError) as refused:
        check_endpoint(endpoint, ["up.example.org"])
    assert list(refused.value.errors or {}) == ["endpoint"]
