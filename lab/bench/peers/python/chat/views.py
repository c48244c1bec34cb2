"""Plain Django: asynchronous views."""

import json
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpResponse, JsonResponse
from rest_framework.authtoken.models import Token

from chat import log
from chat.models import Membership, Room


async def messages(request, room_id):
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = await Token.objects.select_related("user").filter(key=key).afirst()
    if token is None:
        return HttpResponse(status=401)
    if request.method == "POST":
        body = json.loads(request.body)
        message, new = await sync_to_async(log.append)(token.user, room_id, UUID(body["id"]), body["content"])
        return JsonResponse({"message": log.shown(message), "duplicate": not new}, status=201 if new else 200)
    if not await Membership.objects.filter(room_id=room_id, user=token.user).aexists():
        return HttpResponse(status=403)
    found = [log.shown(message) async for message in log.after(room_id, int(request.GET["after"]))]
    head = await Room.objects.values_list("head", flat=True).aget(pk=room_id)
    return JsonResponse({"messages": found, "head": head})
