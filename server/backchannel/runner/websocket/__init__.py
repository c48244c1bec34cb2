"""WebSockets under uvicorn, without a task, a queue or a timer for an idle one.

server.py        uvicorn's `ws`: makes the link, and starts the ASGI call of each handshake
asgi_call.py     the ASGI call: accept, refuse, attach a peer; or the standard send and receive
socket_link.py   the asyncio shell: transport, timers, peer
protocol.py      the connection as a pure machine: bytes in, messages out, bytes out
handshake.py     the HTTP of the opening handshake, pure
frame_reader.py  RFC 6455 frames, pure

Each imports only those below it.
"""
