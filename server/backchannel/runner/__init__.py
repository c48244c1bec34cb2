"""From a command to a listening server: uvicorn, with what it leaves open settled.

start.py       what `backchannel serve` does, in order     listening.py   the socket
server.py      uvicorn's server, and how it stops          protocol.py    limits to headers
"""
