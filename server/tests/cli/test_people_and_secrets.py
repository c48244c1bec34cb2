"""`user`, `tokens`, `invite`, `room`, `audit`, `retention`: run in this process, on the tests' database. What reaches a running server is in
test_beside_a_server.py."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from backchannel.accounts import audit, invitations
from backchannel.accounts.models import AuditEntry, Token
from backchannel.accounts.onboarding import NewAccount, create_account, set_up
from backchannel.accounts.people import person_of
from backchannel.cli.parser import build_parser
from backchannel.cli.setup import Stop
from backchannel.store import people, rooms

pytestmark = pytest.mark.django_db(transaction=True)

Done = Callable[..., str]
CONF = SimpleNamespace(
    signup="invitation",
    origins=("https://chat.example.com",),
    host="127.0.0.1",
    port=8000,
    mail_url="",
    mail_from="x@y",
)


@pytest.fixture
def done(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Done:
    """Runs a command and returns what it prints. Raises `Stop` as `main` would catch it."""

    def go(*words: str, status: int = 0, said: str = "", conf: Any = CONF) -> str:
        import io

        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        options = build_parser().parse_args(words)
        options.choice = None
        capsys.readouterr()
        assert options.command(options, conf) == status
        return capsys.readouterr().out

    return go


@pytest.fixture
def general() -> int:
    """The channel of a server with the owner ada and with ben."""
    set_up("Acme", NewAccount(username="ada", password="correct horse battery"))
    create_account(NewAccount(username="ben", password="correct horse battery"))
    [room] = rooms.groups_and_channels()
    return room[0]


def actions() -> list[str]:
    return [entry.action for entry in audit.entries(50)]


def ben() -> Any:
    return get_user_model().objects.get(username="ben")


def test_accounts_are_listed_and_promoted(done: Done, general: int) -> None:
    done("user", "promote", "Ben", "--to", "staff")
    rows = {row["username"]: row for row in json.loads(done("user", "list", "--json"))}
    assert {name: row["rights"] for name, row in rows.items()} == {"ada": "owner", "ben": "staff"}
    assert "password" not in json.dumps(rows)
    assert re.search(r"^ben +staff +active", done("user", "list"), re.MULTILINE)
    assert actions()[0] == "rights_changed"


def test_passwords_are_made_up_or_read_and_never_blank(done: Done, general: int) -> None:
    shown = done("user", "password", "ben")
    found = re.search(r"Password: ([a-z2-9]{5}(-[a-z2-9]{5}){3})\n", shown)
    assert found
    assert ben().check_password(found[1])
    done("user", "password", "ben", "--password-stdin", said="another horse\n")
    assert ben().check_password("another horse")
    with pytest.raises(Stop, match="blank"):
        done("user", "password", "ben", "--password-stdin", said="\n")
    assert actions()[:2] == ["password_changed", "password_changed"]


@pytest.mark.parametrize(
    "words", [("deactivate", "ada"), ("promote", "ada", "--to", "none"), ("erase", "ada", "--yes", "ada")]
)
def test_the_only_owner_stays(done: Done, general: int, words: tuple[str, ...]) -> None:
    with pytest.raises(Stop, match="the only owner"):
        done("user", *words)
    done("user", "promote", "ben")
    done("user", *words)


def test_a_name_that_nobody_has_is_refused(done: Done, general: int) -> None:
    for words in (("user", "deactivate", "eve"), ("user", "erase", "e\x00ve"), ("tokens", "list", "--of", "eve")):
        with pytest.raises(Stop, match="there is no account"):
            done(*words)


def test_deactivating_closes_the_account_and_its_person(done: Done, general: int) -> None:
    person = person_of(ben()).id
    done("user", "deactivate", "ben")
    assert not ben().is_active
    assert not people.users_of_space([person], "")
    done("user", "reactivate", "ben")
    assert people.users_of_space([person], "")
    assert actions()[:2] == ["account_opened", "account_closed"]


def test_erasing_wants_the_name_twice_and_leaves_nobody(done: Done, general: int) -> None:
    with pytest.raises(Stop, match="repeat the name"):
        done("user", "erase", "ben")
    done("user", "erase", "ben", "--yes", "ben")
    assert not get_user_model().objects.filter(username="ben").exists()
    assert "person_erased" in actions()


def test_tokens_are_listed_without_secrets_and_revoked(done: Done, general: int) -> None:
    secret = done("token", "ben", "--label", "deploys").strip()
    done("token", "ben")
    first, second = json.loads(done("tokens", "list", "--of", "ben", "--json"))
    assert first["name"] == "deploys"
    assert secret not in json.dumps(first)
    for words, said in ((("999",), "nothing was revoked"), ((), "--of NAME"), (("1", "--of", "ben"), "--of NAME")):
        with pytest.raises(Stop, match=said):
            done("tokens", "revoke", *words)
    done("tokens", "revoke", str(first["id"]))
    assert [row.pk for row in Token.objects.filter(revoked=None)] == [second["id"]]
    done("tokens", "revoke", "--of", "ben")
    assert done("tokens", "list").strip() == "None."
    assert actions()[:4] == ["token_revoked", "token_revoked", "token_made", "token_made"]


def test_an_invitation_works_until_it_is_revoked(done: Done, general: int) -> None:
    link = done("invite", "create", "--uses", "2").strip()
    assert link.startswith("https://chat.example.com/invite/")
    secret = link.rpartition("/")[2]
    assert invitations.open_until(secret)
    [row] = json.loads(done("invite", "list", "--json"))
    assert secret not in json.dumps(row)
    done("invite", "revoke", str(row["id"]))
    assert invitations.open_until(secret) is None
    for words in (("--days", "0"), ("--uses", "100000")):
        with pytest.raises(Stop):
            done("invite", "create", *words)
    with pytest.raises(Stop, match="not used"):
        done("invite", "create", conf=SimpleNamespace(signup="closed"))
    assert actions()[:2] == ["invitation_revoked", "invitation_made"]


def test_people_are_removed_from_and_added_to_rooms(done: Done, general: int) -> None:
    def members() -> int:
        [row] = json.loads(done("room", "list", "--json"))
        return int(row["members"])

    assert members() == 2
    done("room", "remove", str(general), "ben")
    assert members() == 1
    done("room", "add", str(general), "ben")
    assert members() == 2
    done("room", "rename", str(general), "Everybody")
    assert "Everybody" in done("room", "list")
    with pytest.raises(Stop):
        done("room", "add", "999", "ben")
    assert actions()[:3] == ["room_rename", "room_add", "room_remove"]


def test_retention_counts_first_and_deletes_when_asked(done: Done, general: int) -> None:
    from backchannel import api

    for number in range(3):
        api.post(general, f"old {number}", as_=ben())
    assert done("retention", "--days", "0").startswith("3 messages are older")
    assert done("retention", "--days", "1", "--yes").startswith("Messages deleted: 0.")
    assert done("retention", "--days", "0", "--yes").startswith("Messages deleted: 3.")
    assert {message.content for message in api.history(general) if message.deleted} <= {"", None}
    assert len([message for message in api.history(general) if message.deleted]) == 3
    assert actions()[0] == "retention_run"


def test_the_audit_log_is_shown_filtered_and_verified(done: Done, general: int) -> None:
    done("token", "ben")
    rows = json.loads(done("audit", "--json"))
    assert [row["action"] for row in rows[:1]] == ["token_made"]
    assert rows[0]["actor"].startswith("os:")
    assert {row["action"] for row in json.loads(done("audit", "--json", "--action", "account_made"))} == {
        "account_made"
    }
    assert all(
        "ben" in (row["actor"], row["subject"]) for row in json.loads(done("audit", "--json", "--person", "ben"))
    )
    assert "the chain is intact" in done("audit", "verify")
    AuditEntry.objects.filter(position=2).update(actor="nobody")
    assert "entry 2 differs from what was written" in done("audit", "verify", status=1)


def test_mail_without_a_server_is_refused(done: Done) -> None:
    with pytest.raises(Stop, match="BACKCHANNEL_MAIL_URL is unset"):
        done("mail", "test", "ada@example.com")
