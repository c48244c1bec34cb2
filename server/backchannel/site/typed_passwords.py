"""Passwords as they are typed, in allauth's forms too (docs/decisions/217-passwords-as-typed.md)."""

from allauth.headless.account import inputs


def take_passwords_as_typed() -> None:
    """These strip; the command line, the setup page and the admin pages do not, so nobody could sign in with what was set there."""
    for form, field in (
        (inputs.LoginInput, "password"),
        (inputs.SignupInput, "password"),
        (inputs.ResetPasswordInput, "password"),
        (inputs.ChangePasswordInput, "current_password"),
        (inputs.ChangePasswordInput, "new_password"),
        (inputs.ReauthenticateInput, "password"),
    ):
        form.base_fields[field].strip = False
