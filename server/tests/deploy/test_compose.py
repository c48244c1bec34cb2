"""compose.yaml and the image, as far as they can be looked at without an engine."""

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from backchannel.site.conf import Conf, variable

DEPLOY = Path(__file__).parents[3] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def test_every_setting_in_the_environment_file_reaches_the_server_and_its_backups() -> None:
    for name in ("chat", "backup"):
        service = SERVICES[name]
        assert service["env_file"] == ".env"
        # Where compose sets one itself, the file wins.
        for key, value in service["environment"].items():
            assert value.startswith((f"${{{key}:-", f"${{{key}:?")), key
            assert key in {variable(item.name) for item in fields(Conf)}


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_no_more_rights_than_needed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) <= {
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "SETGID",
        "SETUID",
        "NET_BIND_SERVICE",
    }
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["restart"] == "unless-stopped"
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_named_by_version_and_volumes_are_declared(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":\d", service["image"])
    named = [volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")]
    assert set(named) <= set(COMPOSE["volumes"])


def test_dependent_services_wait_until_the_others_are_healthy() -> None:
    for service in SERVICES.values():
        for condition in service.get("depends_on", {}).values():
            assert condition == {"condition": "service_healthy"}


def test_the_image_has_the_client_programs_of_the_database_that_it_runs_with() -> None:
    found = re.search(r"postgresql-client-(\d+)", DOCKERFILE)
    assert found
    assert SERVICES["database"]["image"].startswith(f"postgres:{found[1]}")


def test_backups_are_made_each_day_to_a_volume_of_their_own() -> None:
    service = SERVICES["backup"]
    assert "backchannel backup /backups --keep 14" in service["command"][0]
    assert "backups:/backups" in service["volumes"]
    assert "install -d -o backchannel -g backchannel -m 0700 /backups" in DOCKERFILE


def test_the_image_is_multi_stage_unprivileged_and_small() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.search(r":\d", image) for image in stages)
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert 'ENTRYPOINT ["backchannel"]' in last
    assert "rm -rf /var/lib/apt/lists" in last
    assert "--no-install-recommends" in last
    assert "ADD " not in DOCKERFILE
    assert "sudo" not in DOCKERFILE


def test_what_npm_installs_from_is_whole_in_the_image_and_in_the_sdist() -> None:
    """`npm ci` refuses a lock that names a workspace whose package.json is not there."""
    workspaces = json.loads((DEPLOY.parent / "package.json").read_text())["workspaces"]
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())
    shipped = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    for workspace in workspaces:
        assert f"COPY {workspace}/package.json {workspace}/" in DOCKERFILE
        assert {f"/{workspace}", f"/{workspace}/package.json"} & set(shipped), workspace
