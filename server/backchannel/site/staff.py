"""The way to the admin pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.utils.http import urlencode


def sign_in_by_the_app(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Send whoever is not signed in to the app, whose sign-in is limited in rate; Django's own is not."""
    if request.user.is_authenticated:
        return HttpResponseForbidden("Only the owner and staff may see this page.", content_type="text/plain")
    return HttpResponseRedirect("/?" + urlencode({"next": "/admin/"}))
