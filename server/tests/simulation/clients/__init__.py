"""A client by the book: what SPEC.md asks of one, and nothing that would hide a server's mistake.

replica.py  what it holds, and the rules by which frames change it (SPEC 7): pure
outbox.py   what it has yet to say: one in flight for each room, the same id for ever
client.py   sockets, polls, hedges, timers
"""
