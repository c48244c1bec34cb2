"""Checks a history against the promises: is every message acknowledged, stored, numbered and shown as promised?

    python -m lab.checker history.jsonl

A history is one JSON object a line, in the order of time `t` (seconds of one clock). It can come from the simulation
or from real servers under real faults. An operation without an answer is indeterminate: it may have happened or not.

    send     {client, user, room, id, content}        a person typed a message
    do       {client, user, word, …}                  any other command (an edit's `content` counts)
    ack      {client, user, room, id, seq, duplicate, rev?, content?, quoted?, excerpt?}     the server's answer to a send; `rev`:
                                                      the message's rev_seq, `quoted`: the message that it answers
    refused  {client, room, id, code}                 a final refusal
    sent     {client, room, id}                       the client shows it as sent
    crashed  {client, keeps_outbox}                   the client's process ended
    link     {client, user, link, transport, resume, credential?}     a socket opened (or a poll was answered); `resume`
                                                      as it was said
    ended    {credential}                             a sign-in or token was revoked
    received {client, user, link, type, …}            a numbered frame: room events have {room, seq, id?, content?},
                                                      hello {epoch}, room_list {rooms: {room: seq}}, room_added and
                                                      room_reset {room, seq}, room_removed {room}; user frames {version};
                                                      caught_up.
                                                      `link` is null where it was asked for by `get_events`
    read     {client, user, room, messages: [[seq, id]], newest, asked?}     a page of history; `newest`: its highest rev_seq,
                                                      `asked`: when, by somebody who may not be in the room
    dropped  {link}                                   the network lost a message of this link without closing it
    restored {epoch}                                  the database was restored from a backup; clients send again what was
                                                      acknowledged before
    fault    {detail}                                 something failed that must not fail
    quiet    {reached, waits_for}                     after all faults ended: was everybody complete in time?
    log      {room, kind?, head, members, entries: [{seq, at, type, id?, sender?, user?, by?}], messages: [message],
             read: {user: seq}}    the room as it is stored in the end; `message`: {seq, id, sender, content, deleted,
                                   rev_seq, reactions, mentions?}
    list     {user, rooms: {room: {seq, read_seq, unread, mentioned, member_count, last}}}     what the server says in the end
    view     {client, user, rooms: {room: {cursor, since?, read_seq, unread, mentioned?, messages: [message]}}}   what a
             client shows; where it holds the end of a room only, `since` is the seq from which on it holds everything

All checks are linear in the length of the history: a room has one total order, so there is nothing to search for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from lab.checker.ends import (
    direct_rooms_are_one_per_pair,
    everybody_sees_everything,
    lists_agree_with_the_log,
    nothing_after_revocation,
    unread_is_the_same,
)
from lab.checker.history import CREATED, History
from lab.checker.links import USER_FRAMES, Anomaly, LinkState, Record


def check(records: Iterable[Record]) -> list[Anomaly]:
    """The broken promises, in the order of the checks; empty if there are none."""
    history = History(records)
    found: list[Anomaly] = []
    for look in (
        _faults, _log_is_gapless, _stored_once, _nothing_from_nowhere, _acked_is_stored, _order_of_sender, _seq_is_for_ever,
        _links_are_unbroken, _nothing_after_removal, _sent_means_acked, everybody_sees_everything, unread_is_the_same,
        lists_agree_with_the_log,
        direct_rooms_are_one_per_pair, nothing_after_revocation, _became_complete,
    ):  # fmt: skip
        found += look(history)
    return found


def _faults(history: History) -> list[Anomaly]:
    return [Anomaly("fault", record["detail"]) for record in history.by_op["fault"]]


def _log_is_gapless(history: History) -> list[Anomaly]:
    found = []
    for room, log in history.logs.items():
        seqs = [entry["seq"] for entry in log["entries"]]
        if seqs != list(range(1, log["head"] + 1)):
            found.append(Anomaly("gap", f"room {room} has {seqs} up to its head {log['head']}"))
    return found


def _stored_once(history: History) -> list[Anomaly]:
    found = []
    for room, log in history.logs.items():
        counts = Counter(entry["id"] for entry in log["entries"] if entry["type"] == CREATED)
        found += [Anomaly("duplicate", f"{id_} is {n} times in room {room}") for id_, n in counts.items() if n > 1]
    return found


def _nothing_from_nowhere(history: History) -> list[Anomaly]:
    """Each stored message was sent, with the text that was sent or edited."""
    edits: dict[str, set[str]] = defaultdict(set)
    for record in history.by_op["do"]:
        if record["word"] == "edit_message":
            edits[record["message_id"]].add(record["content"])
    found = []
    for room, log in history.logs.items():
        spans = history.times_inside[room]
        for message in log["messages"]:
            if not any(joined < message["seq"] < left for joined, _, left, _ in spans.get(message["sender"], ())):
                found.append(Anomaly("phantom", f"room {room} has {message} of somebody who was not in it"))
            send = history.sends.get(message["id"])
            if send is None or (send["room"], send["user"]) != (room, message["sender"]):
                found.append(Anomaly("phantom", f"room {room} has {message}, which nobody sent"))
                continue
            said = {""} if message["deleted"] else {send["content"], *edits[message["id"]]}
            if message["content"] not in said:
                found.append(Anomaly("phantom", f"room {room} has {message}, which says what nobody wrote"))
    return found


def _acked_is_stored(history: History) -> list[Anomaly]:
    found = []
    lost_outboxes = {record["client"] for record in history.by_op["crashed"] if not record["keeps_outbox"]}
    refused = {record["id"] for record in history.by_op["refused"]}
    for ack in history.by_op["ack"]:
        place = history.stored.get(ack["id"])
        if history.was_restored:  # it may have another seq now, or be lost with the device that sent it
            if place is None and ack["client"] not in lost_outboxes and ack["id"] not in refused:
                found.append(Anomaly("acked lost", f"{ack['id']} of {ack['client']} was not offered again"))
        elif place != (ack["room"], ack["seq"]):
            found.append(
                Anomaly("acked lost", f"{ack['id']} was acked at {ack['room']}/{ack['seq']}, and is at {place}")
            )
    return found


def _order_of_sender(history: History) -> list[Anomaly]:
    """Messages of one client to one room are stored in the order of sending, as long as its outbox is kept."""
    if history.was_restored:
        return []
    refused = {record["id"] for record in history.by_op["refused"]}
    last: dict[tuple[str, int], tuple[int, str]] = {}
    found = []
    for record in history.records:
        if record["op"] == "crashed" and not record["keeps_outbox"]:
            last = {key: value for key, value in last.items() if key[0] != record["client"]}
        if record["op"] != "send" or record["id"] not in history.stored or record["id"] in refused:
            continue
        key = (record["client"], record["room"])
        seq = history.stored[record["id"]][1]
        if key in last and seq < last[key][0]:
            found.append(
                Anomaly("reordered", f"{record['id']} is stored before {last[key][1]}, which was sent earlier")
            )
        last[key] = (seq, record["id"])
    return found


def _seq_is_for_ever(history: History) -> list[Anomaly]:
    """All clients that received a seq received the same event."""
    if history.was_restored:
        return []
    truth = {
        (room, entry["seq"]): (entry["type"], entry.get("id"))
        for room, log in history.logs.items()
        for entry in log["entries"]
    }
    found = []
    for record in history.by_op["received"]:
        if "seq" not in record or record["type"] in USER_FRAMES or record["type"] == "room_reset":
            continue
        place, what = (record["room"], record["seq"]), (record["type"], record.get("id"))
        if place in truth and truth[place] != what:
            found.append(
                Anomaly("changed", f"{record['client']} received {what} at {place}, where {truth[place]} is stored")
            )
        if place not in truth and place[0] in history.logs:
            found.append(Anomaly("phantom", f"{record['client']} received {what} at {place}, where nothing is stored"))
    return found


def _links_are_unbroken(history: History) -> list[Anomaly]:
    """On one socket, and in one poll, a room's events come one after the other: none lost, none twice, none early."""
    lossy = {record["link"] for record in history.by_op["dropped"]}
    links: dict[int, LinkState] = {}
    found: list[Anomaly] = []
    for record in history.records:
        if record["op"] == "link":
            links[record["link"]] = LinkState(record)
        elif record["op"] == "received" and record["link"] is not None and record["link"] not in lossy:
            expected = links[record["link"]].next.get(record.get("room", 0))
            wrong = links[record["link"]].receive(record)
            if wrong and not _is_out_already(history, record) and not _was_out_since(history, record, expected):
                found += wrong
    return found


def _is_out_already(history: History, record: Record) -> bool:
    """True if the user's removal is stored and on its way: events before it need not reach them any more."""
    spans = history.times_inside.get(record.get("room", 0), {}).get(record["user"], ())
    return any(joined <= record.get("seq", 0) < left and left_at <= record["t"] for joined, _, left, left_at in spans)


def _was_out_since(history: History, record: Record, expected: set[int] | None) -> bool:
    """True if the user left and rejoined since the last event they received. If the bus lost the announcement, the list that repairs
    it may arrive after the room's next event."""
    spans = history.times_inside.get(record.get("room", 0), {}).get(record["user"], ())
    return bool(expected) and any(min(expected or {0}) <= left < record.get("seq", 0) for _, _, left, _ in spans)


def _nothing_after_removal(history: History) -> list[Anomaly]:
    """Users receive events of times at which they were members, or anything up to the last time they joined."""
    if history.was_restored:
        return []
    found = []

    def look(record: Record, seq: int) -> None:
        spans = history.times_inside.get(record["room"], {}).get(record["user"], [])
        for joined, at, left, _ in spans:
            if joined <= seq < left or (joined > seq and at <= record["t"]):
                return
        found.append(
            Anomaly("seen after removal", f"{record['client']} saw {record['room']}/{seq} at {record['t']:.3f}")
        )

    for record in history.by_op["received"]:
        if "seq" in record and record["type"] not in USER_FRAMES and record["room"] in history.logs:
            look(record, record["seq"])
    versions = _versions(history)
    for record in history.by_op["ack"]:
        if "rev" in record and record["room"] in history.logs:
            # Its sender may get the message as it was sent, at any time.
            if record["rev"] != record["seq"]:
                look(record, record["rev"])
            quoted = versions.get((record.get("quoted"), record.get("excerpt")), 0)
            if quoted > record["seq"]:
                look(record, quoted)
    for record in history.by_op["read"]:
        if record["messages"] and record["room"] in history.logs:
            look(record, record["newest"])
            if _was_removed_throughout(history, record):
                found.append(Anomaly("seen after removal", f"{record['client']} read {record['room']} after it"))
    return found


def _versions(history: History) -> dict[tuple[str | None, str | None], int]:
    """(message, text) → the lowest rev_seq with which any client received this text."""
    versions: dict[tuple[str | None, str | None], int] = {}
    for record in history.by_op["received"]:
        if "rev" in record and record["content"]:
            key = (record["id"], record["content"])
            versions[key] = min(record["rev"], versions.get(key, record["rev"]))
    return versions


def _was_removed_throughout(history: History, record: Record) -> bool:
    """True if somebody else had removed the user before they asked for the page, and they were still out when it came."""
    state: Record | None = None
    for entry in history.logs[record["room"]]["entries"]:
        if entry.get("user") == record["user"] and entry["at"] < record["t"]:
            state = entry
            if entry["type"] == "member_joined" and entry["at"] >= record.get("asked", 0):
                return False
    return (
        state is not None
        and state["type"] == "member_left"
        and state.get("by", state["user"]) != state["user"]
        and state["at"] < record.get("asked", 0)
    )


def _sent_means_acked(history: History) -> list[Anomaly]:
    """A message is shown as sent only after an ack, or after the stored message itself was received."""
    known: set[tuple[str, str]] = set()
    found = []
    for record in history.records:
        match record["op"]:
            case "ack":
                known.add((record["client"], record["id"]))
            case "received" if "id" in record:
                known.add((record["client"], record["id"]))
            case "read":
                known |= {(record["client"], id_) for _, id_ in record["messages"]}
            case "sent":
                if (record["client"], record["id"]) not in known:
                    found.append(Anomaly("shown as sent", f"{record['id']} by {record['client']} before any ack"))
                if record["id"] not in history.stored and not history.was_restored:
                    found.append(
                        Anomaly("shown as sent", f"{record['id']} by {record['client']}, and it is not stored")
                    )
    return found


def _became_complete(history: History) -> list[Anomaly]:
    return [Anomaly("incomplete", record["waits_for"]) for record in history.by_op["quiet"] if not record["reached"]]
