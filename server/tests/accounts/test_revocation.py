from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.test import Client, override_settings
from django.utils import timezone

from backchannel.accounts import lookup
from backchannel.accounts.identity import Ended, Identity, Proof
from backchannel.accounts.identity_cache import IdentityCache
from backchannel.accounts.models import Token
from backchannel.accounts.onboarding import NewAccount, create_account
from backchannel.accounts.people import person_of
from backchannel.store import people
from tests.accounts.conftest import PASSWORD, SignIn, session_key


@pytest.fixture
def tab(ada: Any, sign_in: SignIn) -> Client:
    return sign_in("ada")


def identity_of(tab: Client) -> Identity:
    identity = lookup.by_secret("session", session_key(tab))
    assert identity is not None
    return identity


def by_token(user: Any) -> tuple[Identity, Token]:
    identity = lookup.by_secret("token", lookup.issue_token(user))
    assert identity is not None
    return identity, Token.objects.latest("pk")


def test_signing_out_ends_only_that_session(tab: Client, ended: list[Ended], sign_in: SignIn) -> None:
    here, there = identity_of(tab), identity_of(sign_in("ada"))
    tab.delete("/_allauth/browser/v1/auth/session")
    assert Ended(credential=here.credential) in ended
    assert Ended(credential=there.credential) not in ended
    assert lookup.dead_among([here.proof, there.proof]) == {here.proof}


def space_that_fails_for_ben(user: Any) -> str:
    if user.username == "ben":
        raise ValueError("no tenant")
    return ""


def test_an_error_of_the_sites_own_code_ends_that_user_and_hides_no_other(
    ada: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ben = create_account(NewAccount(username="ben", display_name="Ben", password=PASSWORD))
    (bens, _), (adas, token), (kept, _) = by_token(ben), by_token(ada), by_token(ada)
    Token.objects.filter(pk=token.pk).update(revoked=timezone.now())
    with override_settings(BACKCHANNEL={"SPACE": f"{__name__}.space_that_fails_for_ben"}):
        dead = lookup.dead_among([bens.proof, adas.proof, kept.proof])
    assert dead == {bens.proof, adas.proof}
    assert "recheck_broke" in caplog.text


def no_space(_: Any) -> str:
    raise LookupError("This user is of no tenant.")


def test_somebody_of_no_space_can_be_deactivated(ada: Any, tab: Client, ended: list[Ended]) -> None:
    person = identity_of(tab).user
    with override_settings(BACKCHANNEL={**settings.BACKCHANNEL, "SPACE": f"{__name__}.no_space"}):
        ada.is_active = False
        ada.save()
    assert ended == [Ended(user_id=person.id)]
    assert people.users_by_id([person.id], person.id) == {}


def test_a_deleted_session_is_announced(tab: Client, ended: list[Ended]) -> None:
    identity = identity_of(tab)
    tab.session.delete()
    assert ended == [Ended(credential=identity.credential)]


def test_a_renamed_session_ends_under_its_old_name(tab: Client, ended: list[Ended]) -> None:
    identity = identity_of(tab)
    tab.session.cycle_key()
    assert ended == [Ended(credential=identity.credential)]


def test_a_session_that_is_given_to_another_user_ends_for_the_first(tab: Client) -> None:
    ben = create_account(NewAccount(username="ben", display_name="Ben", password=PASSWORD))
    identity = identity_of(tab)
    session = tab.session
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(ben.pk), ben.get_session_auth_hash()
    session.save()
    assert identity_of(tab).user.username == "ben"
    assert lookup.dead_among([identity.proof]) == {identity.proof}


def test_a_session_of_a_former_user_model_is_nobodys_and_hides_no_other(tab: Client, sign_in: SignIn) -> None:
    identity, other = identity_of(tab), identity_of(sign_in("ada"))
    session = tab.session
    session[SESSION_KEY] = "6f1c0d3e-no-number"
    session.save()
    assert lookup.by_secret("session", session_key(tab)) is None
    assert lookup.dead_among([identity.proof, other.proof]) == {identity.proof}


def test_a_changed_password_ends_other_sessions_and_no_tokens(
    ada: Any, tab: Client, ended: list[Ended], sign_in: SignIn
) -> None:
    elsewhere, (token, _) = identity_of(sign_in("ada")), by_token(ada)
    answer = tab.post(
        "/_allauth/browser/v1/account/password/change",
        {"current_password": PASSWORD, "new_password": "another horse battery"},
        content_type="application/json",
    )
    assert answer.status_code == 200
    assert Ended(user_id=person_of(ada).id) in ended
    here = identity_of(tab)
    proofs = [here.proof, elsewhere.proof, token.proof]
    assert lookup.dead_among(proofs) == {elsewhere.proof}


def test_a_deactivated_account_loses_everything_at_once(ada: Any, tab: Client, ended: list[Ended]) -> None:
    session, (token, _) = identity_of(tab), by_token(ada)
    ada.is_active = False
    ada.save()
    assert ended == [Ended(user_id=session.user_id)]
    assert lookup.dead_among([session.proof, token.proof]) == {session.proof, token.proof}


def test_a_deleted_account_loses_everything_at_once(ada: Any, tab: Client, ended: list[Ended]) -> None:
    session = identity_of(tab)
    ada.delete()
    assert Ended(user_id=session.user_id) in ended
    assert lookup.dead_among([session.proof]) == {session.proof}


def test_changes_without_effect_on_access_are_not_announced(ada: Any, ended: list[Ended]) -> None:
    ada.display_name = "Ada"
    ada.save()
    ada.last_login = timezone.now()
    ada.save(update_fields=["last_login"])
    assert ended == []


def test_a_revoked_token_ends_and_others_stay(ada: Any, ended: list[Ended]) -> None:
    (first, row), (second, _) = by_token(ada), by_token(ada)
    row.revoked = timezone.now()
    row.save(update_fields=["revoked"])
    assert ended == [Ended(credential=first.credential)]
    assert lookup.dead_among([first.proof, second.proof]) == {first.proof}


def test_missing_sessions_and_tokens_count_as_dead(transactional_db: None) -> None:
    unknown = [Proof(session_key="unknown"), Proof(token_id=0)]
    assert lookup.dead_among(unknown) == set(unknown)


@pytest.mark.django_db(transaction=True)
def test_many_credentials_cost_one_query_a_kind(ada: Any, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    kept = [identity_of(sign_in("ada")) for _ in range(10)] + [by_token(ada)[0] for _ in range(10)]
    with django_assert_max_num_queries(4):
        assert lookup.dead_among([identity.proof for identity in kept]) == set()


def test_a_credential_that_ends_during_its_lookup_is_not_cached(tab: Client) -> None:
    cache = IdentityCache()
    before = cache.generation
    identity = identity_of(tab)
    cache.forget(Ended(credential=identity.credential))
    cache.put("session", identity, before)
    assert cache.get("session") is None
    cache.put("session", identity, cache.generation)
    assert cache.get("session") is identity
    cache.forget(Ended(user_id=identity.user_id))
    assert cache.get("session") is None


def test_a_rolled_back_end_is_not_announced(tab: Client, ended: list[Ended]) -> None:
    from django.db import transaction

    with transaction.atomic():
        tab.session.delete()
        transaction.set_rollback(True)
    assert ended == []
