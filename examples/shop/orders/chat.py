"""Everything that the shop says to the chat, and about its users."""

from django.db import transaction

from backchannel import api
from backchannel.people import PersonAdapter as Default
from backchannel.policy import Policy as DefaultPolicy
from backchannel.policy import Refusal
from orders.cards import has_card_number
from orders.models import Order, User


# --8<-- [start:person]
class PersonAdapter(Default):
    def display_name(self, user):
        return user.name


# --8<-- [end:person]
# --8<-- [start:space]
def space_of(user):
    return str(user.company_id)


# --8<-- [end:space]
# --8<-- [start:policy]
class Policy(DefaultPolicy):
    def may_post(self, user, room):
        if Order.of_room(room.key).filter(status=Order.Status.CANCELLED).exists():
            return Refusal("This order was cancelled. Order again to write to us.")
        return True

    def before_send(self, draft):
        if has_card_number(draft.text):
            return Refusal("Leave the card number out: everybody in this conversation would see it.")
        return draft


# --8<-- [end:policy]
# --8<-- [start:place-order]
def place_order(customer, item):
    """The order and its room, or neither: one transaction makes both."""
    with transaction.atomic():
        order = Order.objects.create(company=customer.company, customer=customer, item=item)
        clerks = User.objects.filter(company=customer.company, is_clerk=True)
        room = api.room(order.room_key, name=f"Order {order.pk}", members=[customer, *clerks])
        api.post(room, "Thank you for your order.", key="placed")
    return order


# --8<-- [end:place-order]
# --8<-- [start:ship]
def ship(order):
    """May be called again, for instance by a task that is retried: `key` names the message, so it is posted once."""
    with transaction.atomic():
        order.status = Order.Status.SHIPPED
        order.save()
        api.post(order.room_key, "Your order has been shipped.", key="shipped")


# --8<-- [end:ship]
def cancel(order):
    """The policy closes its room from now on."""
    with transaction.atomic():
        order.status = Order.Status.CANCELLED
        order.save()
        api.post(order.room_key, "This order was cancelled.", key="cancelled")
