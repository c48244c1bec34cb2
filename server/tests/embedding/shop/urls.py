from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def orders(_: HttpRequest) -> HttpResponse:
    return HttpResponse("no orders")


@csrf_exempt
def photos(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.FILES['photo'])} bytes")


def sheet(_: HttpRequest) -> HttpResponse:
    return HttpResponse("h1 {}", content_type="text/css")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("orders/", orders),
    path("photos/", photos),
    path("api/photos", photos),
    path("api/orders", orders),
    path("static/shop.css", sheet),
]
