"""Lists what a release contains, and checks it for known vulnerabilities.

    python3 tools/supply.py sbom [FILE]     a CycloneDX 1.5 document of what the locks hold (dist/sbom.cdx.json); no network
    python3 tools/supply.py audit           asks PyPI's and npm's advisories about the locks

`audit` ends with 1 where an advisory applies, and with 2 where it could not be asked: nothing was found out then, and it says so.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any
from urllib.parse import quote

import machine
from machine import ROOT, say

PIP_AUDIT = "pip-audit==2.9.0"
PYTHON_LOCKS = ("server/requirements.lock",)
NPM_LOCK = ROOT / "package-lock.json"


def python_components() -> list[dict[str, object]]:
    """The packages that the server installs."""
    text = (ROOT / PYTHON_LOCKS[0]).read_text()
    found = []
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE):
        pin = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", block)
        if pin:
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
            found.append(component("pypi", pin[1], pin[2], [("SHA-256", each) for each in hashes]))
    return found


def npm_components() -> list[dict[str, object]]:
    """The packages in the browser's app, without tools."""
    found = []
    for where, package in json.loads(NPM_LOCK.read_text())["packages"].items():
        name = where.rpartition("node_modules/")[2]
        if "node_modules/" not in where or package.get("dev") or package.get("link") or package.get("optional"):
            continue
        algorithm, _, digest = package["integrity"].partition("-")
        hashes = [(algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())]
        found.append(component("npm", name, package["version"], hashes))
    return found


def component(kind: str, name: str, version: str, hashes: list[tuple[str, str]]) -> dict[str, object]:
    """One library, by its package URL."""
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version)}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": algorithm, "content": digest} for algorithm, digest in hashes],
    }


def sbom() -> dict[str, Any]:
    """The document. It has no timestamp, so that the same locks give the same document."""
    text = (ROOT / "server" / "backchannel" / "__init__.py").read_text()
    version = re.search(r'__version__ = "([^"]+)"', text)
    assert version is not None
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "backchannel", "version": version[1]}},
        "components": sorted(python_components() + npm_components(), key=lambda each: str(each["purl"])),
    }


def audit() -> int:
    """Print the advisories that apply; returns the exit status."""
    outcomes = {"npm": audit_npm(), "Python": audit_python()}
    for name, outcome in outcomes.items():
        say(f"{name}: {outcome or 'no advisory applies'}")
    if any(outcome and not outcome.startswith("NOT CHECKED") for outcome in outcomes.values()):
        return 1
    return 2 if any(outcomes.values()) else 0


def audit_npm() -> str:
    """The npm advisories that apply to the app's lock; "" if none does."""
    command = ["npm", "audit", "--json", "--omit=dev", "--package-lock-only"]
    asked = subprocess.run(
        command, cwd=ROOT, env=machine.environment(), capture_output=True, text=True, check=False, timeout=120
    )
    try:
        answer = json.loads(asked.stdout)
        found = answer["vulnerabilities"]
    except (ValueError, KeyError):
        reason = (asked.stderr or asked.stdout).strip().splitlines() or ["npm gave no reason"]
        return f"NOT CHECKED: the advisories cannot be asked from here ({reason[0]})"
    return ", ".join(f"{name} ({each['severity']})" for name, each in found.items())


def audit_python() -> str:
    """The PyPI advisories that apply to the server's lock; "" if none does."""
    home = ROOT / ".cache" / "audit-venv"
    program = home / "bin" / "pip-audit"
    try:
        if not program.exists():
            venv.create(home, with_pip=True)
            pip = [str(home / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", PIP_AUDIT]
            subprocess.run(pip, check=True, capture_output=True, text=True, timeout=180)
        command = [str(program), "--format=json", "--progress-spinner=off", "--disable-pip", "--require-hashes"]
        command += [word for lock in PYTHON_LOCKS for word in ("-r", str(lock))]
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
        found = [each for each in json.loads(asked.stdout)["dependencies"] if each.get("vulns")]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as problem:
        reason = str(getattr(problem, "stderr", "") or problem).strip().splitlines() or ["pip-audit gave no reason"]
        return f"NOT CHECKED: the advisories cannot be asked from here ({reason[-1][:200]})"
    return ", ".join(f"{each['name']} {each['version']} ({each['vulns'][0]['id']})" for each in found)


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    match argv:
        case ["sbom", *rest] if len(rest) <= 1:
            path = Path(rest[0]) if rest else ROOT / "dist" / "sbom.cdx.json"
            path.parent.mkdir(exist_ok=True)
            document = sbom()
            path.write_text(json.dumps(document, indent=2) + "\n")
            say(f"{path}: {len(document['components'])} components")
            return 0
        case ["audit"]:
            return audit()
    say(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
