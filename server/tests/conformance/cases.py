"""The cases of every command: who sends it, with which fields, and whether it succeeds or with which code it is refused.

Each is run on both transports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.roles import PUSH
from tests.conformance.world import World, soon

Fields = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """`code` is the error's word, None where it succeeds. `field`: the one that `errors` names, where the error is about one.
    `twice`: said two times, and the second answer is the one that counts."""

    name: str
    who: str
    fields: Fields
    code: str | None = None
    field: str | None = None
    twice: bool = False


def yes(name: str, fields: Fields, who: str = "ada", **rest: Any) -> Case:
    return Case(name, who, fields, **rest)


def no(name: str, code: str, fields: Fields, who: str = "ada", **rest: Any) -> Case:
    return Case(name, who, fields, code, **rest)


def of_group(**rest: Any) -> Fields:
    return lambda w: {"room_id": w.group, **rest}


def of_thread(root: str, **rest: Any) -> Fields:
    return lambda w: {"room_id": w.group, "thread": getattr(w, root), **rest}


def members_only(fields: Fields) -> list[Case]:
    """Those who are not in the group, and a room that is not there."""
    return [
        *(no(f"by {what}", "not_a_member", fields, who) for what, who in OUTSIDERS),
        no("in no room", "room_not_found", lambda w: {**fields(w), "room_id": 2**53 - 1}),
    ]


def of_message(fields: Fields) -> list[Case]:
    return [
        *(no(f"by {what}", "not_a_member", fields, who) for what, who in OUTSIDERS),
        no("of no message", "message_not_found", lambda w: {**fields(w), "message_id": w.absent}),
    ]


OUTSIDERS = (("a stranger", "cyd"), ("who left", "dan"), ("who was removed", "eve"))
NUL = "a\x00b"
INVISIBLE = "\u200b\u2060\u00ad \u2800\u3164\ufe0f\u202e\x07"
FILE = {"name": "a.pdf", "size": 1000, "content_type": "application/pdf"}
NIGHTS = {"zone": "Europe/Berlin", "days": [1], "start": "22:00", "end": "07:00"}
LONG = "ö" * (8 * 1024) + "."

CASES: dict[str, list[Case]] = {
    "get_me": [yes("oneself", lambda w: {})],
    "get_room_list": [yes("all of one's own", lambda w: {}), yes("none", lambda w: {}, "cyd")],
    "get_room": [
        yes("a group", of_group()),
        yes("a group with unread messages", of_group(), "ben"),
        yes("a direct room", lambda w: {"room_id": w.direct}),
        *members_only(of_group()),
    ],
    "send_message": [
        yes("without an id", of_group(content="Hello.")),
        yes("with an id", lambda w: {"room_id": w.group, "content": "Hello.", "id": w.absent}),
        yes("a retry", lambda w: {"room_id": w.group, "content": "Hello.", "id": w.absent}, twice=True),
        yes("a reply", lambda w: {"room_id": w.group, "content": "Yes.", "reply_to": w.by_ben}),
        yes("a reply to what is deleted", lambda w: {"room_id": w.group, "content": "?", "reply_to": w.deleted}),
        yes("a mention", lambda w: {"room_id": w.group, "content": f"@{w.ben.user.username.upper()} and @nobody"}),
        yes("in a direct room", lambda w: {"room_id": w.direct, "content": "👩‍👩‍👧 \n *x* <b>"}, "ben"),
        no("with another's id", "id_reused", lambda w: {"room_id": w.group, "content": "X", "id": w.by_ben}, field="id"),
        no("with an id of other words", "id_reused", lambda w: {"room_id": w.group, "content": "X", "id": w.by_ada}),
        no("an id of another room", "id_reused", lambda w: {"room_id": w.channel, "content": "From Ada.", "id": w.by_ada}),
        no("nothing", "invalid", of_group(content=" \n\t "), field="content"),
        yes("control characters", of_group(content="\x1b[1mBold\x1b[0m\x07 \u202e")),
        no("a NUL", "invalid", of_group(content=NUL), field="content"),
        no("what nobody can see", "invalid", of_group(content=INVISIBLE), field="content"),
        no("too much in bytes", "invalid", of_group(content=LONG), field="content"),
        yes("a reply in a thread", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ada}),
        yes("a reply in a thread that the room shows", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ada, "in_room": True, "reply_to": w.reply}),
        yes("the first reply in a thread", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ben}),
        yes("a retry in a thread", lambda w: {"room_id": w.group, "content": "So.", "thread": w.by_ben, "id": w.absent}, twice=True),
        no("an id of the same words outside of a thread", "id_reused", lambda w: {"room_id": w.group, "content": "In a thread.", "id": w.reply}, "ben", field="id"),
        no("an id of the same words elsewhere", "id_reused", lambda w: {"room_id": w.group, "content": "In a thread.", "id": w.reply, "thread": w.by_ada, "in_room": True}, "ben", field="id"),
        no("in a thread of a thread", "invalid", lambda w: {"room_id": w.group, "content": "X", "thread": w.reply}, field="thread"),
        no("in a thread of no message", "invalid", lambda w: {"room_id": w.group, "content": "X", "thread": w.absent}, field="thread"),
        no("in a thread of another room", "invalid", lambda w: {"room_id": w.channel, "content": "X", "thread": w.by_ada}, field="thread"),
        no("in a thread of a direct room", "invalid", lambda w: {"room_id": w.direct, "content": "X", "thread": w.by_ada}, field="thread"),
        no("in the room without a thread", "invalid", of_group(content="X", in_room=True), field="in_room"),
        no("in a thread of what is deleted", "message_deleted", lambda w: {"room_id": w.group, "content": "X", "thread": w.deleted}),
        no("a reply to no message", "invalid", lambda w: {"room_id": w.group, "content": "X", "reply_to": w.absent}, field="reply_to"),
        no("a reply to another room", "invalid", lambda w: {"room_id": w.channel, "content": "X", "reply_to": w.by_ada}, field="reply_to"),
        yes("a file", lambda w: {"room_id": w.group, "content": "X", "attachments": [w.upload]}),
        yes("a file without a word", lambda w: {"room_id": w.group, "content": " ", "attachments": [w.upload]}),
        yes("a file, again", lambda w: {"room_id": w.group, "content": "", "attachments": [w.upload], "id": w.absent}, twice=True),
        no("a file twice", "invalid", lambda w: {"room_id": w.group, "content": "X", "attachments": [w.upload] * 2}, field="attachments"),
        no("another's file", "upload_not_found", lambda w: {"room_id": w.group, "content": "X", "attachments": [w.upload]}, "ben", field="attachments"),
        no("a file of another room", "upload_not_found", lambda w: {"room_id": w.channel, "content": "X", "attachments": [w.upload]}, field="attachments"),
        no("an upload there is not", "upload_not_found", lambda w: {"room_id": w.group, "content": "X", "attachments": [w.absent]}, field="attachments"),
        *members_only(of_group(content="Hello.")),
    ],
    "save_draft": [
        yes("a text", of_group(content="Hel", base_rev=0)),
        yes("the same again", of_group(content="Hel", base_rev=0), twice=True),
        yes("in a thread", lambda w: {"room_id": w.group, "content": "Hel", "base_rev": 0, "thread": w.by_ada}),
        yes("a reply with a file and no word", lambda w: {"room_id": w.group, "content": " ", "base_rev": 0, "reply_to": w.by_ben, "attachments": [w.upload], "save_id": w.absent}),
        yes("nothing where nothing is", of_group(content="", base_rev=0)),
        no("from a version that is not there", "draft_conflict", of_group(content="Hel", base_rev=1)),
        no("of too much in bytes", "invalid", of_group(content=LONG, base_rev=0), field="content"),
        no("a NUL", "invalid", of_group(content=NUL, base_rev=0), field="content"),
        no("a reply to no message", "invalid", lambda w: {"room_id": w.group, "content": "X", "base_rev": 0, "reply_to": w.absent}, field="reply_to"),
        no("a reply to another room", "invalid", lambda w: {"room_id": w.channel, "content": "X", "base_rev": 0, "reply_to": w.by_ada}, field="reply_to"),
        no("in a thread of a thread", "invalid", lambda w: {"room_id": w.group, "content": "X", "base_rev": 0, "thread": w.reply}, field="thread"),
        no("in a thread of no message", "invalid", lambda w: {"room_id": w.group, "content": "X", "base_rev": 0, "thread": w.absent}, field="thread"),
        no("in a thread of a direct room", "invalid", lambda w: {"room_id": w.direct, "content": "X", "base_rev": 0, "thread": w.by_ada}, field="thread"),
        no("another's file", "upload_not_found", lambda w: {"room_id": w.group, "content": "X", "base_rev": 0, "attachments": [w.upload]}, "ben", field="attachments"),
        no("a file twice", "invalid", lambda w: {"room_id": w.group, "content": "X", "base_rev": 0, "attachments": [w.upload] * 2}, field="attachments"),
        *members_only(of_group(content="Hel", base_rev=0)),
    ],
    "get_drafts": [yes("none", lambda w: {}), yes("by nobody's friend", lambda w: {}, "cyd")],
    "schedule_message": [
        yes("a message", lambda w: {"id": w.absent, "room_id": w.group, "content": "Hello.", "at": soon()}),
        yes("again", lambda w: {"id": w.absent, "room_id": w.group, "content": "Hello.", "at": soon()}, twice=True),
        yes("a reply in a thread with a file", lambda w: {"id": w.absent, "room_id": w.group, "content": "", "at": soon(), "thread": w.by_ada, "in_room": True, "reply_to": w.by_ben, "attachments": [w.upload]}),
        yes("a change", lambda w: {"id": w.scheduled, "room_id": w.group, "content": "Better.", "at": soon()}),
        no("a change of what is no longer so", "schedule_conflict", lambda w: {"id": w.scheduled, "room_id": w.group, "content": "Better.", "at": soon(), "base_rev": 0}),
        no("what was sent", "already_sent", lambda w: {"id": w.by_ada, "room_id": w.group, "content": "X", "at": soon()}),
        no("with another's id", "id_reused", lambda w: {"id": w.by_ben, "room_id": w.group, "content": "X", "at": soon()}, field="id"),
        no("another's", "id_reused", lambda w: {"id": w.scheduled, "room_id": w.group, "content": "X", "at": soon()}, "ben", field="id"),
        no("nothing", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": " ", "at": soon()}, field="content"),
        no("a time that has passed", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": "2020-01-01T00:00:00Z"}, field="at"),
        no("a time too far ahead", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": "9999-12-31T23:59:59Z"}, field="at"),
        no("a time without a zone", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": "2026-12-31T09:00:00"}, field="at"),
        no("no time", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": "0001-01-01T00:00:00+23:59"}, field="at"),
        no("in the room without a thread", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": soon(), "in_room": True}, field="in_room"),
        no("in a thread of no message", "invalid", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": soon(), "thread": w.absent}, field="thread"),
        no("another's file", "upload_not_found", lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": soon(), "attachments": [w.upload]}, "ben", field="attachments"),
        *members_only(lambda w: {"id": w.absent, "room_id": w.group, "content": "X", "at": soon()}),
    ],
    "get_scheduled": [yes("one's own", lambda w: {}), yes("none", lambda w: {}, "ben")],
    "cancel_scheduled": [
        yes("one's own", lambda w: {"id": w.scheduled}),
        yes("twice", lambda w: {"id": w.scheduled}, twice=True),
        no("another's", "scheduled_not_found", lambda w: {"id": w.scheduled}, "ben"),
        no("none", "scheduled_not_found", lambda w: {"id": w.absent}),
        no("what was sent", "already_sent", lambda w: {"id": w.by_ada}),
        no("what another sent", "scheduled_not_found", lambda w: {"id": w.by_ben}),
    ],
    "get_message_details": [
        yes("one's own", lambda w: {"message_id": w.by_ada}),
        yes("another's", lambda w: {"message_id": w.by_ada}, "ben"),
        yes("of a message from before one left", lambda w: {"message_id": w.by_ada}, "dan"),
        no("of a message from after one left", "not_a_member", lambda w: {"message_id": w.reply}, "dan"),
        no("of what is deleted", "message_deleted", lambda w: {"message_id": w.deleted}),
        *(case for case in of_message(lambda w: {"message_id": w.by_ada}) if case.who != "dan"),
    ],
    "create_upload": [
        yes("a file", lambda w: {**FILE, "id": w.absent, "room_id": w.group}),
        yes("again", lambda w: {**FILE, "id": w.absent, "room_id": w.group}, twice=True),
        yes("an empty one", lambda w: {**FILE, "id": w.absent, "room_id": w.group, "size": 0}, "ben"),
        yes("of no known type", lambda w: {"id": w.absent, "room_id": w.direct, "name": "", "size": 1}),
        yes("with a path for a name", lambda w: {**FILE, "id": w.absent, "room_id": w.group, "name": "..\\a/../b\u202egpj.exe. "}),
        yes("with a strange type", lambda w: {**FILE, "id": w.absent, "room_id": w.group, "content_type": "a/b\r\nc: d"}),
        no("with the id of another", "id_reused", lambda w: {**FILE, "id": w.upload, "room_id": w.group}, field="id"),
        no("too large", "file_too_large", lambda w: {**FILE, "id": w.absent, "room_id": w.group, "size": 2**40}),
        no("a NUL", "invalid", lambda w: {**FILE, "id": w.absent, "room_id": w.group, "name": NUL}, field="name"),
        *members_only(lambda w: {**FILE, "id": w.absent, "room_id": w.group}),
    ],
    "get_upload": [
        yes("one's own", lambda w: {"upload_id": w.upload}),
        no("another's", "upload_not_found", lambda w: {"upload_id": w.upload}, "ben"),
        no("none", "upload_not_found", lambda w: {"upload_id": w.absent}),
    ],
    "delete_upload": [
        yes("one's own", lambda w: {"upload_id": w.upload}),
        no("another's", "upload_not_found", lambda w: {"upload_id": w.upload}, "ben"),
        no("none", "upload_not_found", lambda w: {"upload_id": w.absent}),
    ],
    "edit_message": [
        yes("one's own", lambda w: {"message_id": w.by_ada, "content": "Better."}),
        yes("based on what it was", lambda w: {"message_id": w.by_ada, "content": "Better.", "base_seq": 1}),
        yes("to what it says already", lambda w: {"message_id": w.by_ada, "content": "From Ada."}),
        yes("twice", lambda w: {"message_id": w.by_ada, "content": "Better."}, twice=True),
        no("based on something else", "edit_conflict", lambda w: {"message_id": w.by_ada, "content": "X", "base_seq": 0}),
        no("another's", "forbidden", lambda w: {"message_id": w.by_ben, "content": "X"}),
        no("what is deleted", "message_deleted", lambda w: {"message_id": w.deleted, "content": "X"}),
        no("to nothing", "invalid", lambda w: {"message_id": w.by_ada, "content": " "}, field="content"),
        no("to what nobody can see", "invalid", lambda w: {"message_id": w.by_ada, "content": INVISIBLE}, field="content"),
        no("to too much in bytes", "invalid", lambda w: {"message_id": w.by_ada, "content": LONG}, field="content"),
        no("to a NUL", "invalid", lambda w: {"message_id": w.by_ada, "content": NUL}, field="content"),
        *of_message(lambda w: {"message_id": w.by_ada, "content": "X"}),
    ],
    "delete_message": [
        yes("one's own", lambda w: {"message_id": w.by_ben}, "ben"),
        yes("another's, as the owner", lambda w: {"message_id": w.by_ben}),
        yes("again", lambda w: {"message_id": w.deleted}),
        no("another's", "forbidden", lambda w: {"message_id": w.by_ada}, "ben"),
        *of_message(lambda w: {"message_id": w.by_ada}),
    ],
    "add_reaction": [
        yes("an emoji", lambda w: {"message_id": w.by_ben, "emoji": "👍"}),
        yes("a family", lambda w: {"message_id": w.by_ben, "emoji": "👩‍👩‍👧"}),
        yes("a flag of tags", lambda w: {"message_id": w.by_ben, "emoji": "🏴󠁧󠁢󠁳󠁣󠁴󠁿"}),
        yes("a word", lambda w: {"message_id": w.by_ben, "emoji": "100%?#&+"}),
        yes("an emoji of Unicode 16", lambda w: {"message_id": w.by_ben, "emoji": "🫩"}),
        yes("an emoji that is not there yet", lambda w: {"message_id": w.by_ben, "emoji": "\U0001facf"}),
        yes("another spelling", lambda w: {"message_id": w.by_ben, "emoji": "❤"}),
        yes("twice", lambda w: {"message_id": w.by_ben, "emoji": "👍"}, twice=True),
        no("to what is deleted", "message_deleted", lambda w: {"message_id": w.deleted, "emoji": "👍"}),
        no("words", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "two words"}, field="emoji"),
        no("a control character", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "a\x07"}, field="emoji"),
        no("a direction of writing", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "a\u202e"}, field="emoji"),
        no("what nobody can see", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "\u2800"}, field="emoji"),
        no("a selector alone", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "\ufe0f"}, field="emoji"),
        no("a slash", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "a/b"}, field="emoji"),
        no("a line's end", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "a\n/b"}, field="emoji"),
        *of_message(lambda w: {"message_id": w.by_ada, "emoji": "👍"}),
    ],
    "remove_reaction": [
        yes("that is not there", lambda w: {"message_id": w.by_ben, "emoji": "👍"}),
        no("from what is deleted", "message_deleted", lambda w: {"message_id": w.deleted, "emoji": "👍"}),
        no("words", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "two words"}, field="emoji"),
        no("a slash", "invalid", lambda w: {"message_id": w.by_ben, "emoji": "/"}, field="emoji"),
        *of_message(lambda w: {"message_id": w.by_ada, "emoji": "👍"}),
    ],
    "pin_message": [
        yes("one's own", lambda w: {"message_id": w.by_ada}),
        yes("another's, as a member", lambda w: {"message_id": w.by_ada}, "ben"),
        yes("twice", lambda w: {"message_id": w.by_ben}, twice=True),
        no("what is deleted", "message_deleted", lambda w: {"message_id": w.deleted}),
        *of_message(lambda w: {"message_id": w.by_ada}),
    ],
    "unpin_message": [
        yes("what is not pinned", lambda w: {"message_id": w.by_ben}),
        no("what is deleted", "message_deleted", lambda w: {"message_id": w.deleted}),
        *of_message(lambda w: {"message_id": w.by_ada}),
    ],
    "get_pins": [
        yes("all", of_group()),
        yes("in a direct room", lambda w: {"room_id": w.direct}),
        yes("what was pinned when one left", of_group(), "dan"),
        *(case for case in members_only(of_group()) if case.who != "dan"),
    ],
    "search": [
        yes("a word", lambda w: {"query": "from"}),
        yes("in a room", of_group(query="from")),
        yes("in a direct room", lambda w: {"query": "from", "room_id": w.direct}),
        yes("filters, a phrase and an exclusion", lambda w: {"query": 'from:ada is:dm "from ada" -deleted'}),
        yes("the best", of_group(query="from", order="best", limit=1)),
        yes("nothing", lambda w: {"query": ""}),
        yes("no words", lambda w: {"query": "… \" -"}),
        yes("NUL", lambda w: {"query": NUL}),
        yes("a query language", lambda w: {"query": "'; DROP TABLE doc -- \" OR a* & b:* \\"}),
        yes("by nobody's friend", lambda w: {"query": "from"}, "cyd"),
        yes("who left, up to there", of_group(query="from"), "dan"),
        no("a query that is too long", "invalid", lambda w: {"query": "x" * 1001}, field="query"),
        no("an unknown order", "invalid", lambda w: {"query": "x", "order": "worst"}, field="order"),
        no("a `before` that is none", "invalid", lambda w: {"query": "x", "before": "zzz"}, field="before"),
        no("a `before` of the other order", "invalid", lambda w: {"query": "x", "before": "WyJiZXN0IixbMSw3LDFdLDIwXQ"}, field="before"),
        no("no hits a page", "invalid", lambda w: {"query": "x", "limit": 0}, field="limit"),
        *(case for case in members_only(of_group(query="from")) if case.who != "dan"),
    ],
    "get_history": [
        yes("the newest", of_group()),
        yes("a page", of_group(limit=2)),
        yes("before", of_group(before=2)),
        yes("before the first", of_group(before=0)),
        yes("after", of_group(after=1, limit=1)),
        yes("after the last", of_group(after=2**53 - 1)),
        yes("around", of_group(around=2, limit=2)),
        yes("of one", of_group(around=2, limit=1)),
        no("both ways", "invalid", of_group(before=3, after=1), field="after"),
        no("all ways", "invalid", of_group(before=3, around=1), field="around"),
        yes("what was there when one left", of_group(), "dan"),
        *(case for case in members_only(of_group()) if case.who != "dan"),
    ],
    "get_events": [
        yes("all", of_group(after=0)),
        yes("a page", of_group(after=1, limit=2)),
        yes("none", of_group(after=10**6)),
        *members_only(of_group(after=0)),
    ],
    "mark_read": [
        yes("a part", of_group(seq=2)),
        yes("all", of_group(seq=2**53 - 1), "ben"),
        yes("backwards", of_group(seq=0)),
        yes("twice", of_group(seq=2), twice=True),
        *members_only(of_group(seq=1)),
    ],
    "mark_unread": [
        yes("from a message that was read", of_group(seq=1)),
        yes("from one's own", of_group(seq=2), "ben"),
        yes("from nothing", of_group(seq=0)),
        yes("from what is not there yet", of_group(seq=2**53 - 1)),
        yes("twice", of_group(seq=1), twice=True),
        yes("in a thread", of_thread("by_ada", seq=2)),
        yes("in a thread that one does not follow", of_thread("by_ben", seq=2), twice=True),
        yes("in a thread from what is not there yet", of_thread("by_ada", seq=2**53 - 1)),
        no("in a thread by its reply", "invalid", of_thread("reply", seq=1), field="thread"),
        no("in a thread of another room", "message_not_found", lambda w: {"room_id": w.channel, "seq": 1, "thread": w.by_ada}),
        no("in a thread that is not there", "message_not_found", of_thread("absent", seq=1)),
        *members_only(of_group(seq=1)),
    ],
    "get_thread": [
        yes("with a reply", lambda w: {"message_id": w.by_ada}),
        yes("with a reply, by who follows it", lambda w: {"message_id": w.by_ada}, "ben"),
        yes("without replies", lambda w: {"message_id": w.by_ben}),
        yes("of what is deleted", lambda w: {"message_id": w.deleted}),
        yes("before", lambda w: {"message_id": w.by_ada, "before": 3}),
        yes("after", lambda w: {"message_id": w.by_ada, "after": 2, "limit": 1}),
        yes("around", lambda w: {"message_id": w.by_ada, "around": 3, "limit": 2}),
        no("both ways", "invalid", lambda w: {"message_id": w.by_ada, "before": 3, "around": 1}, field="around"),
        no("of a reply", "invalid", lambda w: {"message_id": w.reply}, field="message_id"),
        yes("as it was when one left", lambda w: {"message_id": w.by_ada}, "dan"),
        no("that began after one left", "not_a_member", lambda w: {"message_id": w.reply}, "dan"),
        *(case for case in of_message(lambda w: {"message_id": w.by_ada}) if case.who != "dan"),
    ],
    "get_threads": [
        yes("all", lambda w: {}),
        yes("with unread replies", lambda w: {"unread": True}),
        yes("with none", lambda w: {"unread": True}, "ben"),
        yes("of a room", lambda w: {"room_id": w.group, "limit": 1, "unread": False}, "ben"),
        yes("of another room", lambda w: {"room_id": w.channel}),
        yes("of nobody", lambda w: {}, "dan"),
        no("from no page", "invalid", lambda w: {"before": "WzEsMl0"}, field="before"),
        *members_only(of_group()),
    ],
    "follow_thread": [
        yes("of another's message", lambda w: {"message_id": w.by_ada}, "ben"),
        yes("without replies", lambda w: {"message_id": w.by_ben}),
        yes("again", lambda w: {"message_id": w.by_ben}, twice=True),
        yes("with unread replies that one follows", lambda w: {"message_id": w.by_ada}),
        yes("of what is deleted", lambda w: {"message_id": w.deleted}, "ben"),
        no("of a reply", "invalid", lambda w: {"message_id": w.reply}, field="message_id"),
        *of_message(lambda w: {"message_id": w.by_ada}),
    ],
    "unfollow_thread": [
        yes("that one follows", lambda w: {"message_id": w.by_ada}),
        yes("that one does not follow", lambda w: {"message_id": w.by_ben}),
        yes("again", lambda w: {"message_id": w.by_ada}, twice=True),
        no("of a reply", "invalid", lambda w: {"message_id": w.reply}, field="message_id"),
        *of_message(lambda w: {"message_id": w.by_ada}),
    ],
    "mark_thread_read": [
        yes("all", lambda w: {"message_id": w.by_ada, "seq": 2**53 - 1}),
        yes("nothing", lambda w: {"message_id": w.by_ada, "seq": 0}),
        yes("again", lambda w: {"message_id": w.by_ada, "seq": 8}, twice=True),
        yes("that one does not follow", lambda w: {"message_id": w.by_ben, "seq": 5}),
        yes("of what is deleted", lambda w: {"message_id": w.deleted, "seq": 5}),
        no("of a reply", "invalid", lambda w: {"message_id": w.reply, "seq": 8}, field="message_id"),
        *of_message(lambda w: {"message_id": w.by_ada, "seq": 1}),
    ],
    "set_notifications": [
        yes("all of a room", of_group(level="all")),
        yes("nothing, and muted", of_group(level="none", mute_until="2030-01-01T00:00:00+01:00")),
        yes("no choice", of_group()),
        yes("twice", of_group(level="mentions"), twice=True),
        no("muted until no time", "invalid", of_group(mute_until="tomorrow"), field="mute_until"),
        no("muted until a time of no zone", "invalid", of_group(mute_until="2030-01-01T00:00:00"), field="mute_until"),
        no("muted until before all time", "invalid", of_group(mute_until="0001-01-01T00:00:00+14:00"), field="mute_until"),
        *members_only(of_group(level="all")),
    ],
    "get_my_notifications": [yes("the defaults", lambda w: {}, "cyd")],
    "set_my_notifications": [
        yes("keywords", lambda w: {"keywords": ["Deploy", "deploy", "障害"]}),
        yes("quiet hours", lambda w: {"quiet_hours": {**NIGHTS, "days": [5, 1, 1]}}),
        yes("no quiet hours", lambda w: {"quiet_hours": {**NIGHTS, "days": []}}),
        yes("undisturbed", lambda w: {"dnd_until": "2035-01-01T00:00:00.5Z"}),
        yes("undisturbed no more", lambda w: {"dnd_until": "2020-01-01T00:00:00Z"}),
        yes("nothing", lambda w: {}),
        yes("what a lock screen shows", lambda w: {"push_content": "none"}, twice=True),
        no("a keyword of signs", "invalid", lambda w: {"keywords": ["!?"]}, field="keywords"),
        no("a keyword with a NUL", "invalid", lambda w: {"keywords": [NUL]}, field="keywords"),
        no("no zone", "invalid", lambda w: {"quiet_hours": {**NIGHTS, "zone": "../../etc/passwd"}}, field="quiet_hours"),
        no("no time of day", "invalid", lambda w: {"quiet_hours": {**NIGHTS, "end": "24:00"}}),
        no("no day", "invalid", lambda w: {"quiet_hours": {**NIGHTS, "days": [8]}}),
        no("undisturbed until no time", "invalid", lambda w: {"dnd_until": "2030-13-01T00:00:00Z"}, field="dnd_until"),
    ],
    "get_push_key": [yes("the server's", lambda w: {})],
    "subscribe_push": [
        yes("a browser", lambda w: PUSH),
        yes("again", lambda w: PUSH, twice=True),
        no("a machine within", "invalid", lambda w: {**PUSH, "endpoint": "https://169.254.169.254/"}, field="endpoint"),
        no("no https", "invalid", lambda w: {**PUSH, "endpoint": "http://fcm.googleapis.com/x"}, field="endpoint"),
        no("another host", "invalid", lambda w: {**PUSH, "endpoint": "https://fcm.googleapis.com.evil.example/"}, field="endpoint"),
        no("keys that are none", "invalid", lambda w: {**PUSH, "keys": {"p256dh": "AAAA", "auth": "BBBB"}}, field="keys"),
        no("a page that is a script", "invalid", lambda w: {**PUSH, "page": "javascript:alert(1)/"}, field="page"),
        no("a device with a slash", "invalid", lambda w: {**PUSH, "device": "aaaa+bbbb"}, field="device"),
    ],
    "unsubscribe_push": [
        yes("a browser", lambda w: {"device": PUSH["device"]}),
        yes("none", lambda w: {"device": "nothing-here"}),
    ],
    "typing": [
        yes("on", of_group(active=True)),
        yes("off", of_group(active=False)),
        yes("on and on", of_group(active=True), twice=True),
        *members_only(of_group(active=True)),
    ],
    "set_presence": [
        yes("away", lambda w: {"state": "away", "instance": "a phone"}),
        yes("online", lambda w: {"state": "online"}),
    ],
    "create_room": [
        yes("a group", lambda w: {"kind": "group", "name": "  A  group ", "topic": " T ", "members": [w.cyd.id, w.ben.id]}),
        yes("a group without a name", lambda w: {"kind": "group"}),
        yes("a group with oneself", lambda w: {"kind": "group", "members": [w.ada.id, w.ben.id, w.ben.id]}),
        yes("a group with a disguised name", lambda w: {"kind": "group", "name": "A\u202e\u200b B", "topic": "\u2067T\u2069\u200b"}),
        yes("a group with a name nobody can see", lambda w: {"kind": "group", "name": INVISIBLE, "topic": INVISIBLE}),
        yes("a channel", lambda w: {"kind": "channel", "name": "C"}),
        yes("a direct room", lambda w: {"kind": "direct", "members": [w.cyd.id]}),
        yes("a direct room twice", lambda w: {"kind": "direct", "members": [w.cyd.id]}, twice=True),
        yes("a direct room of old", lambda w: {"kind": "direct", "members": [w.ada.id]}, "ben"),
        no("a channel without a name", "invalid", lambda w: {"kind": "channel", "name": " "}, field="name"),
        no("a channel with a name nobody can see", "invalid", lambda w: {"kind": "channel", "name": INVISIBLE}, field="name"),
        no("a direct room with a name", "invalid", lambda w: {"kind": "direct", "name": "X", "members": [w.cyd.id]}, field="name"),
        no("a direct room with nobody", "invalid", lambda w: {"kind": "direct"}, field="members"),
        no("a direct room with oneself", "invalid", lambda w: {"kind": "direct", "members": [w.ada.id]}, field="members"),
        no("a direct room of three", "invalid", lambda w: {"kind": "direct", "members": [w.ben.id, w.cyd.id]}, field="members"),
        no("with whom there is not", "user_not_found", lambda w: {"kind": "group", "members": [2**53 - 1]}, field="members"),
        yes("by the site's ids", lambda w: {"kind": "group", "members": [w.ben.id], "members_external": [w.ben.user.external_id, w.cyd.user.external_id]}),
        yes("a direct room by the site's id", lambda w: {"kind": "direct", "members_external": [w.cyd.user.external_id]}),
        no("by an id the site does not have", "user_not_found", lambda w: {"kind": "group", "members_external": ["nobody"]}, field="members_external"),
        no("by an id with a NUL", "user_not_found", lambda w: {"kind": "group", "members_external": [NUL]}, field="members_external"),
        no("a NUL in its name", "invalid", lambda w: {"kind": "group", "name": NUL}, field="name"),
        no("a NUL in its topic", "invalid", lambda w: {"kind": "group", "topic": NUL}, field="topic"),
    ],
    "update_room": [
        yes("who has seen", of_group(shows_seen=True)),
        yes("who has seen, again", of_group(shows_seen=True), twice=True),
        yes("who has seen, as it is, by a member", of_group(shows_seen=False), "ben"),
        no("who has seen, by a member", "forbidden", of_group(shows_seen=True), "ben"),
        no("who has seen, in a direct room", "forbidden", lambda w: {"room_id": w.direct, "shows_seen": True}),
        yes("its name", of_group(name=" New  name "), "ben"),
        yes("its topic", of_group(topic="New topic")),
        yes("a disguised name", of_group(name="N\u202eew\u200b", topic="\u200bT")),
        yes("nothing", of_group()),
        yes("a group's name to none", of_group(name="")),
        no("a channel's name to none", "invalid", lambda w: {"room_id": w.channel, "name": " "}, field="name"),
        no("a channel's name to one nobody can see", "invalid", lambda w: {"room_id": w.channel, "name": INVISIBLE}, field="name"),
        no("a NUL", "invalid", of_group(topic=NUL), field="topic"),
        no("a direct room", "forbidden", lambda w: {"room_id": w.direct, "topic": "X"}),
        *members_only(of_group(topic="X")),
    ],
    "join_room": [
        yes("a channel", lambda w: {"room_id": w.channel}, "cyd"),
        yes("a channel twice", lambda w: {"room_id": w.channel}, "cyd", twice=True),
        yes("where one is", of_group()),
        yes("a channel one left", lambda w: {"room_id": w.channel}, "dan"),
        no("a channel one was removed from", "forbidden", lambda w: {"room_id": w.channel}, "eve"),
        no("a group", "forbidden", of_group(), "cyd"),
        no("a group one left", "forbidden", of_group(), "dan"),
        no("a group one was removed from", "forbidden", of_group(), "eve"),
        no("another's direct room", "forbidden", lambda w: {"room_id": w.direct}, "cyd"),
        no("no room", "room_not_found", lambda w: {"room_id": 2**53 - 1}),
    ],
    "leave_room": [
        yes("a group", of_group(), "ben"),
        yes("as its owner", of_group()),
        yes("again", of_group(), "dan"),
        no("a direct room", "forbidden", lambda w: {"room_id": w.direct}),
        no("where one never was", "not_a_member", of_group(), "cyd"),
        no("where one was removed", "not_a_member", of_group(), "eve"),
        no("no room", "room_not_found", lambda w: {"room_id": 2**53 - 1}),
    ],
    "add_members": [
        yes("somebody", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id]}, "ben"),
        yes("who left", lambda w: {"room_id": w.group, "user_ids": [w.dan.id, w.eve.id]}),
        yes("who is in", lambda w: {"room_id": w.group, "user_ids": [w.ben.id, w.ben.id]}),
        yes("who left, as a member", lambda w: {"room_id": w.group, "user_ids": [w.dan.id]}, "ben"),
        yes("who was removed from a channel", lambda w: {"room_id": w.channel, "user_ids": [w.eve.id]}),
        no("who was removed, as a member", "forbidden", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id, w.eve.id]}, "ben"),
        no("who was removed from a channel, as a member", "forbidden", lambda w: {"room_id": w.channel, "user_ids": [w.eve.id]}, "ben"),
        no("nobody there is", "user_not_found", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id, 2**53 - 1]}, field="user_ids"),
        yes("by the site's id", lambda w: {"room_id": w.group, "members_external": [w.cyd.user.external_id]}, "ben"),
        no("by an id the site does not have", "user_not_found", lambda w: {"room_id": w.group, "members_external": ["-1"]}, field="members_external"),
        no("nobody", "invalid", of_group(), field="user_ids"),
        no("to a direct room", "forbidden", lambda w: {"room_id": w.direct, "user_ids": [w.cyd.id]}),
        *members_only(lambda w: {"room_id": w.group, "user_ids": [w.cyd.id]}),
    ],
    "remove_member": [
        yes("as the owner", lambda w: {"room_id": w.group, "user_id": w.ben.id}),
        no("as a member", "forbidden", lambda w: {"room_id": w.group, "user_id": w.ada.id}, "ben"),
        no("as a member, who is not in", "forbidden", lambda w: {"room_id": w.group, "user_id": w.cyd.id}, "ben"),
        no("oneself", "invalid", lambda w: {"room_id": w.group, "user_id": w.ada.id}, field="user_id"),
        no("who is not in", "user_not_found", lambda w: {"room_id": w.group, "user_id": w.cyd.id}),
        yes("by the site's id", lambda w: {"room_id": w.group, "user_id": f"external:{w.ben.user.external_id}"}),
        no("by the site's id, who is not in", "user_not_found", lambda w: {"room_id": w.group, "user_id": f"external:{w.cyd.user.external_id}"}),
        no("by an id the site does not have", "user_not_found", lambda w: {"room_id": w.group, "user_id": "external:a/b nobody"}),
        no("by a name", "invalid", lambda w: {"room_id": w.group, "user_id": w.ben.user.username}, field="user_id"),
        no("oneself by the site's id", "invalid", lambda w: {"room_id": w.group, "user_id": f"external:{w.ada.user.external_id}"}, field="user_id"),
        no("from a direct room", "forbidden", lambda w: {"room_id": w.direct, "user_id": w.ben.id}),
        *members_only(lambda w: {"room_id": w.group, "user_id": w.ben.id}),
    ],
    "get_members": [
        yes("all", of_group()),
        yes("a page", of_group(limit=1)),
        yes("the next page", lambda w: {"room_id": w.group, "after": w.ada.id}),
        *members_only(of_group()),
    ],
    "get_people": [
        yes("by username", lambda w: {"query": w.ben.user.username}),
        yes("by nothing there is", lambda w: {"query": "%_' \" \\"}),
        yes("with a NUL", lambda w: {"query": "\x00" + w.ben.user.username}),
        yes("by the site's id", lambda w: {"external_id": w.cyd.user.external_id}),
        yes("by an id the site does not have", lambda w: {"external_id": "nobody\x00"}),
        yes("few", lambda w: {"query": w.ben.user.username, "limit": 1}),
    ],
    "get_channels": [
        yes("one is in", lambda w: {"query": f"CHAN-{w.tag}"}),
        yes("one is not in", lambda w: {"query": f"chan-{w.tag}", "limit": 1}, "cyd"),
        yes("one was removed from", lambda w: {"query": f"chan-{w.tag}"}, "eve"),
    ],
    "ping": [yes("a sign of life", lambda w: {})],
}  # fmt: skip
