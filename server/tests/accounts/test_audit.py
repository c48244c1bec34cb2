"""The audit log: written on every path, in the transaction of the change, and any later change of it is found."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from backchannel.accounts import audit, auth_log, invitations
from backchannel.accounts.lookup import issue_token
from backchannel.accounts.models import AuditEntry, AuditHead
from backchannel.accounts.tokens import revoke_tokens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> object:
    return get_user_model().objects.create_user(username="ada", password="correct horse battery")


def written() -> list[tuple[str, str]]:
    return [(entry.action, entry.subject) for entry in reversed(list(audit.entries(50)))]


def test_changes_of_access_are_entered_whichever_code_makes_them(ada: object) -> None:
    issue_token(ada, "deploys")
    revoke_tokens(ada)
    invitations.create_invitation(ada)
    ada.is_staff = True  # type: ignore[attr-defined]
    ada.save()  # type: ignore[attr-defined]
    ada.set_password("another horse battery")  # type: ignore[attr-defined]
    ada.save()  # type: ignore[attr-defined]
    ada.is_active = False  # type: ignore[attr-defined]
    ada.save()  # type: ignore[attr-defined]
    assert [action for action, _ in written()] == [
        "token_made", "token_revoked", "invitation_made", "rights_changed", "password_changed", "account_closed",
    ]  # fmt: skip
    assert audit.verify().broken_at is None
    assert AuditEntry.objects.exclude(actor=audit.operator()).count() == 0


def test_the_person_who_is_signed_in_did_it_from_their_address(ada: object) -> None:
    with auth_log.coming_from("203.0.113.9", lambda: "ben"):
        issue_token(ada, "x")
    [entry] = audit.entries(1)
    assert (entry.actor, entry.address, entry.subject) == ("ben", "203.0.113.9", "ada")


def test_what_is_rolled_back_is_not_entered(ada: object) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        issue_token(ada, "x")
        raise RuntimeError
    assert written() == []


def test_what_a_crash_left_unsealed_is_sealed_by_the_next() -> None:
    AuditEntry.objects.create(actor="ada", address="shell", action="token_made", subject="ben")
    audit.record("token_made", "carl")
    assert written() == [("token_made", "ben"), ("token_made", "carl")]
    assert audit.verify().broken_at is None


@pytest.mark.parametrize("change", ["alter", "details", "delete", "delete last", "swap", "insert"])
def test_a_change_of_the_log_is_found(change: str) -> None:
    for number in range(5):
        audit.record("token_made", f"person {number}", token=number)
    assert audit.verify().entries == 5
    third = AuditEntry.objects.filter(position=3)
    if change == "alter":
        third.update(subject="nobody")
    elif change == "details":
        third.update(details={"token": 99})
    elif change == "delete":
        third.delete()
    elif change == "delete last":
        AuditEntry.objects.filter(position=5).delete()
    elif change == "swap":
        third.update(position=99)
        AuditEntry.objects.filter(position=4).update(position=3)
        AuditEntry.objects.filter(position=99).update(position=4)
    else:
        AuditEntry.objects.create(actor="x", address="", action="x", subject="x", position=6, digest="0" * 64)
    found = audit.verify().broken_at
    assert found == {"delete last": 5, "insert": 6}.get(change, 3)


def test_several_writers_make_one_chain() -> None:
    failed: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(5):
                audit.record("token_made", f"{name} {number}")
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    verdict = audit.verify()
    assert (verdict.entries, verdict.broken_at) == (15, None)
    assert AuditHead.objects.get().digest == verdict.digest
