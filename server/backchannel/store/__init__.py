"""What is kept: the rooms' logs and what belongs to them. The only place of the chat that knows the ORM and SQL.

models.py   the tables                 log.py      the writer: one thread, group commit
send.py     messages into the log      changes.py  everything else that writes
reads.py    room lists, pages, events  people.py   accounts → people
render.py   rows → wire shapes         read_pool.py  from the event loop into a thread
"""
