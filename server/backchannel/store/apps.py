"""The chat as a Django app, for the standalone site and for any other."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "backchannel.store"
    label = "backchannel"
    verbose_name = "Chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backchannel.checks import register_checks

        register_checks()
