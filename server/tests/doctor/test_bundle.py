"""The support bundle holds what helps, and none of the planted secrets, wherever they were planted."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from backchannel import api
from backchannel.accounts.lookup import issue_token
from backchannel.accounts.onboarding import NewAccount, set_up
from backchannel.doctor import bundle
from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.site.conf import load
from backchannel.store import rooms

CANARIES = {
    "database password": "canarydbpassword",
    "redis password": "canaryredispassword",
    "mail password": "canarymailpassword",
    "secret key": "canary-secret-key-canary-secret-key-canary",
    "former key": "canary-former-key-canary-former-key-canary",
    "message": "canarymessagetext",
    "room": "canaryroomname",
    "account": "canaryuser",
    "display name": "Canarydisplay",
    "account password": "canary-account-password",
    "e-mail": "canary.person@canarymail.example",
    "cookie": "canarycookievalue",
    "ticket": "canaryticket",
    "address": "203.0.113.77",
    "IPv6 address": "2001:db8:77:77::77",
}


def conf_with_secrets(tmp_path: Path) -> Any:
    return load(
        {
            "BACKCHANNEL_DATA": str(tmp_path),
            "BACKCHANNEL_PORT": "1",
            "BACKCHANNEL_DATABASE_URL": f"postgres://chat:{CANARIES['database password']}@db.example:5432/chat",
            "BACKCHANNEL_REDIS_URL": f"redis://:{CANARIES['redis password']}@redis.example:6379/0",
            "BACKCHANNEL_MAIL_URL": f"smtp://mailer:{CANARIES['mail password']}@smtp.example:587",
            "BACKCHANNEL_SECRET_KEY": CANARIES["secret key"],
            "BACKCHANNEL_SECRET_KEY_FALLBACKS": CANARIES["former key"],
        }
    )


@pytest.mark.django_db(transaction=True)
def test_no_planted_secret_is_in_it(tmp_path: Path) -> None:
    conf = conf_with_secrets(tmp_path)
    owner = set_up(
        CANARIES["room"],
        NewAccount(
            username=CANARIES["account"], display_name=CANARIES["display name"], password=CANARIES["account password"]
        ),
    )
    get_user_model().objects.filter(pk=owner.pk).update(email=CANARIES["e-mail"])
    token = issue_token(owner, "x")
    [room] = rooms.groups_and_channels()
    api.update(room[0], name=CANARIES["room"])
    api.post(room[0], CANARIES["message"], as_=owner)
    log = tmp_path / "log"
    log.write_text(
        "\n".join(
            [
                f"12:01:07 [info] signed_in address={CANARIES['address']} user={CANARIES['account']}",
                f"Cookie: sessionid={CANARIES['cookie']}; csrftoken=x",
                f"Authorization: Bearer {token}",
                f"GET /ws?token={CANARIES['ticket']} HTTP/1.1 from {CANARIES['IPv6 address']}",
                f"mail to {CANARIES['e-mail']} by smtp://mailer:{CANARIES['mail password']}@smtp.example:587",
                f"connecting with password={CANARIES['database password']}",
                "12:01:08 [error] write_failed error=OperationalError",
            ]
        )
    )

    def findings() -> list[Finding]:
        return [
            Finding("D116", "problem", f"the mail server refuses {CANARIES['mail password']} of {CANARIES['e-mail']}")
        ]

    file = tmp_path / "bundle.zip"
    bundle.write(bundle.create(file), conf, findings, log.open("rb"), Progress(shown=False))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as opened:
        parts = {name: opened.read(name).decode() for name in opened.namelist()}
    for name, text in parts.items():
        for what, canary in {**CANARIES, "token": token}.items():
            assert canary.lower() not in text.lower(), f"{what} is in {name}"
    assert "write_failed error=OperationalError" in parts["log.txt"], "what helps is still there"
    assert json.loads(parts["tables.json"])["rows"]["backchannel_message"] == 1
    settings = json.loads(parts["settings.json"])
    assert settings["BACKCHANNEL_SECRET_KEY"]["value"] == f"set, {len(CANARIES['secret key'])} characters"
    assert settings["BACKCHANNEL_PORT"]["value"] == "1"
    assert json.loads(parts["versions.json"])["packages"]["Django"]
    assert "metrics.txt: URLError" in parts["warnings.txt"], "nothing listens there"
    assert any(name.startswith("backchannel.0") for name in json.loads(parts["migrations.json"]))


def test_a_file_that_exists_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_text("mine")
    with pytest.raises(FileExistsError):
        bundle.create(file)
    assert file.read_text() == "mine"


def test_a_long_log_is_cut_to_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(20_000)) + "x" * 10_000)
    file = tmp_path / "bundle.zip"
    conf = load({"BACKCHANNEL_DATA": str(tmp_path), "BACKCHANNEL_PORT": "1"})
    bundle.write(bundle.create(file), conf, list, log.open("rb"), Progress(shown=False))
    with zipfile.ZipFile(file) as opened:
        lines = opened.read("log.txt").decode().splitlines()
    assert len(lines) == bundle.LINES_AT_MOST
    assert len(lines[-1]) <= 2_000
