"""The page, and the shop's own API below /api. The chat's is below /chat."""

import json

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from backchannel import api
from orders import chat
from orders.models import Order


@require_GET
@login_required
@ensure_csrf_cookie
def page(request):
    return render(request, "orders/page.html")


@require_http_methods(["GET", "POST"])
@login_required
def orders(request):
    if request.method == "GET":
        return JsonResponse({"is_clerk": request.user.is_clerk, "orders": list(map(as_json, request.user.orders))})
    item = item_of(request)
    if item is None:
        return HttpResponseBadRequest('Send {"item": …}, a text of 1 to 100 characters.')
    return JsonResponse(as_json(chat.place_order(request.user, item)), status=201)


@require_POST
@login_required
def ship(request, number):
    if not request.user.is_clerk:
        raise PermissionDenied
    order = get_object_or_404(request.user.orders, pk=number)
    if order.status == Order.Status.CANCELLED:
        return HttpResponse("This order was cancelled.", status=409)
    chat.ship(order)
    return JsonResponse(as_json(order))


@require_POST
@login_required
def cancel(request, number):
    order = get_object_or_404(request.user.orders, pk=number)
    if order.status == Order.Status.SHIPPED:
        return HttpResponse("This order has been shipped.", status=409)
    chat.cancel(order)
    return JsonResponse(as_json(order))


def item_of(request):
    """What the body orders; None if it is not one short text."""
    try:
        item = json.loads(request.body)["item"].strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return item if 1 <= len(item) <= 100 else None


def as_json(order):
    """`room_id` is the chat's number of the order's room. There is one as soon as the order is committed."""
    room = api.find(order.room_key)
    return {
        "number": order.pk,
        "item": order.item,
        "status": order.get_status_display(),
        "room_id": room and room.id,
    }
