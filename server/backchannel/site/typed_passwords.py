"""Keeps allauth's forms from stripping passwords (docs/decisions/217-passwords-as-typed.md)."""

from allauth.headless.account import inputs


def take_passwords_as_typed() -> None:
    """The command line, the setup page and the admin pages do not strip; otherwise a password set there could not sign in."""
    for form, field in (
        (inputs.LoginInput, "password"),
        (inputs.SignupInput, "password"),
        (inputs.ResetPasswordInput, "password"),
        (inputs.ChangePasswordInput, "current_password"),
        (inputs.ChangePasswordInput, "new_password"),
        (inputs.ReauthenticateInput, "password"),
    ):
        form.base_fields[field].strip = False
