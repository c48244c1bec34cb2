"""Moments as they are compared, always with a time zone, and as the site's Django stores them, which depends on its `USE_TZ`."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils.timezone import get_default_timezone, is_naive, make_aware, make_naive


def stored(moment: datetime) -> datetime:
    """`moment`, which has a time zone, for a column of this site."""
    return moment if settings.USE_TZ else make_naive(moment, get_default_timezone())


def with_zone(moment: datetime) -> datetime:
    """A moment from a column of this site, with its time zone."""
    return make_aware(moment, get_default_timezone()) if is_naive(moment) else moment


def is_over(moment: datetime | None) -> bool:
    """Whether this moment, which has a time zone, is past; None never is."""
    return moment is not None and moment <= datetime.now(UTC)
