"""Which parts of a set-up are kept, and which are made again."""

import platform
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import prepare


def test_an_environment_of_this_python_is_kept_and_one_of_another_is_not(tmp_path: Path) -> None:
    made = tmp_path / "made"
    venv.create(made, with_pip=False)
    assert prepare.is_of_this_python(made)

    config = made / "pyvenv.cfg"
    said = config.read_text()
    config.write_text(said.replace(platform.python_version(), "3.9.1"))
    assert not prepare.is_of_this_python(made)
    config.write_text(said.replace(str(Path(sys.executable).resolve()), "/opt/another/bin/python3"))
    assert not prepare.is_of_this_python(made)


def test_packages_of_an_environment_that_is_made_again_are_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "VENV", tmp_path / "venv")
    monkeypatch.setattr(prepare, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(prepare, "run", lambda *_: None)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    prepare.done("venv-dev", prepare._dev_state())
    prepare.prepare_venv(dev=False)
    assert not prepare.is_done("venv-dev", prepare._dev_state())


def test_a_missing_environment_is_not_of_this_python(tmp_path: Path) -> None:
    assert not prepare.is_of_this_python(tmp_path / "none")
