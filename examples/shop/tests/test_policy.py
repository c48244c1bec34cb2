"""What the shop's policy lets people write."""

import pytest

from backchannel import api
from backchannel.testing import Refused
from orders import chat
from orders.cards import has_card_number
from orders.models import Order

pytestmark = pytest.mark.smoke
CARD = "4111 1111 1111 1111"


# --8<-- [start:test-policy]
def test_nobody_writes_about_an_order_that_was_cancelled(backchannel_node, ada, ben):
    order = chat.place_order(ada, "Two lamps")
    chat.cancel(order)
    for user in (ada, ben):
        with pytest.raises(Refused) as refused:
            backchannel_node.client(user).send(order.room_key, "Why?")
        assert refused.value.code == "forbidden"
    texts = backchannel_node.client(ada).texts(order.room_key)
    assert texts == ["Thank you for your order.", "This order was cancelled."]


# --8<-- [end:test-policy]
def test_other_orders_stay_open_and_the_shop_itself_goes_on_writing(backchannel_node, ada, ben):
    cancelled, kept = chat.place_order(ada, "Two lamps"), chat.place_order(ada, "A chair")
    chat.cancel(cancelled)
    api.post(cancelled.room_key, "Your money is on its way.")
    customer = backchannel_node.client(ada)
    customer.send(kept.room_key, "And the chair?")
    assert customer.texts(cancelled.room_key)[-1] == "Your money is on its way."
    assert customer.texts(kept.room_key)[-1] == "And the chair?"


def test_a_card_number_is_stored_neither_when_it_is_sent_nor_by_an_edit(backchannel_node, ada, ben):
    order = chat.place_order(ada, "Two lamps")
    customer = backchannel_node.client(ada)
    message = customer.send(order.room_key, "Can I pay by card?")
    for call in (
        lambda: customer.send(order.room_key, f"It is {CARD}."),
        lambda: customer.request("PATCH", f"/api/messages/{message['id']}", {"content": CARD}),
    ):
        with pytest.raises(Refused, match="Leave the card number out"):
            call()
    assert [each.content for each in api.history(order.room_key)][1:] == ["Can I pay by card?"]


@pytest.mark.parametrize(
    "text",
    [CARD, "4111111111111111", "5500-0000-0000-0004", "378282246310005!", f"order 12 {CARD} 12/27", f"x{CARD}x"],
)
def test_a_card_number_is_found_in_any_spelling(text):
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text", ["", "4111 1111 1111 1112", "Order 17 of 2026-11-30", "+49 30 901820", "1 " * 8000, "1" * 16000]
)
def test_other_numbers_are_none(text):
    assert not has_card_number(text)


def test_who_may_see_an_order_cancels_it_until_it_is_shipped(client, transactional_db, ada, ben, eve):
    order, other = chat.place_order(ada, "Two lamps"), chat.place_order(ada, "A chair")
    for user, status in ((eve, 404), (ada, 200), (ada, 200)):
        client.force_login(user)
        assert client.post(f"/api/orders/{order.pk}/cancel/").status_code == status
    client.force_login(ben)
    assert client.post(f"/api/orders/{order.pk}/ship/").status_code == 409
    chat.ship(other)
    assert client.post(f"/api/orders/{other.pk}/cancel/").status_code == 409
    assert Order.objects.get(pk=order.pk).status == Order.Status.CANCELLED
