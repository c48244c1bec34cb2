"""The admin page of tokens. A token is shown once, on the page that answers its form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from backchannel.accounts.models import Token
from backchannel.accounts.secrets import TOKEN_PREFIX, digest, new_secret
from backchannel.accounts.shown_once import show_once


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "user", "created", "last_used", "expires", "revoked")
    list_filter = ("revoked",)
    search_help_text = "By the token's name, or its user's."
    fields = ("user", "name", "expires", "created", "last_used", "revoked")
    readonly_fields = ("created", "last_used", "revoked")
    raw_id_fields = ("user",)
    actions = ("revoke",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        # Users of an embedding site may be identified by anything: an e-mail address, a staff number.
        return "name", f"user__{get_user_model().USERNAME_FIELD}"

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        if not change:
            secret = new_secret(TOKEN_PREFIX)
            obj.digest = digest(secret)
            obj.secret = secret
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Token, post_url_continue: str | None = None) -> HttpResponse:
        lead = f"Programs send this token as “Authorization: Bearer” and act as {obj.user}."
        return show_once(self, request, obj.secret, "Token", lead)

    @admin.action(description="Revoke: programs that use it are disconnected at once")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        # One by one: a bulk update would send no signals, and so close no sockets.
        for token in queryset.filter(revoked=None):
            token.revoked = timezone.now()
            token.save(update_fields=["revoked"])
