"""Generates the dashboard for Grafana, deploy/monitoring/backchannel.dashboard.json, from a list of panels. A test checks that it is up to
date.

python -m backchannel.ops.metrics.dashboard > deploy/monitoring/backchannel.dashboard.json
"""

import json
from typing import Any, Final, NamedTuple


class Panel(NamedTuple):
    title: str
    unit: str
    """As Grafana names it."""
    queries: tuple[str, ...]


def _quantile(share: float, metric: str, by: str = "transport") -> str:
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket[5m])))"


PANELS: Final = (
    Panel("People connected", "short", ("sum(backchannel_people_connected)",)),
    Panel("Connections by transport", "short", ("sum by (transport) (backchannel_connections)",)),
    Panel("Share on HTTP", "percentunit", ("backchannel:fallback:share",)),
    Panel(
        "Why not WebSocket (attempts/s)",
        "cps",
        ("sum by (stage, cause) (rate(backchannel_connection_failures_total[5m]))",),
    ),
    Panel(
        "Lost and proven again (per s)",
        "cps",
        (
            "sum by (cause) (rate(backchannel_fallbacks_total[5m]))",
            "sum(rate(backchannel_recoveries_total[5m]))",
        ),
    ),
    Panel("Closes by code", "cps", ("sum by (code) (rate(backchannel_connections_closed_total[5m]))",)),
    Panel(
        "Delivery p50 and p99, as browsers saw it",
        "s",
        (_quantile(0.5, "backchannel_delivery_seconds"), _quantile(0.99, "backchannel_delivery_seconds")),
    ),
    Panel(
        "Key press to sent, p50 and p99, as browsers saw it",
        "s",
        (_quantile(0.5, "backchannel_send_seconds"), _quantile(0.99, "backchannel_send_seconds")),
    ),
    Panel(
        "Round trip p50 and p99",
        "s",
        (_quantile(0.5, "backchannel_heartbeat_rtt_seconds"), _quantile(0.99, "backchannel_heartbeat_rtt_seconds")),
    ),
    Panel(
        "Connecting, p99 of each phase",
        "s",
        (_quantile(0.99, "backchannel_connect_seconds", "phase"),),
    ),
    Panel(
        "Lives of WebSockets (a step is a proxy's time-out)",
        "short",
        ('sum by (le) (increase(backchannel_connection_lifetime_seconds_bucket{transport="websocket"}[1h]))',),
    ),
    Panel(
        "Sends by outcome",
        "ops",
        ('sum by (outcome) (rate(backchannel_commands_total{command="send_message"}[5m]))',),
    ),
    Panel("Commands by kind, p99", "s", (_quantile(0.99, "backchannel_command_seconds", "kind"),)),
    Panel(
        "Commit p99, and the writer's queue",
        "s",
        (
            "histogram_quantile(0.99, sum by (le) (rate(backchannel_commit_seconds_bucket[5m])))",
            "backchannel_log_queue",
        ),
    ),
    Panel("Fan-out p99", "s", ("histogram_quantile(0.99, sum by (le) (rate(backchannel_fanout_seconds_bucket[5m])))",)),
    Panel("Event loop's lag p99", "s", (_quantile(0.99, "backchannel_loop_lag_seconds", "instance"),)),
    Panel("Bus", "short", ("min by (instance) (backchannel_bus_up)",)),
    Panel(
        "Repairs: by the server, and by clients that ask for what they miss",
        "cps",
        (
            "sum(rate(backchannel_repairs_total[5m]))",
            'sum(rate(backchannel_commands_total{command="get_events"}[5m]))',
        ),
    ),
    Panel(
        "Redis: time to take a batch p99, and broken connections",
        "s",
        (
            "histogram_quantile(0.99, sum by (le) (rate(backchannel_bus_seconds_bucket[5m])))",
            "sum by (role) (rate(backchannel_bus_errors_total[5m]))",
        ),
    ),
    Panel("Followers' lag", "short", ("max by (follower) (backchannel_follower_lag_events)",)),
    Panel(
        "Errors and sign-ins",
        "cps",
        (
            "sum by (side) (rate(backchannel_errors_total[5m]))",
            "sum by (event) (rate(backchannel_auth_events_total[5m]))",
        ),
    ),
    Panel(
        "Age of the newest backup",
        "s",
        ("time() - max(backchannel_backup_last_success_timestamp_seconds)",),
    ),
    Panel("Size of the newest backup", "bytes", ("max(backchannel_backup_size_bytes)",)),
    Panel("Mail by outcome", "cps", ("sum by (outcome) (rate(backchannel_mail_total[5m]))",)),
    Panel(
        "Clock against the database's, and workers replaced",
        "s",
        ("backchannel_clock_offset_seconds", "sum(increase(backchannel_worker_restarts_total[1h]))"),
    ),
    Panel("Free disk", "bytes", ("backchannel_data_free_bytes",)),
    Panel("Database and its log", "bytes", ("backchannel_database_size_bytes", "backchannel_wal_size_bytes")),
)

_ACROSS: Final = 3
_WIDTH: Final = 8
_HEIGHT: Final = 8


def dashboard() -> dict[str, Any]:
    return {
        "title": "Backchannel",
        "uid": "backchannel",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]},
        "panels": [_drawn(number, panel) for number, panel in enumerate(PANELS)],
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1) + "\n"


def _drawn(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _ACROSS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "${ds}"},
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": column * _WIDTH, "y": row * _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}},
        "targets": [{"refId": "ABCDEF"[index], "expr": query} for index, query in enumerate(panel.queries)],
    }


if __name__ == "__main__":
    print(text(), end="")
