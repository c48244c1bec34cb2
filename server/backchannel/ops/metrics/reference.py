"""Generates docs/reference/metrics.md from the metrics. A test checks that the page is up to date.

DJANGO_SETTINGS_MODULE=backchannel.site.settings python -m backchannel.ops.metrics.reference > docs/reference/metrics.md
"""

from backchannel.evidence.causes import Cause, Stage
from backchannel.ops.metrics.families import all_families

_HEAD = """# Metrics

In the text format of Prometheus, at `/metrics` of `BACKCHANNEL_METRICS_LISTEN`; without that setting at the server's own address, which the
proxy has to hide. With several workers each sample has the label `worker`, and any worker answers for all.

Every label has a closed set of values: no person, room or address is among them. Counters start at 0 with their process. Alert rules and a
dashboard are in [`deploy/monitoring`](../../deploy/monitoring/README.md).

| metric | type | labels | what it is |
|---|---|---|---|
"""
_CAUSES = """
## Causes and stages

`backchannel_connection_failures_total` counts each attempt to use the WebSocket that failed or was cut, once, when its cause is known: from what
the server saw of it, and from what the client reports. [causes.md](causes.md) says what each cause means and what to do.

"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{family.name}` | {family.kind} | {', '.join(f'`{label}`' for label in family.labels) or '–'} | {family.help} |"
        for family in all_families()
    ]
    causes = f"Causes: {_listed(Cause)}.\n\nStages: {_listed(Stage)}.\n"
    return _HEAD + "\n".join(rows) + "\n" + _CAUSES + causes


def _listed(words: type[Cause] | type[Stage]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
    django.setup()
    print(page(), end="")
