"""Sign-up through allauth: the fields of the form, and who may use it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from backchannel.accounts import display_names, invitations


class SignupForm(forms.Form):
    """Adds to allauth's username and password: `display_name`, and the `invitation`'s secret if one is needed."""

    display_name = forms.CharField(required=False, validators=[display_names.check])
    invitation = forms.CharField(max_length=200, required=False)

    def clean_invitation(self) -> str:
        secret: str = self.cleaned_data["invitation"]
        if settings.BACKCHANNEL_SIGNUP != "invitation":
            return ""
        if not secret or invitations.open_until(secret) is None:
            raise forms.ValidationError(
                invitations.why_refused(secret),
                code="invitation",
            )
        return secret

    def signup(self, request: Any, user: Any) -> None:
        """Required by allauth; by then the adapter has done everything."""
