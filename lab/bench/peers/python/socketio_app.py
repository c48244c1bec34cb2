"""python-socketio: a room, and `emit` to it."""

import socketio

server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], cors_allowed_origins="*")
application = socketio.ASGIApp(server)


@server.event
async def connect(sid, environ):
    await server.enter_room(sid, "room")


@server.event
async def message(sid, data):
    await server.emit("message", data, room="room")
