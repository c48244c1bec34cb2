"""The rows of the benchmark, in the order in which they are measured.

A row is a module with `run(bench: Bench) -> None`. Where a part of the project measures itself in a folder of its own,
that folder has a `row.py` of this shape.
"""

ROWS = {
    "fanout": "bench.rows.fanout",
    "even": "bench.rows.even",
    "sends": "bench.rows.sends",
    "http": "bench.rows.http",
    "polls": "bench.rows.polls",
    "memory": "bench.rows.memory",
    "start": "bench.rows.start",
    "original": "bench.rows.original",
    "growth": "bench.rows.growth",
    "workers": "bench.rows.workers",
    "storm": "bench.storm.row",
    "reads": "bench.reads.row",
    "browser": "bench.browser.row",
}

QUICK = ("fanout", "even", "sends", "http", "polls", "memory", "start", "original")
"""What a quick run measures where no row is named: under five minutes in all."""
