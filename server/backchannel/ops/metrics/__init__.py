"""Metrics on a listener of their own, and their reference.

listener.py   answers GET /metrics at `BACKCHANNEL_METRICS_LISTEN`
about.py      what is true of the whole node: version, people connected, sizes
families.py   every family of metrics, from all modules that define some
reference.py  writes docs/reference/metrics.md
"""
