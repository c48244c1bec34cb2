"""Who reads what, with a chat that runs in this process."""

import pytest
from django.db import transaction

from backchannel import api
from backchannel.testing import Refused
from orders import chat
from orders.models import User

pytestmark = pytest.mark.smoke


# --8<-- [start:test-node]
def test_a_customer_and_a_clerk_talk_about_an_order(backchannel_node, ada, ben):
    order = chat.place_order(ada, "Two lamps")
    customer, clerk = backchannel_node.client(ada), backchannel_node.client(ben)
    clerk.send(order.room_key, "Which colour?")
    asked = customer.wait_for("message_created", content="Which colour?")
    assert asked["message"]["sender"]["display_name"] == "Ben"
    chat.ship(order)
    clerk.wait_for("message_created", content="Your order has been shipped.")
    assert customer.texts(order.room_key) == [
        "Thank you for your order.",
        "Which colour?",
        "Your order has been shipped.",
    ]


# --8<-- [end:test-node]
# --8<-- [start:test-tenant]
def test_another_company_sees_nothing_of_it(backchannel_node, ada, ben, eve):
    order = chat.place_order(ada, "Two lamps")
    backchannel_node.client(ben).send(order.room_key, "Which colour?")
    stranger = backchannel_node.client(eve)
    assert stranger.rooms == {}
    assert [each["display_name"] for each in stranger.request("GET", "/api/people")["people"]] == ["Eve"]
    with pytest.raises(Refused) as refused:
        stranger.texts(order.room_key)
    assert refused.value.code == "room_not_found"


# --8<-- [end:test-tenant]
def test_who_changes_companies_by_a_bulk_update_is_elsewhere_as_soon_as_the_chat_is_asked_to_look(
    backchannel_node, ada, ben, eve
):
    order = chat.place_order(ada, "Two lamps")
    moved = backchannel_node.client(ada)
    assert moved.texts(order.room_key) == ["Thank you for your order."]
    User.objects.filter(pk=ada.pk).update(company=eve.company)
    api.end_sessions(ada)
    with pytest.raises(Refused) as refused:
        moved.texts(order.room_key)
    assert refused.value.code == "room_not_found"
    assert backchannel_node.client(ben).texts(order.room_key) == ["Thank you for your order."]


def test_nobody_is_shown_an_address(backchannel_node, ada, ben):
    chat.place_order(ada, "Two lamps")
    ben_sees = backchannel_node.client(ben)
    assert "@" not in str(ben_sees.rooms)
    assert [person["display_name"] for person in ben_sees.request("GET", "/api/people?query=ada")["people"]] == ["Ada"]


def test_a_client_receives_what_happens_while_it_waits_and_after_a_room_is_new(backchannel_node, ada, ben):
    clerk = backchannel_node.client(ben)
    assert clerk.rooms == {}
    order = chat.place_order(ada, "Two lamps")
    while not clerk.rooms:
        clerk.receive(5)
    chat.ship(order)
    clerk.wait_for("message_created", content="Your order has been shipped.")
    assert api.unread(ben)[order.room_key] == 2


def test_what_the_shop_corrects_and_withdraws_is_seen_by_who_is_connected(backchannel_node, ada, ben):
    order = chat.place_order(ada, "Two lamps")
    customer = backchannel_node.client(ada)
    with transaction.atomic():
        notice = api.post(order.room_key, "Delivery on Monday.")
        api.edit(notice, "Delivery on Tuesday.")
    assert customer.wait_for("message_edited")["message"]["content"] == "Delivery on Tuesday."
    api.delete(notice)
    assert customer.wait_for("message_deleted")["message"]["content"] == ""
