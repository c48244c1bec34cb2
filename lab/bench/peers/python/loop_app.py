"""An ASGI application without a framework: the set of those who listen, and a loop over it."""

listeners = set()


async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    listeners.add(send)
    await send({"type": "websocket.send", "text": "joined"})
    try:
        while (message := await receive())["type"] == "websocket.receive":
            event = {"type": "websocket.send", "text": message["text"]}
            for listener in list(listeners):
                await listener(event)
    finally:
        listeners.discard(send)
