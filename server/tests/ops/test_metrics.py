"""What is written about metrics is true: reference, rules and dashboard name only what there is, and a page has a bounded number of
samples."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backchannel.counted_histogram import CountedHistogram
from backchannel.evidence import metrics
from backchannel.evidence.causes import Cause, Stage
from backchannel.evidence.classify import Verdict
from backchannel.ops.health import exposition
from backchannel.ops.metrics import dashboard, reference
from backchannel.ops.metrics.families import all_families
from tests.protocol.vectors import ROOT
from tests.running import Running, running, somebody

MONITORING = ROOT / "deploy" / "monitoring"
RULES = MONITORING / "backchannel.rules.yml"
DASHBOARD = MONITORING / "backchannel.dashboard.json"
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
MOST_SAMPLES = 600

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on this machine (Debian: prometheus)")


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


def promtool(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, cwd=MONITORING, check=False
    )


def test_the_reference_is_up_to_date() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert page == reference.page(), "python -m backchannel.ops.metrics.reference > docs/reference/metrics.md"


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
    """With every cause and every kind of report at once, and a few commands on both transports."""
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    with server.device(ada) as device:
        device.call("send_message", room_id=room_id, content="hello")
        for word in ("get_room_list", "get_me", "get_people"):
            device.call(word, **({"query": "x"} if word == "get_people" else {}))
    for word in ("get_room_list", "get_me"):
        server.do(ada, word)
    server.do(ada, "send_message", room_id=room_id, content="hello")
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
    histogram = CountedHistogram("waits", "Waits.", (0.1, 1), "way", registry)
    histogram.labels("a").observe(0.1)
    histogram.labels("a").observe(5)
    histogram.labels("a").add([1, 2, 3, 4])
    (family,) = text_string_to_metric_families(prometheus_client.generate_latest(registry).decode())
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert found == {
        ("waits_bucket", "0.1"): 2,
        ("waits_bucket", "1"): 4,
        ("waits_bucket", "+Inf"): 8,
        ("waits_count", None): 8,
        ("waits_sum", None): 5.1,
    }


@needs_promtool
def test_promtool_accepts_the_exposition() -> None:
    checked = promtool("check", "metrics", stdin=exposition())
    ours = [line for line in checked.stderr.splitlines() if line.startswith("backchannel_")]
    assert not ours


@needs_promtool
def test_promtool_accepts_the_rules_and_their_tests_pass() -> None:
    for arguments in (("check", "rules", RULES.name), ("test", "rules", "rules_test.yml")):
        checked = promtool(*arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
@pytest.mark.parametrize("panel", dashboard.PANELS, ids=lambda panel: panel.title)
def test_promtool_accepts_the_queries_of_the_dashboard(panel: dashboard.Panel, tmp_path: Path) -> None:
    rules = [f"  - record: a:b:c{number}\n    expr: {query}" for number, query in enumerate(panel.queries)]
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- name: x\n  rules:\n" + "\n".join(rules) + "\n", encoding="utf-8")
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
