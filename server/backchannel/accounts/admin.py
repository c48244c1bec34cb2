"""The admin page of tokens. A token is shown once, when it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone

from backchannel.accounts.models import Token
from backchannel.accounts.secrets import TOKEN_PREFIX, digest, new_secret


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "user", "created", "last_used", "revoked")
    list_filter = ("revoked",)
    search_fields = ("name", "user__username")
    fields = ("user", "name", "created", "last_used", "revoked")
    readonly_fields = ("created", "last_used", "revoked")
    raw_id_fields = ("user",)
    actions = ("revoke",)

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        if not change:
            secret = new_secret(TOKEN_PREFIX)
            obj.digest = digest(secret)
            messages.warning(request, f"Copy the token now; it is not shown again: {secret}")
        super().save_model(request, obj, form, change)

    @admin.action(description="Revoke: what uses it is cut off at once")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        # One by one: an update of all would pass by the announcement that closes the sockets.
        for token in queryset.filter(revoked=None):
            token.revoked = timezone.now()
            token.save(update_fields=["revoked"])
