"""deploy/monitoring as Prometheus reads it: `promtool` of Debian's package, which `tools/prepare.py prometheus` unpacks.

tests/ops/test_metrics.py compares the names with those of a running server.
"""

import subprocess
from pathlib import Path

import pytest

import machine
from backchannel.ops.health import exposition
from backchannel.ops.metrics import dashboard
from tests.protocol.vectors import ROOT

MONITORING = ROOT / "deploy" / "monitoring"
PROMTOOL = machine.find_prometheus("promtool")

pytestmark = [
    # `make prove` prepares it, and fails where that fails.
    pytest.mark.prove,
    pytest.mark.skipif(PROMTOOL is None, reason="no promtool on this machine: python3 tools/prepare.py prometheus"),
]


def promtool(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, cwd=MONITORING, check=False
    )


def test_promtool_accepts_the_exposition() -> None:
    checked = promtool("check", "metrics", stdin=exposition())
    ours = [line for line in checked.stderr.splitlines() if line.startswith("backchannel_")]
    assert not ours


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "backchannel.rules.yml"),
        ("test", "rules", "rules_test.yml"),
        ("check", "config", "prometheus.yml"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_accepts_the_files_and_the_tests_of_the_rules_pass(arguments: tuple[str, ...]) -> None:
    checked = promtool(*arguments)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("panel", dashboard.PANELS, ids=lambda panel: panel.title)
def test_promtool_accepts_the_queries_of_the_dashboard(panel: dashboard.Panel, tmp_path: Path) -> None:
    rules = [f"  - record: a:b:c{number}\n    expr: {query}" for number, query in enumerate(panel.queries)]
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- name: x\n  rules:\n" + "\n".join(rules) + "\n", encoding="utf-8")
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
