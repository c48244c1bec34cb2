from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "backchannel.accounts"
    # A plain "accounts" would collide with the app of that name that many sites have.
    label = "backchannel_accounts"
    verbose_name = "People and access"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        from backchannel.checks import require_apps

        require_apps()  # the models refer to those of the other app
        super().import_models()

    def ready(self) -> None:
        from django.core.checks import register

        from backchannel.accounts import auth_events, hook_checks, revocation, syncing

        revocation.watch()
        syncing.watch()
        auth_events.watch()
        register(hook_checks.check_methods)
