"""Compares what every client shows at the end, and the server's lists, with what is stored. Used by checks.py."""

from __future__ import annotations

from collections import Counter

from lab.checker.history import History
from lab.checker.links import Anomaly, Record

RECEIVED_AFTER_REVOCATION_S = 65.0
"""A node that missed the revocation finds it within 60 s; 5 s are for frames already on their way."""


def everybody_sees_everything(history: History) -> list[Anomaly]:
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
        return [Anomaly("unseen", f"{who} is at {shown['cursor']} of {log['head']} in room {room}")]
    stored = {message["id"]: message for message in log["messages"]}
    ids = [message["id"] for message in shown["messages"]]
    if len(set(ids)) != len(ids):
        return [Anomaly("duplicate", f"{who} shows a message twice in room {room}")]
    if [message["seq"] for message in shown["messages"]] != sorted(message["seq"] for message in shown["messages"]):
        return [Anomaly("reordered", f"{who} shows room {room} out of order")]
    wanted = {id_ for id_, message in stored.items() if message["seq"] >= shown.get("since", 0)}
    found = [Anomaly("unseen", f"{who} does not show {id_} of room {room}") for id_ in wanted - set(ids)]
    for message in shown["messages"]:
        truth = stored.get(message["id"])
        if truth is None:
            found.append(Anomaly("phantom", f"{who} shows {message} in room {room}"))
        elif message != truth:
            found.append(Anomaly("divergent", f"{who} shows {message} in room {room}, where {truth} is stored"))
    return found


def unread_is_the_same(history: History) -> list[Anomaly]:
    """Unread is counted from the stored messages, so every device must show the same number."""
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
            mentioned = _mentioned(log, view["user"], read)
            if shown.get("mentioned", mentioned) != mentioned:
                found.append(
                    Anomaly("unread", f"{view['client']} shows {shown['mentioned']} mentions in {room}, of {mentioned}")
                )
    return found


def _mentioned(log: Record, user: int, read: int) -> int:
    """How many of the unread messages mention this user."""
    unread = (m for m in log["messages"] if m["seq"] > read and not m["deleted"])
    return min(100, sum(1 for m in unread if user in m.get("mentions", ())))


def lists_agree_with_the_log(history: History) -> list[Anomaly]:
    """The server's room list agrees with a count of the stored messages."""
    found = []
    for listed in history.by_op["list"]:
        user, rooms = listed["user"], {int(room): shown for room, shown in listed["rooms"].items()}
        mine = {room: log for room, log in history.logs.items() if user in log["members"]}
        if rooms.keys() != mine.keys():
            found.append(Anomaly("list", f"user {user} was sent rooms {sorted(rooms)}, and is in {sorted(mine)}"))
            continue
        for room, log in mine.items():
            read = {int(who): seq for who, seq in log["read"].items()}[user]
            unread = (m for m in log["messages"] if m["seq"] > read and m["sender"] != user and not m["deleted"])
            truth = {
                "seq": log["head"], "read_seq": read, "unread": min(100, sum(1 for _ in unread)),
                "mentioned": _mentioned(log, user, read), "member_count": len(log["members"]),
                "last": log["messages"][-1]["id"] if log["messages"] else None,
            }  # fmt: skip
            if rooms[room] != truth:
                found.append(Anomaly("list", f"user {user} was sent {rooms[room]} for room {room}; stored is {truth}"))
    return found


def direct_rooms_are_one_per_pair(history: History) -> list[Anomaly]:
    pairs = Counter(tuple(log["members"]) for log in history.logs.values() if log.get("kind") == "direct")
    return [Anomaly("duplicate", f"{n} direct rooms of {pair}") for pair, n in pairs.items() if n > 1 or len(pair) != 2]


def nothing_after_revocation(history: History) -> list[Anomaly]:
    ends = {record["credential"]: record["t"] for record in history.by_op["ended"]}
    if not ends:
        return []
    links = {link["link"]: ends.get(link.get("credential")) for link in history.by_op["link"]}
    found = []
    for record in history.by_op["received"]:
        ended = links.get(record["link"])
        if ended is not None and record["t"] > ended + RECEIVED_AFTER_REVOCATION_S:
            found.append(
                Anomaly(
                    "received after revocation", f"{record['client']} at {record['t']:.3f}, signed out at {ended:.3f}"
                )
            )
    return found
