"""Django Channels: a consumer that is in one group. LAYER: "memory", or the URL of a Redis."""

import os

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

LAYER = os.environ["LAYER"]
MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
PUBSUB = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [LAYER]}}

settings.configure(
    SECRET_KEY="a benchmark",
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": MEMORY if LAYER == "memory" else PUBSUB},
)
django.setup()


class Room(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()
        await self.send("joined")

    async def disconnect(self, code):
        await self.channel_layer.group_discard("room", self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        await self.channel_layer.group_send("room", {"type": "room.message", "text": text_data})

    async def room_message(self, event):
        await self.send(text_data=event["text"])


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws", Room.as_asgi())])})
