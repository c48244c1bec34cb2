"""The effect of an event on a message, written once. Pure: returns the same object where nothing changes."""

from typing import Any, get_args

from backchannel.protocol.events import AnyRoomEvent
from tests.reference import Frame

EXCERPT_CHARACTERS = 140
SETS = {event.__struct_config__.tag: event.SETS for event in get_args(AnyRoomEvent)}


def changed(message: Frame, event: Frame) -> Frame:
    """The message after an event about it. Where the message was read after the event, it contains the event already."""
    if event["seq"] <= message["rev_seq"]:
        return message
    if "message" in event:
        return with_newest_summary(event["message"], message)
    change: dict[str, Any]
    match event["type"]:
        case "reaction_added" | "reaction_removed" as type_:
            is_added = type_ == "reaction_added"
            change = {"reactions": _react(message["reactions"], event["emoji"], event["user_id"], is_added=is_added)}
        case type_:
            change = SETS.get(type_, {})
    if not change:  # an unknown type
        return message
    return {**message, **change, "rev_seq": event["seq"]}


def with_newest_summary(message: Frame, other: Frame) -> Frame:
    """The message, with the later of the two summaries of its thread. Replies do not change the `rev_seq` of a message."""
    summaries = [each["thread_summary"] for each in (message, other) if each.get("thread_summary")]
    return {**message, "thread_summary": max(summaries, key=lambda each: each["rev"])} if summaries else message


def summarised(root: Frame, event: Frame) -> Frame:
    """The first message of a thread after a reply came (`message_created`) or went (`message_deleted`)."""
    before = root.get("thread_summary") or {"count": 0, "people": [], "last_at": "", "rev": 0}
    reply = event["message"]
    if reply.get("thread") != root["id"] or event["seq"] <= before["rev"]:
        return root
    if event["type"] == "message_deleted":
        return {**root, "thread_summary": {**before, "count": before["count"] - 1, "rev": event["seq"]}}
    if event["type"] != "message_created":
        return root
    sender = reply["sender"]["id"]
    people = [sender, *(each for each in before["people"] if each != sender)][:5]
    last_at = max(before["last_at"], reply["created_at"])
    return {
        **root,
        "thread_summary": {"count": before["count"] + 1, "people": people, "last_at": last_at, "rev": event["seq"]},
    }


def requoted(reply: Frame, quoted: Frame) -> Frame:
    """A reply after `quoted` was edited or deleted: its quote shows the current text."""
    quote = reply["reply_to"]
    if quote is None or quote["id"] != quoted["id"]:
        return reply
    return {**reply, "reply_to": {**quote, "excerpt": excerpt(quoted)}}


def excerpt(message: Frame) -> str:
    """The beginning of a message's text on one line, as quotes and the room list show it; its files' names if there is no text."""
    return _shortened(message["content"]) or _shortened(", ".join(file["name"] for file in message["attachments"]))


def _shortened(text: str) -> str:
    flat = " ".join(text[: 2 * EXCERPT_CHARACTERS].split())
    return flat if len(flat) <= EXCERPT_CHARACTERS else flat[: EXCERPT_CHARACTERS - 1] + "…"


def _react(reactions: list[Frame], emoji: str, user: int, *, is_added: bool) -> list[Frame]:
    """In the order of first use, of emoji and of people. Repeated reactions and removals change nothing."""
    users: list[int] = next((each["user_ids"] for each in reactions if each["emoji"] == emoji), [])
    if is_added == (user in users):
        return reactions
    users = [*users, user] if is_added else [each for each in users if each != user]
    reaction = {"emoji": emoji, "count": len(users), "user_ids": users}
    if all(each["emoji"] != emoji for each in reactions):
        return [*reactions, reaction]
    return [each for each in (reaction if each["emoji"] == emoji else each for each in reactions) if each["count"]]
