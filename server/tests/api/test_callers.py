"""The API works wherever a site's code runs: views, tests, async code; each within the transaction it happens to be in."""

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from backchannel import api
from backchannel.store import intents
from tests.running import somebody


def key() -> str:
    return f"order:{uuid4()}"


def test_in_a_test_case_each_call_is_there_at_once(db: None) -> None:
    ada = somebody("ada")
    room = api.room(key(), members=[ada.account])
    assert room.id
    api.post(room, "Hello", as_=ada.account)
    assert [m.content for m in api.history(room)] == ["Hello"]


def test_in_a_test_case_a_transactions_calls_are_there_when_its_commit_is_simulated(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    order = key()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        api.post(api.room(order), "Hello")
    assert [m.content for m in api.history(order)] == ["Hello"]


def test_in_a_test_case_the_commit_may_also_be_left_out(db: None) -> None:
    order = key()
    with transaction.atomic():
        api.post(api.room(order), "Hello")
    assert intents.count_waiting() == 2
    api.apply_waiting()
    assert [m.content for m in api.history(order)] == ["Hello"]


def test_a_view_under_atomic_requests_posts_with_its_transaction(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = key()

    def view(request: HttpRequest) -> HttpResponse:
        api.post(api.room(order), "Hello")
        if "fail" in request.GET:
            raise RuntimeError
        return HttpResponse()

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    atomic = BaseHandler().make_view_atomic(view)
    request = HttpRequest()
    request.GET = {"fail": "1"}  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        atomic(request)
    assert intents.count_waiting() == 0
    request.GET = {}  # type: ignore[assignment]
    atomic(request)
    assert intents.count_waiting() == 2
    api.apply_waiting()
    assert [m.content for m in api.history(order)] == ["Hello"]


def test_async_code_has_the_same_functions(transactional_db: None) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    order = key()

    async def talk() -> list[str]:
        room = await api.aroom(order, name="Order", members=[ada.account])
        await api.aadd(room, ben.account)
        await api.apost(room, "Hello", as_=ada.account, key="hello")
        await api.apost(room, "Hello", as_=ada.account, key="hello")
        await api.aupdate(room, topic="Paid")
        assert await api.aunread(ben.account) == {order: 1}
        await api.aremove(room, ben.account)
        assert (await api.adirect(ada.account, ben.account)).id
        assert (await api.aperson(ada.account)).id == ada.id
        assert (await api.atoken(ada.account)).startswith("bc_")
        assert await api.afind(order) == room
        return [message.content for message in await api.ahistory(room)]

    assert async_to_sync(talk)() == ["Hello"]


def test_every_function_has_a_twin() -> None:
    plain = {name for name in api.__all__ if name.islower() and f"a{name}" in api.__all__}
    others = {name for name in api.__all__ if name.islower() and name not in plain and name[1:] not in plain}
    assert others == set()
