"""A run of steps reports what passed and what failed."""

import functools
import sys
from pathlib import Path

import pytest

import lock_npm
import prepare
import steps
from machine import Missing
from steps import Runner, Step


def step(title: str, code: int, *needs: str) -> Step:
    return Step(title, (sys.executable, "-c", f"raise SystemExit({code})"), needs=needs)


def verdicts(runner: Runner) -> dict[str, str]:
    return {outcome.title: outcome.verdict for outcome in runner.outcomes}


def test_one_failing_step_fails_the_run_and_the_later_ones_still_run(capsys: pytest.CaptureFixture[str]) -> None:
    runner = Runner()
    assert not runner.run((step("first", 1), step("second", 0)))
    assert verdicts(runner) == {"first": "FAILED", "second": "ok"}
    assert capsys.readouterr().out.splitlines()[-1] == "failed: first"


def test_a_run_in_which_every_step_passed_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert Runner().run((step("first", 0), step("second", 0)))
    assert capsys.readouterr().out.splitlines()[-1] == "every step passed"


def test_a_step_whose_set_up_failed_is_not_run_and_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise Missing("no moon: wait for the night")

    monkeypatch.setitem(prepare.PARTS, "moon", lacking)
    runner = Runner()
    assert not runner.run((step("howl", 0, "moon"), step("bark", 0)))
    assert verdicts(runner) == {"set up moon": "FAILED", "howl": "NOT RUN", "bark": "ok"}
    assert "no moon: wait for the night" in capsys.readouterr().out


def test_every_step_needs_parts_that_exist() -> None:
    needed = {part for group in steps.GROUPS.values() for step in group for part in step.needs}
    assert needed <= set(prepare.PARTS)


def tier_of(step: Step) -> tuple[tuple[str, ...], str]:
    """A pytest step without its choice of tests, and that choice."""
    # The first -m is Python's own, as in `python -m pytest`.
    at = len(step.argv) - 1 - step.argv[::-1].index("-m")
    return step.argv[:at] + step.argv[at + 2 :], step.argv[at + 1]


SUITES = [suite for whole in ("test-sqlite", "test-postgres", "e2e", "examples") for suite in steps.GROUPS[whole]]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.title)
def test_the_two_tiers_together_are_each_whole_suite_and_share_no_test(suite: Step) -> None:
    tiers = [tier_of(step) for step in (*steps.TEST, *steps.PROVE) if step.argv[: len(suite.argv)] == suite.argv]
    assert {command for command, _ in tiers} == {suite.argv}
    one, other = sorted(choice for _, choice in tiers)
    assert other == one.removeprefix("not ") or one == "not " + other


def test_the_tiers_run_ten_thousand_worlds_between_them() -> None:
    seeds = [step.argv[-1].split(":") for step in (*steps.TEST, *steps.PROVE) if "--seeds" in step.argv]
    assert [(int(first), int(last)) for first, last in seeds] == [(0, 1000), (1000, 10_000)]


def test_the_tiers_leave_out_no_step_of_another_target() -> None:
    """Except the real proxies, which not every machine has; their own parts are tested with the server."""
    in_two_tiers = {"test-sqlite", "test-postgres", "test-server", "e2e", "examples"}
    tiers = {step.title for step in (*steps.TEST, *steps.PROVE)}
    for name, group in steps.GROUPS.items():
        if name not in {*in_two_tiers, "proxies"}:
            left_out = {step.title for step in group} - tiers
            assert not left_out or name == "simulate", name


def test_no_step_is_in_both_tiers() -> None:
    assert not {step.argv for step in steps.TEST} & {step.argv for step in steps.PROVE}


# Waits until there is a file of the other's name, so that neither ends unless both run at once.
MEET = """
import pathlib, sys, time
mine, other = map(pathlib.Path, sys.argv[1:])
mine.touch()
for _ in range(3000):
    if other.exists():
        sys.exit(0)
    time.sleep(0.01)
sys.exit(1)
"""


def test_two_steps_that_need_one_core_each_run_side_by_side(tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    pair = [
        Step(title, (sys.executable, "-c", MEET, *names), needs=())
        for title, names in (("first", (one, other)), ("second", (other, one)))
    ]
    assert Runner(cores=2).run(tuple(pair))


# Fails if a file is there that another run of it has made and not yet removed.
ALONE = """
import pathlib, sys, time
path = pathlib.Path(sys.argv[1])
path.touch(exist_ok=False)
time.sleep(0.1)
path.unlink()
"""


def test_a_step_that_needs_all_cores_runs_alone(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", ALONE, str(tmp_path / "mark"))
    assert Runner(cores=2).run(tuple(Step(f"step {n}", argv, needs=(), cores=2 if n == 1 else 1) for n in (1, 2)))


def test_the_output_of_a_failed_step_is_shown_and_the_first_failure_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = "print('before'); print('FAILED a.py::test_it - so'); raise SystemExit(1)"
    good = Step("good", (sys.executable, "-c", "print('chatter'); print('7 passed')"), needs=())
    bad = Step("bad", (sys.executable, "-c", words), needs=())
    assert not Runner(cores=1).run((good, bad))
    out = capsys.readouterr().out
    assert "7 passed" in out
    assert "chatter" not in out
    assert "before\n" in out
    assert out.splitlines()[-2:] == ["failed first: bad: FAILED a.py::test_it - so", "failed: bad"]


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (["[Error: a warning of the browser]", "Error: No such screen.", "Errors  1 error"], "Error: No such screen."),
        (["E   ValueError: no", "FAILED b.py::test", "FAILED c.py::test"], "FAILED b.py::test"),
        (["a.py:1: error: Missing type  [misc]", "Found 1 error"], "a.py:1: error: Missing type  [misc]"),
        (["caught  one", "SURVIVED  another"], "SURVIVED  another"),
        (["nothing of the kind"], ""),
    ],
)
def test_the_output_line_that_names_the_failure_is_found(lines: list[str], first: str) -> None:
    assert steps._first_failure(lines) == first


def test_a_part_is_prepared_after_the_parts_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for part in ("node", "web"):
        monkeypatch.setitem(prepare.PARTS, part, functools.partial(done.append, part))
    assert Runner().run((step("size", 0, "web", "node"),))
    assert done == ["node", "web"]


def test_a_changed_file_changes_the_fingerprint_and_generated_files_do_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    (tmp_path / "web" / "node_modules").mkdir(parents=True)
    (tmp_path / "web" / "a.ts").write_text("1")
    before = prepare.fingerprint(tmp_path / "web")
    (tmp_path / "web" / "node_modules" / "b.js").write_text("1")
    assert prepare.fingerprint(tmp_path / "web") == before
    (tmp_path / "web" / "a.ts").write_text("2")
    assert prepare.fingerprint(tmp_path / "web") != before


def test_a_native_package_is_locked_for_the_system_in_its_name() -> None:
    assert lock_npm.entry("@tool/binding-linux-arm64-musl", "1.2.3", dev=True) == {
        "version": "1.2.3",
        "cpu": ["arm64"],
        "dev": True,
        "libc": ["musl"],
        "optional": True,
        "os": ["linux"],
    }
    assert lock_npm.entry("@tool/win32-x64-msvc", "1.2.3", dev=False)["os"] == ["win32"]


def test_a_native_package_missing_in_the_lock_is_found() -> None:
    packages = {
        "node_modules/tool": {
            "dev": True,
            "optionalDependencies": {"tool-linux-x64": "1.0.0", "tool-darwin-x64": "1.0.0"},
        },
        "node_modules/tool-linux-x64": {},
    }
    assert lock_npm.absent({"packages": packages}) == {"tool-darwin-x64": ("1.0.0", True)}
