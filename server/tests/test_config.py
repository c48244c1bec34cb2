"""The setting BACKCHANNEL of a site: its defaults, its values, and the error for each unusable one."""

from __future__ import annotations

from typing import Any

import pytest

from backchannel.config import ConfigError, read_config
from backchannel.protocol.shapes import Limits


def test_an_empty_dictionary_gives_the_defaults() -> None:
    config = read_config({})
    assert (config.origins, config.redis_urls, config.heartbeat_s, config.limits) == ((), (), 30, Limits())


def test_given_values_are_used() -> None:
    config = read_config(
        {
            "ORIGINS": ["https://shop.example"],
            "REDIS_URLS": ("redis://a", "redis://b"),
            "HEARTBEAT_S": 7,
            "ARRIVALS_AT_ONCE": 2,
            "LIMITS": {"content_bytes": 10, "sends_per_second": 2.5},
        }
    )
    assert config.origins == ("https://shop.example",)
    assert config.redis_urls == ("redis://a", "redis://b")
    assert (config.heartbeat_s, config.arrivals_at_once) == (7, 2)
    assert config.limits == Limits(content_bytes=10, sends_per_second=2.5)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "BACKCHANNEL is not a dictionary; write BACKCHANNEL = {…}"),
        ({"HEARTBEATS": 7}, 'BACKCHANNEL["HEARTBEATS"] is unknown: did you mean HEARTBEAT_S?'),
        ({"redis_urls": []}, 'BACKCHANNEL["redis_urls"] is unknown: did you mean REDIS_URLS?'),
        ({"HEARTBEAT_S": "7"}, 'BACKCHANNEL["HEARTBEAT_S"] cannot be used: expected `int`, got `str`'),
        ({"HEARTBEAT_S": 0}, 'BACKCHANNEL["HEARTBEAT_S"] cannot be used: expected `int` >= 1'),
        ({"ORIGINS": "https://x"}, 'BACKCHANNEL["ORIGINS"] cannot be used: expected `array`, got `str`'),
        (
            {"ORIGINS": ["shop.example"]},
            'BACKCHANNEL["ORIGINS"] names shop.example; write it like https://chat.example.com',
        ),
        (
            {"ORIGINS": ["https://shop.example/chat"]},
            'BACKCHANNEL["ORIGINS"] names https://shop.example/chat; an origin ends after the host and port',
        ),
        (
            {"ORIGINS": ["https://*.shop.example"]},
            'BACKCHANNEL["ORIGINS"] names https://*.shop.example; write each host in full: no *, and xn--… for letters beyond ASCII',
        ),
        (
            {"REDIS_URLS": ["127.0.0.1:6379"]},
            'BACKCHANNEL["REDIS_URLS"] begins with none of redis://, rediss://, unix://',
        ),
        ({"ARRIVALS_AT_ONCE": 8}, 'BACKCHANNEL["ARRIVALS_AT_ONCE"] cannot be used: expected `int` <= 7'),
        (
            {"LIMITS": {"content_bytes": 16385}},
            'BACKCHANNEL["LIMITS"]["content_bytes"] is above 16384, the most that the protocol allows',
        ),
        ({"LIMITS": 3}, 'BACKCHANNEL["LIMITS"] is not a dictionary'),
        ({"LIMITS": {"burst": 3}}, 'BACKCHANNEL["LIMITS"]["burst"] is unknown: did you mean send_burst?'),
        ({"LIMITS": {"page": 3}}, 'BACKCHANNEL["LIMITS"]["page"] is fixed by the protocol; leave it out'),
        ({"LIMITS": {"content_bytes": 0}}, 'BACKCHANNEL["LIMITS"]["content_bytes"] is not above 0'),
    ],
)
def test_the_error_for_an_unusable_value_names_it_and_what_to_write_instead(given: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(given)
    assert caught.value.problems == [problem]


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config({"A": 1, "HEARTBEAT_S": None, "LIMITS": {"b": 2}})
    assert len(caught.value.problems) == 3
