"""The database: the rooms' logs and everything that belongs to them. The only part of the chat that knows the ORM and SQL.

models.py      the tables                         log.py        the writer: one thread, group commit
operation.py   what the writer executes           transaction.py  its batch: locks, events, user updates
reads.py       pages and events of the log        rooms.py, people.py, access.py  the other reads
render.py      rows → wire shapes                 read_pool.py  from the event loop into a thread and back
"""
