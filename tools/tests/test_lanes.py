"""Lanes: other versions of Django and Python than the checkout's own."""

import tomllib

import pytest

import lanes
import machine
from machine import ROOT

DEV = (
    "asgiref==3.11 \\\n    --hash=sha256:aa\ndjango==5.2.9 \\\n    --hash=sha256:bb\n"
    "psycopg[binary]==3.2 \\\n    --hash=sha256:cc\n    # via backchannel\n"
)
OWN = "asgiref==3.13 \\\n    --hash=sha256:dd\ndjango==6.1.3 \\\n    --hash=sha256:ee\n"


def test_a_lane_has_its_own_django_and_everything_else_from_the_lock() -> None:
    wanted = lanes.requirements(DEV, OWN)
    assert "psycopg[binary]==3.2 \\\n    --hash=sha256:cc" in wanted
    assert "django==6.1.3" in wanted
    assert "5.2.9" not in wanted
    assert wanted.count("asgiref") == 1


def test_a_lane_whose_python_is_absent_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "find_python", lambda _: None)
    assert lanes.main(["6.1", "3.99"]) == 0
    assert "this machine has no Python 3.99" in capsys.readouterr().out


def test_every_version_that_the_package_names_has_a_lane_or_is_the_main_one() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]

    def named(prefix: str) -> set[str]:
        return {
            each.removeprefix(prefix) for each in classifiers if each.removeprefix(prefix)[:2] in {"3.", "5.", "6."}
        }

    assert {django for django, _ in lanes.LANES} | {lanes.OWN_DJANGO} == named("Framework :: Django :: ")
    assert {python for _, python in lanes.LANES} | {"3.11"} == named("Programming Language :: Python :: ")
