"""The rows of the benchmark, in the order in which they are measured.

A row is a module with `run(bench: Bench) -> None`. Where a part of the project measures itself in a folder of its own,
that folder has a `row.py` of this shape.
"""

ROWS = {
    "fanout": "lab.bench.rows.fanout",
    "even": "lab.bench.rows.even",
    "sends": "lab.bench.rows.sends",
    "http": "lab.bench.rows.http",
    "polls": "lab.bench.rows.polls",
    "memory": "lab.bench.rows.memory",
    "start": "lab.bench.rows.start",
    "original": "lab.bench.rows.original",
    "growth": "lab.bench.rows.growth",
    "workers": "lab.bench.rows.workers",
    "storm": "lab.bench.storm.row",
    "reads": "lab.bench.reads.row",
    "search": "lab.bench.search.row",
    "browser": "lab.bench.browser.row",
    "files": "lab.bench.files.row",
}

QUICK = ("fanout", "even", "sends", "http", "polls", "memory", "start", "original")
"""What a quick run measures where no row is named: under five minutes in all."""
