"""Who hears of it: from a committed fact to every socket and poll that listens.

envelopes.py what travels on the bus          bus.py     the port; memory.py: one process
hub.py     who listens in this process      presence.py  who is there
"""
