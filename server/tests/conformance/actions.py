"""Actions after which the old snapshot plus the events must be the new snapshot: at least one for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.roles import PUSH
from tests.conformance.world import World, soon
from tests.running import Someone


@dataclass(frozen=True)
class Action:
    name: str
    word: str
    who: str
    fields: Callable[[World], dict[str, Any]]
    before: Callable[[World], Any] = lambda world: None


def send(world: World, who: Someone, content: str, **rest: Any) -> str:
    said = world.server.do(who, "send_message", room_id=world.group, content=content, **rest)
    return str(said["message"]["id"])


def _send_quoted_file(world: World) -> None:
    world.by_ada = send(world, world.ada, "File.", attachments=[world.upload])
    send(world, world.ben, "Thanks.", reply_to=world.by_ada)


def unread_again(world: World) -> None:
    """All that ada had read in the group."""
    world.server.do(world.ada, "mark_read", room_id=world.group, seq=100)
    world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1)


ACTIONS = [
    Action("a message", "send_message", "ada", lambda w: {"room_id": w.group, "content": "Hello."}),
    Action("a long message", "send_message", "ben", lambda w: {"room_id": w.direct, "content": "wörd \n" * 100}),
    Action("a mention", "send_message", "ada", lambda w: {"room_id": w.group, "content": f"@{w.ben.user.username}"}),
    Action("a reply", "send_message", "ada", lambda w: {"room_id": w.group, "content": "Yes.", "reply_to": w.by_ben}),
    Action("a file", "send_message", "ada", lambda w: {"room_id": w.group, "content": "", "attachments": [w.upload]}),
    Action("a deletion of what has a file", "delete_message", "ada", lambda w: {"message_id": w.by_ada},
           lambda w: setattr(w, "by_ada", send(w, w.ada, "File.", attachments=[w.upload]))),
    Action("an edit that leaves the files alone", "edit_message", "ada", lambda w: {"message_id": w.by_ada, "content": " "},
           _send_quoted_file),
    Action("a room that shows who has seen", "update_room", "ada", lambda w: {"room_id": w.group, "shows_seen": True}),
    Action("a room that shows it no more", "update_room", "ada", lambda w: {"room_id": w.group, "shows_seen": False},
           lambda w: w.server.do(w.ada, "update_room", room_id=w.group, shows_seen=True)),
    Action("a draft", "save_draft", "ada", lambda w: {"room_id": w.group, "content": "Hel", "base_rev": 0}),
    Action("a message with its draft", "send_message", "ada", lambda w: {"room_id": w.group, "content": "Hello.", "draft_rev": 0}),
    Action("a scheduled message", "schedule_message", "ada", lambda w: {"id": w.absent, "room_id": w.group, "content": "Hello.", "at": soon()}),
    Action("a scheduled message cancelled", "cancel_scheduled", "ada", lambda w: {"id": w.scheduled}),
    Action("an upload", "create_upload", "ada", lambda w: {"id": w.absent, "room_id": w.group, "name": "x", "size": 5}),
    Action("an upload given up", "delete_upload", "ada", lambda w: {"upload_id": w.upload}),
    Action("an edit of what is quoted", "edit_message", "ada", lambda w: {"message_id": w.by_ada, "content": "Better."}),
    Action("an edit of the last", "edit_message", "ben", lambda w: {"message_id": w.by_ben, "content": "Better."}),
    Action("a deletion of what mentions", "delete_message", "ben", lambda w: {"message_id": w.by_ben}),
    Action("a deletion of what is quoted", "delete_message", "ada", lambda w: {"message_id": w.by_ada}),
    Action("a deletion of what was read", "delete_message", "ben", lambda w: {"message_id": w.by_ben},
           lambda w: w.server.do(w.ada, "mark_read", room_id=w.group, seq=2)),
    Action("a reaction", "add_reaction", "ada", lambda w: {"message_id": w.by_ben, "emoji": "👍"}),
    Action("another of the same", "add_reaction", "ada", lambda w: {"message_id": w.by_ben, "emoji": "👍"},
           lambda w: w.server.do(w.ben, "add_reaction", message_id=w.by_ben, emoji="👍")),
    Action("a reaction taken back", "remove_reaction", "ben", lambda w: {"message_id": w.by_ben, "emoji": "👍"},
           lambda w: w.server.do(w.ben, "add_reaction", message_id=w.by_ben, emoji="👍")),
    Action("a pin", "pin_message", "ben", lambda w: {"message_id": w.by_ada}),
    Action("a pin taken away by another", "unpin_message", "ada", lambda w: {"message_id": w.by_ben},
           lambda w: w.server.do(w.ben, "pin_message", message_id=w.by_ben)),
    Action("a deletion of what is pinned", "delete_message", "ada", lambda w: {"message_id": w.by_ben},
           lambda w: w.server.do(w.ben, "pin_message", message_id=w.by_ben)),
    Action("read on", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 2}),
    Action("read all", "mark_read", "ben", lambda w: {"room_id": w.group, "seq": 100}),
    Action("the threads of a room", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 100, "threads": True}),
    Action("unread again", "mark_unread", "ada", lambda w: {"room_id": w.group, "seq": 1},
           lambda w: w.server.do(w.ada, "mark_read", room_id=w.group, seq=100)),
    Action("a part of what is unread again", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 2}, unread_again),
    Action("all of what is unread again", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 100}, unread_again),
    Action("a message where all is unread again", "send_message", "ben", lambda w: {"room_id": w.group, "content": "So."}, unread_again),
    Action("a deletion of what is unread again", "delete_message", "ben", lambda w: {"message_id": w.by_ben}, unread_again),
    Action("a thread that is unread again", "mark_unread", "ada", lambda w: {"room_id": w.group, "seq": 1, "thread": w.by_ada},
           lambda w: w.server.do(w.ada, "mark_read", room_id=w.group, seq=100, threads=True)),
    Action("a reply in a thread", "send_message", "ben", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ada}),
    Action("a reply in a thread that mentions", "send_message", "ada",
           lambda w: {"room_id": w.group, "content": f"@{w.ben.user.username}", "thread": w.by_ada, "in_room": True}),
    Action("the first reply in a thread", "send_message", "ada", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ben}),
    Action("a first reply to who is mentioned", "send_message", "ben", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ben}),
    Action("a reply to what is deleted since", "delete_message", "ada", lambda w: {"message_id": w.by_ada}),
    Action("a deletion of a reply", "delete_message", "ben", lambda w: {"message_id": w.reply}),
    Action("an edit of a reply", "edit_message", "ben", lambda w: {"message_id": w.reply, "content": "Better."}),
    Action("an edit of what a thread begins with", "edit_message", "ada", lambda w: {"message_id": w.by_ada, "content": "Better."}),
    Action("follow", "follow_thread", "ada", lambda w: {"message_id": w.by_ben}),
    Action("follow again", "follow_thread", "ada", lambda w: {"message_id": w.by_ada},
           lambda w: w.server.do(w.ada, "unfollow_thread", message_id=w.by_ada)),
    Action("unfollow", "unfollow_thread", "ada", lambda w: {"message_id": w.by_ada}),
    Action("a reply where one unfollowed", "send_message", "ben", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ada},
           lambda w: w.server.do(w.ada, "unfollow_thread", message_id=w.by_ada)),
    Action("read a thread", "mark_thread_read", "ada", lambda w: {"message_id": w.by_ada, "seq": 100}),
    Action("read in its thread what the room shows", "mark_thread_read", "ada", lambda w: {"message_id": w.by_ada, "seq": 100},
           lambda w: send(w, w.ben, "So.", thread=w.by_ada, in_room=True)),
    Action("read in the room what a thread has", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 100},
           lambda w: send(w, w.ben, "So.", thread=w.by_ada, in_room=True)),
    Action("what a room notifies of", "set_notifications", "ada", lambda w: {"room_id": w.group, "level": "all"}),
    Action("muted", "set_notifications", "ada", lambda w: {"room_id": w.direct, "mute_until": "2030-01-01T00:00:00Z"}),
    Action("no choice any more", "set_notifications", "ada", lambda w: {"room_id": w.group},
           lambda w: w.server.do(w.ada, "set_notifications", room_id=w.group, level="none", mute_until="2030-01-01T00:00:00Z")),
    Action("keywords", "set_my_notifications", "ada", lambda w: {"keywords": ["deploy"]}),
    Action("a browser", "subscribe_push", "ada", lambda w: PUSH),
    Action("a browser no more", "unsubscribe_push", "ada", lambda w: {"device": PUSH["device"]}),
    Action("a push message to try it", "test_push", "ada", lambda w: {"device": "nothing-here"}),
    Action("a group", "create_room", "ada", lambda w: {"kind": "group", "name": "G", "members": [w.ben.id, w.cyd.id]}),
    Action("a channel", "create_room", "cyd", lambda w: {"kind": "channel", "name": "C"}),
    Action("a direct room", "create_room", "ada", lambda w: {"kind": "direct", "members": [w.cyd.id]}),
    Action("a direct room of old", "create_room", "ada", lambda w: {"kind": "direct", "members": [w.ben.id]}),
    Action("another name", "update_room", "ben", lambda w: {"room_id": w.group, "name": "N", "topic": "X"}),
    Action("join", "join_room", "cyd", lambda w: {"room_id": w.channel}),
    Action("leave", "leave_room", "ben", lambda w: {"room_id": w.group}),
    Action("the owner leaves", "leave_room", "ada", lambda w: {"room_id": w.group}),
    Action("the last one leaves", "leave_room", "ben", lambda w: {"room_id": w.group},
           lambda w: w.server.do(w.ada, "leave_room", room_id=w.group)),
    Action("add", "add_members", "ben", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id]}),
    Action("add who was there before", "add_members", "ada", lambda w: {"room_id": w.group, "user_ids": [w.dan.id, w.eve.id]}),
    Action("remove", "remove_member", "ada", lambda w: {"room_id": w.group, "user_id": w.ben.id}),
    Action("typing", "typing", "ada", lambda w: {"room_id": w.group, "active": True}),
    Action("away", "set_presence", "ada", lambda w: {"state": "away"}),
]  # fmt: skip
