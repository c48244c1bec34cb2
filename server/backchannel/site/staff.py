"""The admin site: who may enter, and which actions require a recent password."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, reauthenticate_by_password
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from backchannel.accounts import auth_log

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

FIELD = "confirm_password"
_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS"})


class StaffSite(admin.AdminSite):
    """Every change requires the user's password within the last minutes: a token, a promotion, an address or a password created with a
    stolen session would outlive that session. The submitted form is kept while the password is asked for.

    Shares its confirmation with `POST /_allauth/browser/v1/auth/reauthenticate`: either satisfies both.
    """

    site_header = "Backchannel"
    site_title = "Backchannel"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect a signed-out visitor to the app, whose sign-in is rate limited; Django's own is not."""
        if request.user.is_authenticated:
            auth_log.note("admin_refused", user=request.user.get_username())
            return HttpResponseForbidden("Only the owner and staff may see this page.", content_type="text/plain")
        return HttpResponseRedirect("/?" + urlencode({"next": "/admin/"}))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return super().admin_view(view if view == self.logout else self._confirmed(view), cacheable)

    def _confirmed(self, view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method in _ONLY_READ or did_recently_reauthenticate(request):
                return view(request, *args, **kwargs)
            given = request.POST.get(FIELD)
            if given is None:
                return self._ask(request)
            try:
                is_right = get_adapter().reauthenticate(request.user, given)
            except ImmediateHttpResponse:
                return self._ask(request, "Too many attempts. Wait a minute, then try again.", 429)
            if not is_right:
                return self._ask(request, "This is not your password.")
            reauthenticate_by_password(request)
            return view(request, *args, **kwargs)

        return cast("View", guarded)

    def _ask(self, request: HttpRequest, problem: str = "", status: int = 403) -> HttpResponse:
        kept = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in {FIELD, "csrfmiddlewaretoken"}
        ]
        context = {**self.each_context(request), "title": "Confirm that it is you", "problem": problem, "kept": kept}
        return TemplateResponse(request, "admin/confirm_password.html", context, status=status)
