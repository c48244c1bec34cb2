"""Catches the mistake of listing the package itself in INSTALLED_APPS. Its two apps are `backchannel.store` and
`backchannel.accounts`; the package alone has no tables, and everything would answer "unavailable"."""

from __future__ import annotations

from django.apps import AppConfig


class UmbrellaConfig(AppConfig):
    """Exists to be refused by `manage.py check`, and by every command that checks first."""

    name = "backchannel"
    label = "backchannel_umbrella"

    def ready(self) -> None:
        from backchannel.checks import register_check_of_umbrella

        register_check_of_umbrella()
