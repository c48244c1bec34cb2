"""Fan-out: from what the bus carries to every subscriber of this process.

bus.py         the port; memory.py: one process, redis.py: many      envelopes.py   what it carries
hub.py         who subscribes to what, and routing                   listening.py   the rooms of one subscriber
room_channel.py  one room: order and delivery                        repairs.py     reads what the bus lost
presence.py    who is online; presence_broadcast.py sends it         subscriber.py  what the hub delivers to
"""
