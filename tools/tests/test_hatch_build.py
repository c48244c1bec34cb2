"""How `pip install .` gets the web app on machines with Node, with an old Node and without."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hatch_build import DIST, NODE_WHEEL, Plan, WebBuildError, plan

Node = Callable[[], tuple[int, int] | None]

NEW, OLD, NONE = (lambda: (20, 19)), (lambda: (18, 20)), (lambda: None)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the app's sources and no built app."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}")
    return tmp_path


def built(root: Path) -> Path:
    (root / DIST).mkdir(parents=True)
    (root / DIST / "manifest.json").write_text("{}")
    return root


@pytest.mark.parametrize(("node", "expected"), [(NEW, Plan.BUILD), (OLD, Plan.BORROW_NODE), (NONE, Plan.BORROW_NODE)])
def test_a_missing_app_is_built_with_the_machines_node_or_with_one_from_pypi(
    checkout: Path, node: Node, expected: Plan
) -> None:
    assert plan(checkout, "standard", {}, node) is expected


@pytest.mark.parametrize("node", [NEW, OLD, NONE])
def test_a_built_app_is_used_without_node(checkout: Path, node: Node) -> None:
    assert plan(built(checkout), "standard", {}, node) is Plan.READY


def test_an_sdist_needs_no_sources_of_the_app(tmp_path: Path) -> None:
    assert plan(built(tmp_path), "standard", {}, NONE) is Plan.READY


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_skip_never_builds(checkout: Path, version: str) -> None:
    assert plan(checkout, version, {"BACKCHANNEL_WEB": "skip"}, NEW) is Plan.SKIP


def test_an_editable_install_builds_only_on_request(checkout: Path) -> None:
    assert plan(checkout, "editable", {}, NEW) is Plan.SKIP
    assert plan(checkout, "editable", {"BACKCHANNEL_WEB": "build"}, NEW) is Plan.BUILD


def test_build_always_builds(checkout: Path) -> None:
    assert plan(built(checkout), "standard", {"BACKCHANNEL_WEB": "build"}, NEW) is Plan.BUILD


def test_neither_app_nor_sources_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WebBuildError, match="neither the built web app nor its sources"):
        plan(tmp_path, "standard", {}, NEW)


def test_an_unknown_setting_is_refused(checkout: Path) -> None:
    with pytest.raises(WebBuildError, match="BACKCHANNEL_WEB=no"):
        plan(checkout, "standard", {"BACKCHANNEL_WEB": "no"}, NEW)


@pytest.fixture
def project(checkout: Path) -> Path:
    """A small package with the real hook."""
    package = checkout / "server" / "backchannel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.0"\n')
    (checkout / ".gitignore").write_text("dist/\n")
    root = Path(__file__).parents[2]
    (checkout / "hatch_build.py").write_text((root / "hatch_build.py").read_text())
    (checkout / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "backchannel"\nversion = "1.0"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["server/backchannel"]\n'
        'artifacts = ["server/backchannel/web/dist/**"]\n[tool.hatch.build.hooks.custom]\n'
    )
    return checkout


def programs(folder: Path, node_version: str, npm: str = "exit 0") -> dict[str, str]:
    """An environment in which `node` prints this version and `npm` runs this script."""
    folder.mkdir()
    for name, script in (("node", f"echo v{node_version}"), ("npm", npm)):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


def hatchling(project: Path, env: dict[str, str], code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from hatchling import build; {code}"],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


BUILD_WHEEL = "build.build_wheel('out')"
NPM_BUILDS = 'if [ "$1" = run ]; then mkdir -p server/backchannel/web/dist && echo {} > server/backchannel/web/dist/manifest.json; fi'


def test_the_wheel_has_the_app_that_npm_built_although_git_ignores_it(project: Path, tmp_path: Path) -> None:
    ran = hatchling(project, programs(tmp_path / "bin", "22.1.0", NPM_BUILDS), BUILD_WHEEL)
    assert ran.returncode == 0, ran.stderr
    (wheel,) = (project / "out").iterdir()
    assert "backchannel/web/dist/manifest.json" in zipfile.ZipFile(wheel).namelist()


def test_a_failing_build_of_the_app_fails_the_install(project: Path, tmp_path: Path) -> None:
    ran = hatchling(project, programs(tmp_path / "bin", "22.1.0", "exit 3"), BUILD_WHEEL)
    assert ran.returncode != 0
    assert "BACKCHANNEL_WEB=skip" in ran.stderr


@pytest.mark.parametrize(("node_version", "asked"), [("22.1.0", False), ("18.19.0", True)])
def test_node_is_a_build_requirement_only_if_it_is_missing(
    project: Path, tmp_path: Path, node_version: str, asked: bool
) -> None:
    env = programs(tmp_path / "bin", node_version)
    ran = hatchling(project, env, "print(build.get_requires_for_build_wheel())")
    assert (NODE_WHEEL in ran.stdout) is asked, ran.stderr
