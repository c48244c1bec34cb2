"""What staff see of the fleet: `GET /api/fleet/…`, read from the evidence, the log and the audit log.

    endpoints.py   who may ask; how many reading threads its answers may take
    kept.py        what of the evidence may be shown, and the view of its tables
    now.py         people, transports, nodes, backup           problems.py   what is wrong with it      pure
    fallback.py    causes, networks, lives, who is on HTTP     rates.py      shares and quantiles       pure
    person.py      the connections of one person               connection.py, stretches.py: its rows, and reading them
    journey.py     the evidence of one message's way           facts.py, steps.py, verdict.py: what it says       pure
    errors.py, audit.py

It only reads, but for the audit log, which seals its chain before it is shown. Each answer is a fixed number of queries, each bounded by an
index, a time or a number of rows. The shapes are in protocol/fleet.py.
"""
