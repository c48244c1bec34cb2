"""What all three do: append to a room's log once for an id, and read it from a number on."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from chat.models import Membership, Message, Room

PAGE = 200


@transaction.atomic
def append(user, room_id, id, content):
    """The message, and whether it is new. The room's row is locked, so that its numbers have no gaps."""
    room = Room.objects.select_for_update().get(pk=room_id)
    if not Membership.objects.filter(room=room, user=user).exists():
        raise PermissionDenied
    kept = Message.objects.filter(pk=id).select_related("sender").first()
    if kept is not None:
        return kept, False
    room.head += 1
    room.save(update_fields=["head"])
    return Message.objects.create(id=id, room=room, seq=room.head, sender=user, content=content), True


def after(room_id, seq):
    return Message.objects.filter(room_id=room_id, seq__gt=seq).select_related("sender").order_by("seq")[:PAGE]


def shown(message):
    return {
        "id": str(message.id),
        "room_id": message.room_id,
        "seq": message.seq,
        "sender": {"id": message.sender_id, "username": message.sender.username},
        "content": message.content,
        "created_at": message.created_at.isoformat(),
    }
