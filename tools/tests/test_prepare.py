"""What is prepared already, and what has to be made anew."""

import platform
import sys
import venv
from pathlib import Path

import prepare


def test_an_environment_of_this_python_is_kept_and_one_of_another_is_not(tmp_path: Path):
    made = tmp_path / "made"
    venv.create(made, with_pip=False)
    assert prepare.is_of_this_python(made)

    config = made / "pyvenv.cfg"
    said = config.read_text()
    config.write_text(said.replace(platform.python_version(), "3.9.1"))
    assert not prepare.is_of_this_python(made)
    config.write_text(said.replace(str(Path(sys.executable).resolve()), "/opt/another/bin/python3"))
    assert not prepare.is_of_this_python(made)


def test_where_there_is_no_environment_none_is_of_this_python(tmp_path: Path):
    assert not prepare.is_of_this_python(tmp_path / "none")
