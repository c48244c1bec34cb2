"""A client that follows SPEC.md, and does nothing that would hide a mistake of the server.

What it holds, and how frames change that, is the reference client's (tests/reference). Here is what is around it:

outbox.py   messages not yet acked: one in flight for each room, always under the same id
sender.py   how they are sent            repairs.py  what is asked for: events, history, the list
client.py   sockets, polls, timers
"""
