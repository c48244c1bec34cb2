"""Reads what happened and says what of it may not be: is every message acked, stored, numbered and shown as promised?

    python3 tools/checker.py history.jsonl

A history is one JSON object a line, in the order of time `t` (seconds of one clock). It can come from the simulation
or from real servers under real faults. An operation without an answer is indeterminate: it may have happened or not.

    send     {client, user, room, id, content}        a person typed a message
    do       {client, user, word, …}                  any other command (an edit's `content` counts)
    ack      {client, room, id, seq, duplicate}       the server's answer to a send
    refused  {client, room, id, code}                 a final refusal
    sent     {client, room, id}                       the client shows it as sent
    crashed  {client, keeps_outbox}                   the client's process ended
    link     {client, user, link, transport, resume}  a socket opened (or a poll was answered); `resume` as it was said
    heard    {client, user, link, type, …}            a numbered frame: room events have {room, seq, id?, content?},
                                                      hello {epoch}, room_list {rooms: {room: seq}}, room_added and
                                                      room_reset {room, seq}, room_removed {room}; user frames {version};
                                                      caught_up.
                                                      `link` is null where it was asked for by `get_events`
    read     {client, user, room, messages: [[seq, id]], newest}     a page of history; `newest`: its highest rev_seq
    swallowed {link}                                  the network lost a message of this link and said nothing
    restored {epoch}                                  the database was set back; what was acked before is offered again
    fault    {detail}                                 something broke that may not break
    quiet    {reached, waits_for}                     everything was healed; did everybody come to rest in time?
    log      {room, head, members, entries: [{seq, at, type, id?, sender?, user?}], messages: [message], read: {user: seq}}
             the room as it is stored in the end; `message`: {seq, id, sender, content, deleted, rev_seq, reactions}
    view     {client, user, rooms: {room: {cursor, read_seq, unread, messages: [message]}}}     what a client shows

All checks are linear in the length of the history: a room has one total order, so there is nothing to search for.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from checker_links import USER_FRAMES, Anomaly, LinkState, Record

CREATED = "message_created"


def check(records: Iterable[Record]) -> list[Anomaly]:
    """What may not be, in the order of the checks; empty where all is as promised."""
    history = _History(records)
    found: list[Anomaly] = []
    for look in (
        _faults, _log_is_gapless, _stored_once, _nothing_from_nowhere, _acked_is_stored, _order_of_sender, _seq_is_for_ever,
        _links_are_unbroken, _nothing_after_removal, _sent_means_acked, _everybody_sees_everything, _unread_is_the_same,
        _came_to_rest,
    ):  # fmt: skip
        found += look(history)
    return found


class _History:
    """The records by what they are."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)
        self.by_op: dict[str, list[Record]] = defaultdict(list)
        for record in self.records:
            self.by_op[record["op"]].append(record)
        self.logs = {log["room"]: log for log in self.by_op["log"]}
        self.sends = {send["id"]: send for send in self.by_op["send"]}
        self.stored: dict[str, tuple[int, int]] = {
            entry["id"]: (room, entry["seq"])
            for room, log in self.logs.items()
            for entry in log["entries"]
            if entry["type"] == CREATED
        }
        self.was_restored = bool(self.by_op["restored"])
        self.times_inside = {room: _memberships(log) for room, log in self.logs.items()}


def _faults(history: _History) -> list[Anomaly]:
    return [Anomaly("fault", record["detail"]) for record in history.by_op["fault"]]


def _log_is_gapless(history: _History) -> list[Anomaly]:
    found = []
    for room, log in history.logs.items():
        seqs = [entry["seq"] for entry in log["entries"]]
        if seqs != list(range(1, log["head"] + 1)):
            found.append(Anomaly("gap", f"room {room} has {seqs} up to its head {log['head']}"))
    return found


def _stored_once(history: _History) -> list[Anomaly]:
    found = []
    for room, log in history.logs.items():
        counts = Counter(entry["id"] for entry in log["entries"] if entry["type"] == CREATED)
        found += [Anomaly("duplicate", f"{id_} is {n} times in room {room}") for id_, n in counts.items() if n > 1]
    return found


def _nothing_from_nowhere(history: _History) -> list[Anomaly]:
    """What is stored was sent, as it was sent or edited."""
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


def _acked_is_stored(history: _History) -> list[Anomaly]:
    found = []
    lost_outboxes = {record["client"] for record in history.by_op["crashed"] if not record["keeps_outbox"]}
    refused = {record["id"] for record in history.by_op["refused"]}
    for ack in history.by_op["ack"]:
        place = history.stored.get(ack["id"])
        if history.was_restored:  # it may stand elsewhere now, and nobody may be left to offer it again
            if place is None and ack["client"] not in lost_outboxes and ack["id"] not in refused:
                found.append(Anomaly("acked lost", f"{ack['id']} of {ack['client']} was not offered again"))
        elif place != (ack["room"], ack["seq"]):
            found.append(
                Anomaly("acked lost", f"{ack['id']} was acked at {ack['room']}/{ack['seq']}, and is at {place}")
            )
    return found


def _order_of_sender(history: _History) -> list[Anomaly]:
    """What one client sent into one room is there in the order of sending, as long as its outbox lived."""
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
            found.append(Anomaly("reordered", f"{record['id']} stands before {last[key][1]}, which was sent earlier"))
        last[key] = (seq, record["id"])
    return found


def _seq_is_for_ever(history: _History) -> list[Anomaly]:
    """Everybody who ever heard a seq heard the same thing."""
    if history.was_restored:
        return []
    truth = {
        (room, entry["seq"]): (entry["type"], entry.get("id"))
        for room, log in history.logs.items()
        for entry in log["entries"]
    }
    found = []
    for record in history.by_op["heard"]:
        if "seq" not in record or record["type"] in ("room_added", "room_reset"):
            continue
        place, what = (record["room"], record["seq"]), (record["type"], record.get("id"))
        if place in truth and truth[place] != what:
            found.append(Anomaly("changed", f"{record['client']} heard {what} at {place}, where {truth[place]} stands"))
        if place not in truth and place[0] in history.logs:
            found.append(Anomaly("phantom", f"{record['client']} heard {what} at {place}, where nothing stands"))
    return found


def _links_are_unbroken(history: _History) -> list[Anomaly]:
    """On one socket, and in one poll, a room's events come one after the other: none lost, none doubled, none early."""
    lossy = {record["link"] for record in history.by_op["swallowed"]}
    links: dict[int, LinkState] = {}
    found: list[Anomaly] = []
    for record in history.records:
        if record["op"] == "link":
            links[record["link"]] = LinkState(record)
        elif record["op"] == "heard" and record["link"] is not None and record["link"] not in lossy:
            wrong = links[record["link"]].hear(record)
            found += wrong if not _is_out_already(history, record) else []
    return found


def _is_out_already(history: _History, record: Record) -> bool:
    """Somebody whose removal is stored, and on its way to them, need not be told everything that came before it."""
    spans = history.times_inside.get(record.get("room", 0), {}).get(record["user"], ())
    return any(joined <= record.get("seq", 0) < left and left_at <= record["t"] for joined, _, left, left_at in spans)


Span = tuple[int, float, int, float]


def _memberships(log: Record) -> dict[int, list[Span]]:
    """user → [(joined at seq, at time, left at seq, at time)], ascending. Who never joined, and is or was in, was in from the
    start."""
    spans: dict[int, list[Span]] = defaultdict(list)
    inside: dict[int, tuple[int, float]] = {}
    known: set[int] = set()
    for entry in log["entries"]:
        user = entry.get("user")
        if entry["type"] == "member_joined":
            known.add(user)
            inside[user] = (entry["seq"], entry["at"])
        elif entry["type"] == "member_left":
            since = inside.pop(user, None if user in known else (0, float("-inf")))
            known.add(user)
            if since is not None:
                spans[user].append((*since, entry["seq"], entry["at"]))
    for user in log["members"]:
        spans[user].append((*inside.get(user, (0, float("-inf"))), sys.maxsize, float("inf")))
    return spans


def _nothing_after_removal(history: _History) -> list[Anomaly]:
    """What is heard is of a time when the hearer was in the room, or they were let in again since."""
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

    for record in history.by_op["heard"]:
        if "seq" in record and record["type"] not in USER_FRAMES and record["room"] in history.logs:
            look(record, record["seq"])
    for record in history.by_op["read"]:
        if record["messages"] and record["room"] in history.logs:
            look(record, record["newest"])
    return found


def _sent_means_acked(history: _History) -> list[Anomaly]:
    """Shown as sent only after an ack, or after the stored message itself was seen."""
    known: set[tuple[str, str]] = set()
    found = []
    for record in history.records:
        match record["op"]:
            case "ack":
                known.add((record["client"], record["id"]))
            case "heard" if "id" in record:
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


def _everybody_sees_everything(history: _History) -> list[Anomaly]:
    found = []
    for view in history.by_op["view"]:
        rooms = {int(room): shown for room, shown in view["rooms"].items()}
        who = view["client"]
        for room, log in history.logs.items():
            if view["user"] not in log["members"]:
                if room in rooms:
                    found.append(Anomaly("seen after removal", f"{who} still shows room {room}"))
                continue
            if room not in rooms:
                found.append(Anomaly("unseen", f"{who} does not know room {room}"))
                continue
            found += _compare(who, room, rooms[room], log)
    return found


def _compare(who: str, room: int, shown: Record, log: Record) -> list[Anomaly]:
    if shown["cursor"] != log["head"]:
        return [Anomaly("unseen", f"{who} stands at {shown['cursor']} of {log['head']} in room {room}")]
    stored = {message["id"]: message for message in log["messages"]}
    ids = [message["id"] for message in shown["messages"]]
    if len(set(ids)) != len(ids):
        return [Anomaly("duplicate", f"{who} shows a message twice in room {room}")]
    if [message["seq"] for message in shown["messages"]] != sorted(message["seq"] for message in shown["messages"]):
        return [Anomaly("reordered", f"{who} shows room {room} out of order")]
    found = [Anomaly("unseen", f"{who} does not show {id_} of room {room}") for id_ in stored.keys() - set(ids)]
    for message in shown["messages"]:
        truth = stored.get(message["id"])
        if truth is None:
            found.append(Anomaly("phantom", f"{who} shows {message} in room {room}"))
        elif message != truth:
            found.append(Anomaly("divergent", f"{who} shows {message} in room {room}, where {truth} is stored"))
    return found


def _unread_is_the_same(history: _History) -> list[Anomaly]:
    """Unread is counted from what is stored, so every device must come to the same number."""
    found = []
    for view in history.by_op["view"]:
        for room, shown in ((int(room), shown) for room, shown in view["rooms"].items()):
            log = history.logs.get(room)
            if log is None or view["user"] not in log["members"]:
                continue
            read = {int(user): seq for user, seq in log["read"].items()}[view["user"]]
            unread = sum(
                1 for m in log["messages"] if m["seq"] > read and m["sender"] != view["user"] and not m["deleted"]
            )
            if (shown["read_seq"], shown["unread"]) != (read, min(unread, 100)):
                found.append(
                    Anomaly(
                        "unread",
                        f"{view['client']} shows {shown['unread']} after {shown['read_seq']} in room {room}, "
                        f"where {unread} are unread after {read}",
                    )
                )
    return found


def _came_to_rest(history: _History) -> list[Anomaly]:
    return [Anomaly("no rest", record["waits_for"]) for record in history.by_op["quiet"] if not record["reached"]]


def main(paths: list[str]) -> int:
    """Check each file; 1 where anything is wrong."""
    wrong = 0
    for path in paths:
        with Path(path).open(encoding="utf-8") as lines:
            found = check(json.loads(line) for line in lines)
        for anomaly in found:
            print(f"{path}: {anomaly}")
        wrong += bool(found)
        if not found:
            print(f"{path}: as promised")
    return 1 if wrong or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
