"""From a command to a listening server: uvicorn, with what it leaves open settled.

start.py         what `backchannel serve` does, in order   protocol.py      limits to headers
workers.py       several processes, supervised
listening.py     the socket                                websocket.py     a WebSocket, by callback
server.py        uvicorn's server, and how it stops        asgi_handshake.py  how one is opened: the ASGI call
frame_reader.py  what a client's bytes say                 request.py       and its HTTP
"""
