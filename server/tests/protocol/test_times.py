"""Times of the wire."""

import pytest

from backchannel.protocol import times
from backchannel.protocol.errors import CommandError, time_of


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-12-01T09:00:00Z"])
def test_what_is_read_can_be_written(text: str) -> None:
    assert times.to_wire(times.from_wire(text)) == text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_whose_offset_leads_out_of_all_years_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        times.from_wire(text)
    with pytest.raises(CommandError):
        time_of("at", text)
