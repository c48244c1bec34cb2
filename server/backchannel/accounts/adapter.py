"""Changes to allauth: who may sign up, how an account is saved, which client address counts."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.adapter import DefaultHeadlessAdapter
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse

from backchannel.accounts import auth_log, invitations, limits, onboarding, strict_json, tokens
from backchannel.accounts.people import person_of
from backchannel.accounts.problems import problem
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.text_rules import clean_name

_log = ProcessLog("backchannel.accounts")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The first account is made only by the setup page. An invitation is checked with the form."""
        return settings.BACKCHANNEL_SIGNUP != "closed" and onboarding.is_set_up()

    def clean_username(self, username: str, shallow: bool = False) -> str:
        name: str = super().clean_username(username.strip().lower(), shallow)
        return name

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Consume the invitation, save the account, join the first rooms. The first two happen together or not at all."""
        user.display_name = clean_name(form.cleaned_data.get("display_name", ""))
        secret = form.cleaned_data.get("invitation", "")
        try:
            with transaction.atomic():
                if secret and not invitations.claim(secret):
                    raise _refused("invitation", invitations.why_refused(secret))
                user = super().save_user(request, user, form, commit)
        except IntegrityError:
            raise _refused("username", "This username is taken.") from None
        auth_log.note("signed_up", user=user.get_username())
        onboarding.ensure_person(user)
        return user

    def set_password(self, user: Any, password: str) -> None:
        """Used by change and reset. Sessions end with the old password. Tokens end if the body has `revoke_tokens`: true for all, or the
        ids of some."""
        match = self.request.resolver_match
        if match.url_name == "change_password" and not user.has_usable_password():
            raise _refused("current_password", "This account has no password. Ask the server's operator to set one.")
        super().set_password(user, password)
        if match.url_name == "reset_password":
            limits.forget_account(user.get_username())
        which = strict_json.parse(self.request.body).get("revoke_tokens", False)
        if which:
            tokens.revoke_tokens(user, None if which is True else which)

    def send_notification_mail(self, template_prefix: str, *args: Any, **kwargs: Any) -> None:
        """Suppressed: site/notices.py sends mail about a removed address, to that address as well."""
        if template_prefix != "account/email/email_deleted":
            super().send_notification_mail(template_prefix, *args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as problem:
            # The request itself has succeeded; an answer 500 would say the opposite.
            _log.warning("mail_not_sent", template=template_prefix, error=type(problem).__name__)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Runs before a password is checked, at sign-in and at re-authentication. Replaces allauth's own counting."""
        try:
            self._counts = limits.check_sign_in(request, str(credentials.get("username", "")))
        except CommandError as refusal:
            raise ImmediateHttpResponse(problem(refusal)) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:
            limits.was_right(self._counts)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the runner found. It trusts only the proxies in BACKCHANNEL_TRUSTED_PROXIES."""
        return request.META.get("REMOTE_ADDR") or "unknown"


class HeadlessAdapter(DefaultHeadlessAdapter):  # type: ignore[misc]
    def serialize_user(self, user: Any) -> dict[str, Any]:
        """Adds the chat person's id, `user_id`, to allauth's members."""
        members: dict[str, Any] = super().serialize_user(user)
        return {**members, "user_id": person_of(user).id} if user.pk else members


def _refused(field: str, sentence: str) -> ImmediateHttpResponse:
    # In the form of allauth's own errors, which its clients understand.
    errors = [{"param": field, "code": "invalid", "message": sentence}]
    return ImmediateHttpResponse(JsonResponse({"status": 400, "errors": errors}, status=400))
