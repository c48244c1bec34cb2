"""What a seed's world is made of.

world.py     everything together        node.py    one server process: the server's own code, put together
database.py  SQLite in memory, faults   stored.py  what it has stored             writer.py  the writer without its thread
bus.py       between nodes              network.py between clients and nodes
chance.py    all randomness             history.py what happened, for lab/checker/checks.py
"""
