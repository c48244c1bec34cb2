"""The site's own addresses, some with names that the chat has below its prefix."""

import os

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt


def orders(_: HttpRequest) -> HttpResponse:
    return HttpResponse("no orders")


@csrf_exempt
def photos(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.FILES['photo'])} bytes")


def sheet(_: HttpRequest) -> HttpResponse:
    return HttpResponse("h1 {}", content_type="text/css")


urlpatterns = [
    *([path("admin/", admin.site.urls)] if apps.is_installed("django.contrib.admin") else []),
    path("orders/", orders),
    path("photos/", photos),
    path("api/photos", photos),
    path("api/orders", orders),
    path("api/sync", orders),
    path("metrics", orders),
    path("healthz", orders),
    path("chats/", orders),
    path("static/shop.css", sheet),
    *(re_path(pattern, orders) for pattern in os.environ.get("SHOP_URLS", "").split()),
]
