from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "backchannel.site"
    label = "backchannel_site"
    verbose_name = "Chat server"

    def ready(self) -> None:
        from allauth.headless.account import inputs

        # These strip what is typed; the command line, the setup page and the admin pages do not, so nobody could sign in with it.
        for form, field in (
            (inputs.LoginInput, "password"),
            (inputs.SignupInput, "password"),
            (inputs.ResetPasswordInput, "password"),
            (inputs.ChangePasswordInput, "current_password"),
            (inputs.ChangePasswordInput, "new_password"),
            (inputs.ReauthenticateInput, "password"),
        ):
            form.base_fields[field].strip = False
