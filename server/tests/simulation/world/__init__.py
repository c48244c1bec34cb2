"""What a seed's world is made of.

world.py    everything together      node.py    one server process: the server's own code, put together
store.py    the tables               statements.py  what each SQL statement means to them     writer.py  its thread
bus.py      between nodes            network.py     between clients and nodes
chance.py   all randomness           history.py     what happened, for tools/checker.py
"""
