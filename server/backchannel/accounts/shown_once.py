"""The page that shows a new secret, once: from memory to the screen, bypassing messages, cookies, sessions and caches."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse


def show_once(page: ModelAdmin[Any], request: HttpRequest, secret: str, label: str, lead: str) -> HttpResponse:
    """Answer the form that created `secret`."""
    options = page.model._meta
    context = {
        **page.admin_site.each_context(request),
        "opts": options,
        "title": f"Copy the {label.lower()} now",
        "secret": secret,
        "label": label,
        "lead": lead,
        "list_url": reverse(f"admin:{options.app_label}_{options.model_name}_changelist"),
    }
    response = TemplateResponse(request, "backchannel_accounts/shown_once.html", context)
    response["Cache-Control"] = "no-store"
    return response
