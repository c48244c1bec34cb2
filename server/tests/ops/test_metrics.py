"""What is written about metrics is true: reference, rules and dashboard name only what there is, and a page has a bounded number of
samples."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backchannel.counted_histogram import CountedHistogram
from backchannel.evidence import metrics
from backchannel.evidence.causes import Cause, Stage
from backchannel.evidence.classify import Verdict
from backchannel.ops.metrics import dashboard, reference
from backchannel.ops.metrics.families import MODULES, all_families
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code
from backchannel.transports.metrics import count_command
from tests.protocol.vectors import ROOT
from tests.running import Running, running, somebody

MONITORING = ROOT / "deploy" / "monitoring"
RULES = MONITORING / "backchannel.rules.yml"
DASHBOARD = MONITORING / "backchannel.dashboard.json"
MOST_SAMPLES = 600


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running(analytics="on") as it:
        yield it


def named_in(text: str) -> set[str]:
    """Metrics of ours, and names that rules record."""
    return set(re.findall(r"\bbackchannel[_:][a-z0-9_:]+", text))


def recorded() -> set[str]:
    return set(re.findall(r"- record: (\S+)", RULES.read_text("utf-8")))


def known() -> set[str]:
    return {sample for family in all_families() for sample in family.samples} | recorded()


def test_the_reference_is_up_to_date() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert page == reference.page(), "python -m backchannel.ops.metrics.reference > docs/reference/metrics.md"


def test_every_module_that_defines_metrics_is_in_the_reference() -> None:
    """Otherwise the reference depends on what happens to be imported."""
    package = ROOT / "server" / "backchannel"
    defining = {
        ".".join(file.relative_to(package.parent).with_suffix("").parts)
        for file in package.rglob("*.py")
        if re.search(r"(Counter|Gauge|Histogram)\(\s*\"backchannel_", file.read_text("utf-8"))
    }
    assert {name for name in defining if not name.startswith("backchannel.ops.")} <= set(MODULES)


def test_the_dashboard_is_up_to_date() -> None:
    assert DASHBOARD.read_text("utf-8") == dashboard.text(), (
        "python -m backchannel.ops.metrics.dashboard > deploy/monitoring/backchannel.dashboard.json"
    )


@pytest.mark.parametrize("file", [RULES, DASHBOARD, MONITORING / "rules_test.yml"], ids=lambda file: file.name)
def test_rules_and_dashboard_name_only_what_there_is(file: Path) -> None:
    unknown = named_in(file.read_text("utf-8")) - known()
    assert not unknown


def test_each_alert_has_its_section_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    for anchor in re.findall(r'runbook: "docs/runbook.md#(\w+)"', RULES.read_text("utf-8")):
        assert f'<a id="{anchor}"></a>' in runbook, anchor


def test_a_busy_server_exposes_what_the_reference_names_and_no_more_than_600_samples(server: Running) -> None:
    """With every cause and every kind of report at once, and with all commands, each with many outcomes."""
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    with server.device(ada) as device:
        device.call("send_message", room_id=room_id, content="hello")
        for word in ("get_room_list", "get_me", "get_people"):
            device.call(word, **({"query": "x"} if word == "get_people" else {}))
    for word in ("get_room_list", "get_me"):
        server.do(ada, word)
    server.do(ada, "send_message", room_id=room_id, content="hello")
    for word, transport, outcome in product(COMMANDS, ("websocket", "http"), Code):
        count_command(word, transport, outcome.word, 0.1)
    metrics.count_failures([Verdict(Stage.LIVE, cause) for cause in Cause])
    timings = {"delivery": [1], "send": [1], "rtt": [1]}
    attempt = {"ended": "closed", "age": 0, "lived": 9, "took": [1, 1, 1, 1]}
    report = {"websocket": timings, "http": timings, "attempts": [attempt]}
    assert server.http.post("/api/report", json=report, headers=ada.headers).status_code == 200
    page = server.http.get("/metrics").text
    samples = [line for line in page.splitlines() if line and not line.startswith("#")]
    assert len(samples) <= MOST_SAMPLES
    there = {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}
    assert {name for name in there if name.startswith("backchannel_")} <= known()


def test_clients_cannot_make_labels() -> None:
    assert metrics.client_label("x" * 64) == "other"
    assert metrics.code_label(3999) == "other"


def test_a_counted_histogram_is_cumulative() -> None:
    registry = prometheus_client.CollectorRegistry()
    histogram = CountedHistogram("waits", "Waits.", (0.1, 1), ["way", "back"], registry)
    histogram.labels("a", "b").observe(0.1)
    histogram.labels("a", "b").observe(5)
    histogram.labels("a", "b").add([1, 2, 3, 4])
    (family,) = text_string_to_metric_families(prometheus_client.generate_latest(registry).decode())
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert found == {
        ("waits_bucket", "0.1"): 2,
        ("waits_bucket", "1"): 4,
        ("waits_bucket", "+Inf"): 8,
        ("waits_count", None): 8,
        ("waits_sum", None): 5.1,
    }
