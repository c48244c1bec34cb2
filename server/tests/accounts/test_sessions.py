"""The stored form of a session cannot be used to sign in."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from backchannel.accounts import lookup, substitutes, sweeping
from backchannel.accounts.models import Invitation, Ticket, Token
from backchannel.accounts.sessions import SessionStore, session_table, stored_key
from backchannel.store import people
from backchannel.store.models import Membership
from tests.accounts.authenticator import AUTHENTICATOR
from tests.accounts.conftest import SignIn, scope, session_key
from tests.postgres import on_postgres
from tests.running import somebody
from tests.store.making import room

first_migration = import_module("backchannel.accounts.migrations.0002_hashed_sessions")


@pytest.fixture
def tab(ada: Any, sign_in: SignIn) -> Client:
    return sign_in("ada")


def everything_kept() -> str:
    """Every cell of every table, as text."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            said += [repr(row) for row in cursor.fetchall()]
    return "\n".join(said)


def test_no_cookie_and_no_key_of_a_session_is_in_the_database(tab: Client) -> None:
    key = session_key(tab)
    identity = lookup.by_secret("session", key)
    assert identity is not None
    substitutes.issue_ticket(identity)
    kept = everything_kept()
    assert stored_key(key) in kept
    assert key not in kept


def test_a_leaked_backup_cannot_be_used_to_sign_in(tab: Client) -> None:
    leaked = Session.objects.get().session_key
    assert lookup.by_secret("session", leaked) is None
    thief = Client()
    thief.cookies["backchannel"] = leaked
    assert thief.get("/account/state").json()["user"] is None


def test_sessions_of_an_older_version_remain_valid(ada: Any, tab: Client) -> None:
    key = session_key(tab)
    Session.objects.update(session_key=key)
    assert lookup.by_secret("session", key) is None
    with connection.schema_editor() as editor:
        first_migration.hash_keys(None, editor)
        first_migration.hash_keys(None, editor)
    assert lookup.by_secret("session", key) is not None
    assert tab.get("/account/state").json()["user"]["username"] == "ada"


def test_the_engine_keeps_djangos_contract(transactional_db: None) -> None:
    store = SessionStore()
    store["a"] = 1
    store.save()
    key = store.session_key
    assert key is not None
    assert SessionStore(key).load() == {"a": 1}
    assert SessionStore().exists(key)
    assert not SessionStore().exists(stored_key(key))
    store["a"] = 2
    store.save()
    assert SessionStore(key).load() == {"a": 2}
    store.cycle_key()
    assert SessionStore(key).load() == {}
    assert SessionStore(store.session_key).load() == {"a": 2}
    store.delete()
    assert not Session.objects.exists()


def test_the_engine_keeps_djangos_contract_without_a_thread(transactional_db: None) -> None:
    async def story() -> None:
        store = SessionStore()
        await store.aset("a", 1)
        await store.asave()
        key = store.session_key
        assert key is not None
        assert await SessionStore(key).aload() == {"a": 1}
        assert await SessionStore().aexists(key)
        await store.adelete()
        assert not await SessionStore().aexists(key)

    async_to_sync(story)()


def test_only_ended_rows_are_swept(tab: Client) -> None:
    identity = lookup.by_secret("session", session_key(tab))
    assert identity is not None
    substitutes.issue_ticket(identity)
    Invitation.objects.create(digest="ended", expires=timezone.now() - sweeping.KEEP_INVITATIONS - timedelta(hours=1))
    Invitation.objects.create(digest="listed", expires=timezone.now() - timedelta(hours=1))
    assert sweeping.sweep() == 1
    assert (Session.objects.count(), Ticket.objects.count(), Invitation.objects.count()) == (1, 1, 1)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    Ticket.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert sweeping.sweep() == 2
    assert (Session.objects.count(), Ticket.objects.count()) == (0, 0)


def test_accounts_deactivated_without_a_signal_are_hidden_and_their_rooms_inherited(transactional_db: None) -> None:
    owner, heir, gone, there = (somebody(name) for name in ("owner", "heir", "gone", "there"))
    room_id = room(owner.user, heir.user, gone.user)
    get_user_model().objects.filter(pk=owner.account.pk).update(is_active=False)
    Token.objects.filter(user=gone.account).delete()
    get_user_model().objects.filter(pk=gone.account.pk)._raw_delete(using="default")
    sweeping.sweep()
    found = {person.id for person in people.find_people("", 200, heir.id)}
    assert found & {owner.id, heir.id, gone.id, there.id} == {heir.id, there.id}
    roles = Membership.objects.filter(room_id=room_id).values_list("person_id", "role")
    assert dict(roles)[heir.id] == "owner"


def test_more_than_a_batch_is_swept_at_once(transactional_db: None) -> None:
    past = timezone.now() - timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"k{number}", session_data="", expire_date=past) for number in range(2 * sweeping.BATCH + 1)
    )
    assert sweeping.sweep() == 2 * sweeping.BATCH + 1


@on_postgres
def test_only_one_of_several_nodes_sweeps(transactional_db: None) -> None:
    import psycopg

    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now() - timedelta(days=1))
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [sweeping._LOCK])
        assert sweeping.sweep() == 0
        other.execute("SELECT pg_advisory_unlock(%s)", [sweeping._LOCK])
    assert sweeping.sweep() == 1


def test_a_session_cookie_still_works_for_the_chat(tab: Client) -> None:
    shown = scope(type="websocket", origin="http://testserver", cookie=session_key(tab))
    assert async_to_sync(AUTHENTICATOR.authenticate)(shown).user.username == "ada"


def test_a_site_without_sessions_signs_nobody_in_by_one_and_has_none_to_sweep(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_where_the_app_is_not_installed(_: type) -> None:
        raise RuntimeError("Model class Session isn't in an application in INSTALLED_APPS.")

    monkeypatch.setattr(SessionStore, "get_model_class", classmethod(as_where_the_app_is_not_installed))
    assert session_table() is None
    assert lookup.by_secret("session", "a" * 32) is None
    assert lookup.live_session_keys(["a" * 40]) == set()
    sweeping.sweep()


def test_an_engine_that_keeps_sessions_in_a_cache_has_no_table() -> None:
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.cache"):
        assert session_table() is None
