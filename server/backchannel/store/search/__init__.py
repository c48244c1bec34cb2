"""The search index, and reading by it.

    followers/search.py ─▶ index.write                  queries/search.py ─▶ searching.search
                             │                                                  │ who may read what: store/access.py
                 documents.py: what is stored                                   │ tail.py: what is not indexed yet
                             ▼                                                  ▼
                sqlite.py, postgres.py ◀──────────────── windows.py: the newest first, within a time budget

index.py   what an index is        choice.py  which one this database has       budget.py  the time that a search may take
naming.py  the people and rooms that a query names                  hits.py    candidates ─▶ hits, as the reader may see them

An index is derived from the log and holds a cursor for each room, written with what it stands for. It is never the truth: a candidate
is read from the log and matched again (`backchannel.search.matching`).
"""
