"""Catches the mistake of listing the package itself in INSTALLED_APPS. Its two apps are `backchannel.store` and
`backchannel.accounts`; the package alone has no tables, and everything would answer "unavailable"."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register


class UmbrellaConfig(AppConfig):
    """Exists to be refused by `manage.py check`, and by every command that checks first."""

    name = "backchannel"
    label = "backchannel_umbrella"

    def ready(self) -> None:
        register(_refuse)


def _refuse(**_: Any) -> list[Error]:
    return [
        Error(
            'INSTALLED_APPS lists "backchannel", which is not an app.',
            hint='Write "backchannel.store" and "backchannel.accounts" instead.',
            id="backchannel.E001",
        )
    ]
