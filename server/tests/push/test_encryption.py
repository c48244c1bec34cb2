"""What only the browser can read, and by which key the server is known: the vectors of the RFCs."""

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from backchannel.config import read_push_contact
from backchannel.push.browser_keys import from_base64url, read_keys, to_base64url
from backchannel.push.encryption import SIZES, TooLarge, encrypt, padded
from backchannel.push.keys import RENEW_S, TOKEN_S, ServerKey, is_key, new_key
from backchannel.push.payload import LARGEST

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
RECEIVER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SENDER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXz"
    "tLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
# RFC 8292, section 2.4.
TOKEN_OF_RFC = (
    "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1ha"
    "Wx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA,"
    "k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
)
CONTACT = "mailto:admin@chat.example.com"
ENDPOINT = "https://push.example.net/p/1"


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())


def test_the_vector_of_rfc_8291() -> None:
    keys = read_keys(RECEIVER_PUBLIC, AUTH)
    body = encrypt(PLAIN, keys, salt=from_base64url(SALT), private_key=private_key(SENDER_PRIVATE))
    assert to_base64url(body) == BODY


def test_each_message_has_a_salt_and_a_key_of_its_own() -> None:
    keys = read_keys(RECEIVER_PUBLIC, AUTH)
    one, other = encrypt(PLAIN, keys), encrypt(PLAIN, keys)
    assert one[:16] != other[:16]
    assert one[21:86] != other[21:86]


@pytest.mark.parametrize("size", [0, 1, 1024, LARGEST])
def test_what_fits_is_one_record_that_every_service_takes(size: int) -> None:
    browser = ec.generate_private_key(ec.SECP256R1())
    keys = read_keys(to_base64url(public_of(browser)), AUTH)
    body = encrypt(b"x" * size, keys)
    assert len(body) <= 4096
    plain = http_ece.decrypt(body, private_key=browser, auth_secret=keys.auth, version="aes128gcm")
    assert plain == b"x" * size


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(TooLarge):
        encrypt(b"x" * (LARGEST + 1), read_keys(RECEIVER_PUBLIC, AUTH))


def test_a_length_says_little() -> None:
    assert {len(padded(b"x" * size)) for size in range(1, LARGEST + 1, 7)} == set(SIZES)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH),
        (RECEIVER_PUBLIC, ""),
        (RECEIVER_PUBLIC[:-2], AUTH),
        (to_base64url(b"\x02" + from_base64url(RECEIVER_PUBLIC)[1:33]), AUTH),  # compressed
        (RECEIVER_PUBLIC, "ä" * 22),
        (RECEIVER_PUBLIC, AUTH + "AAAA"),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError):
        read_keys(p256dh, auth)


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"curve|point|key"):
        encrypt(PLAIN, read_keys("B" + "A" * 86, AUTH))


def test_the_vector_of_rfc_8292() -> None:
    assert Vapid02.verify(TOKEN_OF_RFC)


def test_a_token_is_signed_and_names_the_service_alone() -> None:
    key = ServerKey(new_key(), CONTACT, lambda: 1_000_000.0)
    header = key.authorization(ENDPOINT)
    assert Vapid02.verify(header)
    assert header.endswith(f",k={key.public}")
    claims = from_base64url(header.split(".")[1]).decode()
    assert '"aud":"https://push.example.net"' in claims.replace(" ", "")
    assert "/p/1" not in claims


def test_a_token_is_kept_until_it_is_about_to_end() -> None:
    now = 1_000_000.0
    key = ServerKey(new_key(), CONTACT, lambda: now)
    first = key.authorization(ENDPOINT)
    now += TOKEN_S - RENEW_S
    assert key.authorization(ENDPOINT) == first
    now += 1
    assert key.authorization(ENDPOINT) != first
    assert key.authorization("https://other.example.net/p/1") != first


def test_a_stored_key_is_the_same_key_again() -> None:
    stored = new_key()
    assert is_key(stored)
    assert ServerKey(stored, CONTACT, float).public == ServerKey(stored, CONTACT, float).public
    assert not is_key("")


@pytest.mark.parametrize("contact", [CONTACT, "https://chat.example.com", "https://chat.example.com/team"])
def test_a_real_contact_is_taken(contact: str) -> None:
    assert read_push_contact(contact) == contact


@pytest.mark.parametrize(
    "contact",
    ["admin@chat.example.com", "mailto:root@localhost", "mailto:a@b.invalid", "https://localhost:8000", "https://10.0.0.1",
     "https://[::1]/", "http://chat.example.com", "mailto:a@b@c.example.com", "https://chat.local"],
)  # fmt: skip
def test_a_contact_that_apple_would_refuse_is_refused(contact: str) -> None:
    with pytest.raises(ValueError, match="write a real address"):
        read_push_contact(contact)
