"""From a command to a listening server: uvicorn, with the limits and the shutdown that it leaves to others.

start.py       what `backchannel serve` does, in order
workers.py     several processes under a supervisor       notify.py            systemd's readiness and watchdog
server.py      uvicorn's server and its shutdown          listening.py         the listening socket
http_protocol.py  HTTP/1.1 on one connection              head.py              checks of a request's head, pure
request_cycle.py  one request and its response            connection_limit.py  connections of one address
body_pace.py   the time a request body may take           addresses.py         addresses of a connection
websocket/     WebSockets
"""
