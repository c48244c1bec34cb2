"""How a run of steps tells what passed."""

import sys

import lock_npm
import prepare
import steps
from steps import Runner, Step


def step(title: str, code: int, *needs: str) -> Step:
    return Step(title, (sys.executable, "-c", f"raise SystemExit({code})"), needs=needs)


def verdicts(runner: Runner) -> dict[str, str]:
    return {outcome.title: outcome.verdict for outcome in runner.outcomes}


def test_one_failing_step_fails_the_run_and_the_later_ones_still_run(capsys):
    runner = Runner()
    assert not runner.run((step("first", 1), step("second", 0)))
    assert verdicts(runner) == {"first": "FAILED", "second": "ok"}
    assert capsys.readouterr().out.splitlines()[-1] == "failed: first"


def test_a_run_in_which_every_step_passed_passes(capsys):
    assert Runner().run((step("first", 0), step("second", 0)))
    assert capsys.readouterr().out.splitlines()[-1] == "every step passed"


def test_a_step_whose_set_up_failed_is_not_run_and_fails_the_run(monkeypatch, capsys):
    def lacking() -> None:
        raise prepare.Missing("no moon: wait for the night")

    monkeypatch.setitem(prepare.PARTS, "moon", lacking)
    runner = Runner()
    assert not runner.run((step("howl", 0, "moon"), step("bark", 0)))
    assert verdicts(runner) == {"set up moon": "FAILED", "howl": "NOT RUN", "bark": "ok"}
    assert "error: no moon: wait for the night" in capsys.readouterr().out


def test_every_step_needs_parts_that_exist():
    needed = {part for group in steps.GROUPS.values() for step in group for part in step.needs}
    assert needed <= set(prepare.PARTS)


def test_a_test_run_leaves_out_no_step_of_another_target():
    """But for the zoo, whose proxies are not for every machine; its own parts are tested with the end-to-end tests."""
    every = {step.title for step in steps.GROUPS["test"]}
    others = {step.title for name, group in steps.GROUPS.items() if name != "zoo" for step in group}
    assert others <= every


def test_a_changed_file_changes_the_fingerprint_and_made_files_do_not(monkeypatch, tmp_path):
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    (tmp_path / "web" / "node_modules").mkdir(parents=True)
    (tmp_path / "web" / "a.ts").write_text("1")
    before = prepare.fingerprint(tmp_path / "web")
    (tmp_path / "web" / "node_modules" / "b.js").write_text("1")
    assert prepare.fingerprint(tmp_path / "web") == before
    (tmp_path / "web" / "a.ts").write_text("2")
    assert prepare.fingerprint(tmp_path / "web") != before


def test_a_native_package_is_locked_for_the_system_its_name_tells():
    assert lock_npm.entry("@tool/binding-linux-arm64-musl", "1.2.3", dev=True) == {
        "version": "1.2.3",
        "cpu": ["arm64"],
        "dev": True,
        "libc": ["musl"],
        "optional": True,
        "os": ["linux"],
    }
    assert lock_npm.entry("@tool/win32-x64-msvc", "1.2.3", dev=False)["os"] == ["win32"]


def test_a_native_package_that_the_lock_leaves_out_is_found():
    packages = {
        "node_modules/tool": {
            "dev": True,
            "optionalDependencies": {"tool-linux-x64": "1.0.0", "tool-darwin-x64": "1.0.0"},
        },
        "node_modules/tool-linux-x64": {},
    }
    assert lock_npm.absent({"packages": packages}) == {"tool-darwin-x64": ("1.0.0", True)}
