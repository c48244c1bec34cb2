import json
import subprocess
from pathlib import Path

import pytest

import lock
import lock_npm
import supply


def test_every_locked_package_of_npm_has_a_hash() -> None:
    held = json.loads(lock_npm.LOCK.read_text())
    assert lock_npm.unhashed(held) == {}
    assert [line for line in lock.problems() if "hash" in line] == []


def test_an_entry_without_a_hash_is_reported_and_completed_if_the_registry_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "package-lock.json"
    bare = {"version": "1.0.0", "cpu": ["x64"], "optional": True}
    path.write_text(json.dumps({"packages": {"": {}, "node_modules/@a/b": bare, "node_modules/ours": {"link": True}}}))
    monkeypatch.setattr(lock_npm, "LOCK", path)
    assert lock_npm.unhashed(json.loads(path.read_text())) == {"node_modules/@a/b": "@a/b@1.0.0"}
    monkeypatch.setattr(lock_npm, "hash_of", lambda package: None)
    lock_npm.complete()
    assert json.loads(path.read_text())["packages"]["node_modules/@a/b"] == bare
    monkeypatch.setattr(lock_npm, "hash_of", lambda package: "sha512-x")
    lock_npm.complete()
    completed = json.loads(path.read_text())["packages"]["node_modules/@a/b"]
    assert list(completed) == ["version", "integrity", "cpu", "optional"]


def test_the_bill_of_materials_has_everything_shipped_with_hashes_and_no_tools() -> None:
    document = supply.sbom()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    found = {
        each["purl"].partition("@")[0] if "%40" not in each["purl"] else each["purl"]: each
        for each in document["components"]
    }
    assert {"pkg:pypi/django", "pkg:pypi/msgspec", "pkg:npm/react"} <= set(found)
    assert not {"pkg:npm/vite", "pkg:pypi/pytest"} & set(found)
    assert all(each["hashes"] for each in document["components"])
    assert supply.sbom() == document


@pytest.mark.parametrize("said", ["", "not json", '{"error": {"code": "ENOTFOUND"}}'])
def test_an_audit_without_a_connection_reports_that_nothing_was_checked(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, stdout=said, stderr="no network")
    )
    assert supply.audit_npm().startswith("NOT CHECKED")
    assert supply.audit_python().startswith("NOT CHECKED")
    assert supply.audit() == 2


def test_an_advisory_that_applies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "audit_npm", lambda: "left-pad (high)")
    monkeypatch.setattr(supply, "audit_python", lambda: "NOT CHECKED: no network")
    assert supply.audit() == 1
    monkeypatch.setattr(supply, "audit_npm", lambda: "")
    monkeypatch.setattr(supply, "audit_python", lambda: "")
    assert supply.audit() == 0
