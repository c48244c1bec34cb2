from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path


def orders(_: HttpRequest) -> HttpResponse:
    return HttpResponse("no orders")


urlpatterns = [path("admin/", admin.site.urls), path("orders/", orders)]
