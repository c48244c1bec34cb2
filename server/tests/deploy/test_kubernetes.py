"""The manifests say of the server what is true: settings, commands, ports, probes, user and deadlines. No cluster is needed."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from backchannel.cli.parser import build_parser
from backchannel.site.conf import Conf, load, variable

DEPLOY = Path(__file__).parents[3] / "deploy"
FOLDER = DEPLOY / "kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    found for name in KUSTOMIZATION["resources"] for found in yaml.safe_load_all((FOLDER / name).read_text())
]
SETTINGS = {variable(item.name) for item in fields(Conf)}
APP = {"app.kubernetes.io/name": "backchannel"}


def of(kind: str) -> Any:
    (found,) = [each for each in OBJECTS if each["kind"] == kind]
    return found


def pods() -> dict[str, Any]:
    return {
        "chat": of("Deployment")["spec"]["template"]["spec"],
        "backup": of("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"],
    }


def test_every_file_is_part_of_it() -> None:
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])


@pytest.mark.parametrize("name", ["chat", "backup"])
def test_containers_have_no_more_rights_than_needed(name: str) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]
    user = re.search(r"--uid (\d+)", (DEPLOY / "Dockerfile").read_text())
    assert user
    assert pod["securityContext"]["runAsUser"] == int(user[1])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    # A read-only file system: where the server writes, something is mounted.
    assert {"/data", "/tmp"} <= {each["mountPath"] for each in container["volumeMounts"]}
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


def test_settings_exist_and_ports_are_the_servers() -> None:
    (container,) = pods()["chat"]["containers"]
    given = {each["name"]: each["value"] for each in container["env"]}
    readme = (FOLDER / "README.md").read_text()
    assert set(given) | set(re.findall(r"BACKCHANNEL_[A-Z_]+", readme)) <= SETTINGS
    conf = load(given)
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert conf.metrics_listen is not None
    assert ports == {"http": conf.port, "metrics": conf.metrics_listen[1]}
    assert of("Service")["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]


def test_a_pod_is_stopped_later_than_its_server_may_take() -> None:
    pod = pods()["chat"]
    (container,) = pod["containers"]
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > before + load({}).shutdown_s + 5
    assert of("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert container["readinessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_backup_runs_an_existing_command() -> None:
    (container,) = pods()["backup"]["containers"]
    parsed = build_parser().parse_args(container["args"])
    assert str(parsed.file) == "/backups"
    assert "/backups" in {each["mountPath"] for each in container["volumeMounts"]}


def test_only_monitoring_reads_the_metrics_and_selectors_name_the_pods() -> None:
    policy = of("NetworkPolicy")["spec"]
    labels = of("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels == APP
    selectors = (
        of("Deployment")["spec"]["selector"]["matchLabels"],
        of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of("Service")["spec"]["selector"],
        policy["podSelector"]["matchLabels"],
    )
    assert all(selector == labels for selector in selectors)
    open_to_all = [rule["ports"] for rule in policy["ingress"] if "from" not in rule]
    assert open_to_all == [[{"port": "http"}]]
