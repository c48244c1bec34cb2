"""Admin pages of people and invitations. A link is shown once, on the page that answers its form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from backchannel.accounts import display_names, onboarding, tokens
from backchannel.accounts.invitations import DEFAULT_LIFE
from backchannel.accounts.models import Invitation, User
from backchannel.accounts.secrets import digest, new_secret
from backchannel.accounts.shown_once import show_once
from backchannel.accounts.views import invitation_url
from backchannel.site import notices
from backchannel.store import people
from backchannel.text_rules import clean_name

# Groups grant nothing here.
admin.site.unregister(Group)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    def clean_display_name(self) -> str:
        display_names.check(self.cleaned_data["display_name"])
        return clean_name(self.cleaned_data["display_name"])


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "display_name", "email")
    form = PersonForm
    add_form = AdminUserCreationForm
    actions = ("revoke_tokens",)
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "An account that is not active is signed out everywhere at once.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        # SQLite folds the case of ASCII only; search as the app does.
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        accounts = people.accounts_found(search_term.replace("\x00", ""))
        return found | queryset.filter(pk__in=accounts), may_repeat

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        before = form.initial.get("email", "") if change else ""
        super().save_model(request, obj, form, change)
        if before and before != obj.email:
            # allauth keeps its own list of addresses; one removed only here could still recover the account.
            listed = EmailAddress.objects.filter(user=obj, email__iexact=before)
            if not listed.delete()[0]:
                notices.notify(obj, [before], f"The e-mail address {before} was removed from")
        if not change:
            # Joining rooms goes through the log's writer, which waits for this transaction to end.
            transaction.on_commit(lambda: onboarding.ensure_person(obj))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's, and reports which tokens remain valid after the change."""
        response = super().user_change_password(request, id, form_url)
        person = self.get_object(request, unquote(id))
        if response.status_code == 302 and person is not None and (left := len(tokens.tokens_of(person))):
            messages.warning(
                request,
                f"{person} is signed out everywhere, but {left} token{'s remain' if left > 1 else ' remains'} valid. "
                "Anyone who had the old password may know them: revoke them under Tokens, or with the action in the list of people.",
            )
        return response

    @admin.action(description="Revoke all tokens: programs that use them are disconnected at once")
    def revoke_tokens(self, request: HttpRequest, queryset: Any) -> None:
        revoked = sum(tokens.revoke_tokens(person) for person in queryset)
        messages.success(request, f"Tokens revoked: {revoked}.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Messages remain and need their author: deactivate accounts instead.
        return False


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    days = forms.IntegerField(
        min_value=1, max_value=365, initial=DEFAULT_LIFE.days, help_text="How long the link works."
    )

    class Meta:
        model = Invitation
        fields = ("max_uses",)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "created_by", "created", "expires", "uses", "max_uses")
    form = InvitationForm

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        obj.secret = new_secret()
        obj.digest = digest(obj.secret)
        obj.created_by = request.user  # type: ignore[assignment]
        obj.expires = timezone.now() + timedelta(days=form.cleaned_data["days"])
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        lead = "Anyone who opens this link can create an account here."
        return show_once(self, request, invitation_url(request, obj.secret), "Link", lead)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
