"""For every command and every role in a room: whether it is allowed, and if not, the code of the refusal."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.conformance.world import World, soon

ROLES = {"owner": "ada", "member": "ben", "left": "dan", "removed": "eve", "stranger": "cyd"}
OK, NOT_IN, NOT_YOURS = None, "not_a_member", "forbidden"
Fields = Callable[[World], dict[str, Any]]

ANYBODY = dict.fromkeys(ROLES, OK)
MEMBERS = {**dict.fromkeys(ROLES, NOT_IN), "owner": OK, "member": OK}
NOT_THERE = dict.fromkeys(ROLES, "upload_not_found")
OWNER = {**MEMBERS, "member": NOT_YOURS}


PUSH: dict[str, Any] = {
    "device": "a-phone-1",
    "endpoint": "https://fcm.googleapis.com/fcm/send/x",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "page": "https://chat.example.com/",
}


def of_group(**rest: Any) -> Fields:
    return lambda w: {"room_id": w.group, **rest}


MATRIX: dict[str, tuple[Fields, dict[str, str | None]]] = {
    "get_me": (lambda w: {}, ANYBODY),
    "get_room_list": (lambda w: {}, ANYBODY),
    "get_room": (of_group(), MEMBERS),
    "send_message": (lambda w: {"room_id": w.group, "content": "Hello.", "id": str(uuid4())}, MEMBERS),
    "save_draft": (of_group(content="Hel", base_rev=0), MEMBERS),
    "get_drafts": (lambda w: {}, ANYBODY),
    "schedule_message": (lambda w: {"room_id": w.group, "content": "x", "at": soon(), "id": str(uuid4())}, MEMBERS),
    "get_scheduled": (lambda w: {}, ANYBODY),
    "cancel_scheduled": (lambda w: {"id": w.scheduled}, {**dict.fromkeys(ROLES, "scheduled_not_found"), "owner": OK}),
    "create_upload": (lambda w: {"room_id": w.group, "name": "x", "size": 1, "id": str(uuid4())}, MEMBERS),
    "get_upload": (lambda w: {"upload_id": w.upload}, {**NOT_THERE, "owner": OK}),
    "delete_upload": (lambda w: {"upload_id": w.upload}, {**NOT_THERE, "owner": OK}),
    "edit_message": (lambda w: {"message_id": w.by_ada, "content": "From Ada."}, OWNER),
    "delete_message": (lambda w: {"message_id": w.deleted}, OWNER),
    "add_reaction": (lambda w: {"message_id": w.by_ada, "emoji": "+1"}, MEMBERS),
    "remove_reaction": (lambda w: {"message_id": w.by_ada, "emoji": "+1"}, MEMBERS),
    "pin_message": (lambda w: {"message_id": w.by_ada}, MEMBERS),
    "unpin_message": (lambda w: {"message_id": w.by_ada}, MEMBERS),
    "get_pins": (of_group(), {**MEMBERS, "left": OK}),
    "search": (of_group(query="from"), {**MEMBERS, "left": OK}),
    "get_message_details": (lambda w: {"message_id": w.by_ada}, {**MEMBERS, "left": OK}),
    "get_history": (of_group(), {**MEMBERS, "left": OK}),
    "get_events": (of_group(after=0), MEMBERS),
    "mark_read": (of_group(seq=1), MEMBERS),
    "mark_unread": (of_group(seq=1), MEMBERS),
    "get_thread": (lambda w: {"message_id": w.by_ada}, {**MEMBERS, "left": OK}),
    "get_threads": (of_group(), MEMBERS),
    "follow_thread": (lambda w: {"message_id": w.by_ada}, MEMBERS),
    "unfollow_thread": (lambda w: {"message_id": w.by_ada}, MEMBERS),
    "mark_thread_read": (lambda w: {"message_id": w.by_ada, "seq": 1}, MEMBERS),
    "set_notifications": (of_group(level="all"), MEMBERS),
    "get_my_notifications": (lambda w: {}, ANYBODY),
    "set_my_notifications": (lambda w: {"keywords": ["deploy"]}, ANYBODY),
    "get_push_key": (lambda w: {}, ANYBODY),
    "subscribe_push": (lambda w: PUSH, ANYBODY),
    "test_push": (lambda w: {"device": "nothing-here"}, ANYBODY),
    "unsubscribe_push": (lambda w: {"device": PUSH["device"]}, ANYBODY),
    "typing": (of_group(active=True), MEMBERS),
    "set_presence": (lambda w: {"state": "online"}, ANYBODY),
    "create_room": (lambda w: {"kind": "group"}, ANYBODY),
    "update_room": (of_group(topic="T"), MEMBERS),
    "join_room": (of_group(), {**dict.fromkeys(ROLES, NOT_YOURS), "owner": OK, "member": OK}),
    "leave_room": (of_group(), {**MEMBERS, "left": OK}),
    "add_members": (lambda w: {"room_id": w.group, "user_ids": [w.ben.id]}, MEMBERS),
    # Here the owner is the member to remove. `cases.py` covers an owner who removes others.
    "remove_member": (lambda w: {"room_id": w.group, "user_id": w.ada.id}, {**OWNER, "owner": "invalid"}),
    "get_members": (of_group(), MEMBERS),
    "get_people": (lambda w: {"query": "nobody at all"}, ANYBODY),
    "get_channels": (lambda w: {"query": "nothing at all"}, ANYBODY),
    "ping": (lambda w: {}, ANYBODY),
}
# These change who may do what, so each transport gets a world of its own.
MOVES = {"cancel_scheduled", "delete_upload", "leave_room"}
