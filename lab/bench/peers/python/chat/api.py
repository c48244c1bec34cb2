"""Django Ninja: asynchronous operations with schemas."""

from datetime import datetime
from uuid import UUID

from asgiref.sync import sync_to_async
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer
from rest_framework.authtoken.models import Token

from chat import log
from chat.models import Membership, Room


class Bearer(HttpBearer):
    async def authenticate(self, request, token):
        found = await Token.objects.select_related("user").filter(key=token).afirst()
        return found and found.user


class SenderOut(Schema):
    id: int
    username: str


class MessageOut(Schema):
    id: UUID
    room_id: int
    seq: int
    sender: SenderOut
    content: str
    created_at: datetime


class SendIn(Schema):
    id: UUID
    content: str


class SentOut(Schema):
    message: MessageOut
    duplicate: bool


class PageOut(Schema):
    messages: list[MessageOut]
    head: int


api = NinjaAPI(auth=Bearer(), docs_url=None, openapi_url=None)


@api.post("rooms/{room_id}/messages", response={201: SentOut, 200: SentOut})
async def send(request, room_id: int, body: SendIn):
    message, new = await sync_to_async(log.append)(request.auth, room_id, body.id, body.content)
    return (201 if new else 200), {"message": message, "duplicate": not new}


@api.get("rooms/{room_id}/messages", response=PageOut)
async def page(request, room_id: int, after: int):
    if not await Membership.objects.filter(room_id=room_id, user=request.auth).aexists():
        raise HttpError(403, "not a member")
    found = [message async for message in log.after(room_id, after)]
    return {"messages": found, "head": await Room.objects.values_list("head", flat=True).aget(pk=room_id)}
