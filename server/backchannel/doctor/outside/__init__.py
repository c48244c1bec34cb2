"""The doctor from outside. Read in this order:

target.py     the address: resolving, connecting, TLS
asking.py     one HTTP request on a connection of its own
websocket.py  a WebSocket client
bots.py       a signed-in client over both transports
round_trip.py one message from bot to bot by each transport; `backchannel probe` is this alone
address.py    DNS, connections, certificate, redirect
proxy.py      recognises the proxy by what it answers, and knows the lines to paste
chat.py       without credentials: answers, upgrade, bodies, Host, internal pages
signed_in.py  with two bots: forged headers, waiting polls, silence, round trips
examine.py    the order in which all of it is done
"""
