"""What the shop's code does in the chat. No server runs."""

import pytest
from django.core.management import call_command
from django.db import transaction

from backchannel import api
from orders import chat
from orders.models import Order

pytestmark = pytest.mark.smoke


# --8<-- [start:test-order]
def test_an_order_has_a_room(ada, ben, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        order = chat.place_order(ada, "Two lamps")
    assert [message.content for message in api.history(order.room_key)] == ["Thank you for your order."]


# --8<-- [end:test-order]
def test_a_transaction_that_rolls_back_leaves_no_room_and_no_message(transactional_db, ada, ben):
    with pytest.raises(RuntimeError), transaction.atomic():
        order = chat.place_order(ada, "Two lamps")
        raise RuntimeError("the card was declined")
    api.apply_waiting()
    assert not Order.objects.exists()
    assert api.find(order.room_key) is None


def test_a_status_is_posted_once_however_often_its_task_runs(transactional_db, ada, ben):
    order = chat.place_order(ada, "Two lamps")
    for _ in range(3):
        chat.ship(order)
        api.apply_waiting()
    texts = [message.content for message in api.history(order.room_key)]
    assert texts == ["Thank you for your order.", "Your order has been shipped."]


def test_only_a_clerk_of_the_company_ships(client, transactional_db, ada, ben, eve):
    order = chat.place_order(ada, "Two lamps")
    for user, status in ((ada, 403), (eve, 404), (ben, 200)):
        client.force_login(user)
        assert client.post(f"/api/orders/{order.pk}/ship/").status_code == status
    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED


def test_an_order_of_anything_but_a_short_text_is_refused(client, ada):
    client.force_login(ada)
    for body in ("", "[]", "{}", '{"item": 1}', '{"item": " "}', '{"item": "%s"}' % ("x" * 101)):
        assert client.post("/api/orders/", body, content_type="application/json").status_code == 400, body


def test_nobody_who_is_signed_out_sees_anything(client, db):
    for path in ("/", "/api/orders/"):
        assert client.get(path).headers["location"].startswith("/login/")


def test_the_site_has_no_open_warnings_and_its_migrations_are_whole(db):
    call_command("check", "--fail-level", "WARNING", "--database", "default")
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
