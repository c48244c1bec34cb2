"""One realistic example of every frame, command and result, for the documents derived from the protocol. Pure.

Examples are instances of the structs, so that their shape is always right. A test checks that every declaration has one.

Longer than 300 lines: it is one list of examples, with one for each declaration.
"""

from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from backchannel.protocol import commands as c
from backchannel.protocol import events as e
from backchannel.protocol import frames as f
from backchannel.protocol import results as r
from backchannel.protocol import shapes as s
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError

_ADA: Final = s.User(24, "ada", "Ada Lovelace")
_MARY: Final = s.User(31, "mary", "Mary Somerville")

_FIRST: Final = UUID("019a3c5e-7f10-7c41-9d3a-5b1f0c2e4a01")
_SECOND: Final = UUID("019a3c5e-9b44-7a02-8f6e-c0d1e2f3a4b5")
_EPOCH: Final = "0199f2d0c1e4"
_AT: Final = "2025-11-23T03:44:28.123456Z"
_LATER: Final = "2025-11-23T03:45:02.5Z"
_INSTANCE: Final = "5d0f6a8e-3c1b-4e2d-9a7f-8b6c5d4e3f2a"

_MESSAGE: Final = s.Message(
    id=_SECOND,
    room_id=7,
    seq=1042,
    rev_seq=1042,
    sender=_ADA,
    content="It counts as well as weaves, @mary.",
    reply_to=s.Quote(_FIRST, 1001, _MARY, "What does the engine do?"),
    created_at=_AT,
    edited_at=None,
    deleted=False,
    reactions=[s.Reaction("👍", 2, [24, 31])],
    attachments=[],
    mentions=[31],
)
_EDITED: Final = msgspec.structs.replace(
    _MESSAGE, rev_seq=1043, content="It weaves as well as counts, @mary.", edited_at=_LATER
)
_TOMBSTONE: Final = msgspec.structs.replace(_MESSAGE, rev_seq=1044, content="", deleted=True, reactions=[])
_REPLY: Final = s.Message(
    id=UUID("019a3c5f-0d21-7b13-a1c4-2e9d8f7a6b50"),
    room_id=7,
    seq=1044,
    rev_seq=1044,
    sender=_ADA,
    content="Bernoulli numbers, for one.",
    reply_to=None,
    created_at=_LATER,
    edited_at=None,
    deleted=False,
    reactions=[],
    attachments=[],
    mentions=[],
    thread=_FIRST,
)
_ROOT: Final = s.Message(
    id=_FIRST,
    room_id=7,
    seq=1001,
    rev_seq=1001,
    sender=_MARY,
    content="What does the engine do?",
    reply_to=None,
    created_at=_AT,
    edited_at=None,
    deleted=False,
    reactions=[],
    attachments=[],
    mentions=[],
    thread_summary=s.ThreadSummary(1, [24], _LATER, 1044),
)
_THREAD: Final = r.Thread(_ROOT, following=True, read_seq=1042, unread_count=1, mention_count=0)
_ROOM: Final = s.Room(
    id=7,
    kind="group",
    name="Engines",
    topic="Analytical, mostly",
    seq=1042,
    read_seq=1040,
    unread_count=1,
    mention_count=1,
    member_count=2,
    members=[_ADA, _MARY],
    role="member",
    last_message=s.LastMessage(_SECOND, _ADA, "It counts as well as weaves, @mary.", _AT),
)
_UPLOAD: Final = s.Upload(
    id=_FIRST,
    room_id=7,
    name="engine.jpg",
    size=2_104_332,
    content_type="image/jpeg",
    offset=786_432,
    state="receiving",
    claimed=False,
)
_DRAFT: Final = s.Draft(
    room_id=7,
    thread=None,
    content="The mill weaves",
    reply_to=None,
    attachments=[],
    rev=1_763_869_468_123_456,
    save_id=_SECOND,
    saved_at=_AT,
)
_SCHEDULED: Final = s.Scheduled(
    id=_SECOND, room_id=7, at="2026-12-01T09:00:00Z", content="Good morning.", state="waiting", rev=1
)
_NIGHTS: Final = s.QuietHours("Europe/Berlin", [1, 2, 3, 4, 5], "22:00", "07:00")
_DEVICE: Final = "phone-8f0c1d2e"
_ENDPOINT: Final = "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm"
_PUSH_KEYS: Final = s.PushKeys(
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg"
)
_RESUME: Final = f.Resume(epoch=_EPOCH, user_version=41, rooms={7: 1041, 9: 12})
_FACT: Final[dict[str, Any]] = {"room_id": 7, "at": _AT}

_COMMANDS: Final[tuple[msgspec.Struct, ...]] = (
    c.GetMe(id="a1"),
    c.GetRoomList(id="a2"),
    c.GetRoom(id="a3", room_id=7),
    c.SendMessage(id=_SECOND, room_id=7, content=_MESSAGE.content, reply_to=_FIRST),
    c.SaveDraft(id="e1", room_id=7, content=_DRAFT.content, base_rev=1_763_869_461_000_000, save_id=_SECOND),
    c.ScheduleMessage(id=_SECOND, at=_SCHEDULED.at, room_id=7, content=_SCHEDULED.content),
    c.CancelScheduled(id=_SECOND),
    c.CreateUpload(
        id=_FIRST, room_id=7, name="engine.jpg", size=2_104_332, content_type="image/jpeg", alt="The mill, from above"
    ),
    c.EditMessage(id="a5", message_id=_SECOND, content=_EDITED.content, base_seq=1042),
    c.DeleteMessage(id="a6", message_id=_SECOND),
    c.AddReaction(id="a7", message_id=_SECOND, emoji="👍"),
    c.RemoveReaction(id="a8", message_id=_SECOND, emoji="👍"),
    c.GetHistory(id="a9", room_id=7, before=1042, limit=50),
    c.GetEvents(id="b1", room_id=7, after=1040, limit=200),
    c.MarkRead(id="b2", room_id=7, seq=1042),
    c.GetThread(id="d1", message_id=_FIRST, before=1042, limit=50),
    c.GetThreads(id="d1", unread=True, limit=50),
    c.MarkThreadRead(id="d1", message_id=_FIRST, seq=1044),
    c.SetNotifications(id="n1", room_id=7, level="all", mute_until=_LATER),
    c.SetMyNotifications(id="n2", keywords=["deploy"], quiet_hours=_NIGHTS, push_content="sender"),
    c.SubscribePush(id="n3", device=_DEVICE, endpoint=_ENDPOINT, keys=_PUSH_KEYS, page="https://chat.example.com/"),
    c.TestPush(id="n5", device=_DEVICE),
    c.UnsubscribePush(id="n4", device=_DEVICE),
    c.Typing(id="b3", room_id=7, active=True),
    c.SetPresence(id="b4", state="away", instance=_INSTANCE),
    c.CreateRoom(id="b5", kind="group", name="Engines", topic="Analytical, mostly", members=[31]),
    c.UpdateRoom(id="b6", room_id=7, topic="Difference, too"),
    c.JoinRoom(id="b7", room_id=9),
    c.LeaveRoom(id="b8", room_id=9),
    c.AddMembers(id="b9", room_id=7, user_ids=[31]),
    c.RemoveMember(id="c1", room_id=7, user_id=31),
    c.GetMembers(id="c2", room_id=7, after=24, limit=100),
    c.GetPeople(id="c3", query="ma", limit=50),
    c.GetChannels(id="c4", query="eng", limit=50),
    c.Ping(id="c5"),
)
_CLIENT: Final[tuple[msgspec.Struct, ...]] = (
    f.ClientHello(protocol=1, client=f.ClientInfo("web", "1.0", _INSTANCE), resume=_RESUME),
    f.ClientPong(timestamp=_AT),
    f.SyncRequest(resume=_RESUME, wait=25, client=f.ClientInfo("web", "1.0", _INSTANCE)),
)
_RESULTS: Final[tuple[msgspec.Struct, ...]] = (
    r.Empty(),
    r.Me(_ADA),
    r.RoomList([_ROOM], _AT, 42, _EPOCH),
    r.SendResult(_MESSAGE, duplicate=False),
    r.MessageResult(_EDITED),
    r.RoomResult(_ROOM),
    r.History([_MESSAGE], as_of_seq=1042, has_more=True),
    r.Events([e.MessageCreated(seq=1042, message=_MESSAGE, **_FACT)], seq=1042),
    r.ReadState(1042, 1042, 0, 0),
    r.ThreadResult(_THREAD),
    r.RoomNotificationsResult(s.RoomNotifications(7, "all", _LATER)),
    r.MyNotificationsResult(s.MyNotifications(["deploy"], _NIGHTS, None, "sender")),
    r.PushKeyResult(_PUSH_KEYS.p256dh),
    r.PushTestResult("sent"),
    r.PushResult(s.Push(_DEVICE)),
    r.ThreadPage(_ROOT, [_REPLY], 1044, False, True, 1042, 1, 0),
    r.Threads([_THREAD], has_more=True, before="WzE3NjM4Njk0Njg"),
    r.ThreadReadState(1044, 1044, 0, 0),
    r.DraftResult(_DRAFT),
    r.Drafts([_DRAFT]),
    r.ScheduledResult(_SCHEDULED),
    r.ScheduledList([_SCHEDULED]),
    r.MessageDetails(_AT, 1042, [_AT], "websocket"),
    r.Members([s.Member(31, "mary", "Mary Somerville", "owner")], has_more=False),
    r.People([_MARY]),
    r.Channels([s.ChannelSummary(9, "engineering", "Iron and brass", 12, joined=False)]),
    r.UploadOffset(786_432),
    f.SessionResponse("bs_3v7bqk1r", _AT),
    f.TicketResponse("bct_3v7bqk1r", _AT),
    f.RequestSeen("203.0.113.9", "https", "chat.example.com"),
)
_SERVER: Final[tuple[msgspec.Struct, ...]] = (
    f.ServerHello(
        session="8f0c1d2e",
        user=_ADA,
        epoch=_EPOCH,
        heartbeat_s=30,
        user_version=42,
        limits=s.Limits(),
        server=f.ServerInfo("1.0.0"),
    ),
    f.RoomListFrame(rooms=[_ROOM], timestamp=_AT, user_version=42, epoch=_EPOCH),
    e.MessageCreated(seq=1042, message=_MESSAGE, **_FACT),
    e.MessageEdited(seq=1043, message=_EDITED, **_FACT),
    e.MessageDeleted(seq=1044, message=_TOMBSTONE, **_FACT),
    e.ReactionAdded(seq=1045, message_id=_FIRST, emoji="👍", user_id=24, **_FACT),
    e.ReactionRemoved(seq=1046, message_id=_FIRST, emoji="👍", user_id=24, **_FACT),
    e.MemberJoined(seq=1047, user=_MARY, by=_ADA, **_FACT),
    e.MemberLeft(seq=1048, user=_MARY, by=_MARY, **_FACT),
    e.RoomUpdated(seq=1049, room=e.RoomFacts(7, "group", "Engines", "Difference, too", 2), **_FACT),
    e.RoomAdded(user_version=43, room=_ROOM),
    e.RoomRemoved(user_version=44, room_id=9, reason="left"),
    e.ReadStateChanged(user_version=45, room_id=7, seq=1042, read_seq=1042, unread_count=0, mention_count=0),
    e.ThreadStateChanged(
        user_version=46,
        room_id=7,
        root=_FIRST,
        seq=1044,
        following=True,
        read_seq=1042,
        unread_count=1,
        mention_count=0,
    ),
    e.Notification(user_version=46, kind="mention", room_id=7, message_id=_SECOND, by=_ADA, seq=1043, excerpt="@grace"),
    e.UploadStateChanged(user_version=48, upload=msgspec.structs.replace(_UPLOAD, offset=2_104_332, state="ready")),
    e.PersonUpdated(
        user_version=47,
        user=s.User(
            31, "mary", "Mary Somerville", external_id="1780", avatar_url="https://shop.example/people/1780.webp"
        ),
    ),
    e.DraftChanged(user_version=49, draft=_DRAFT),
    e.ScheduledChanged(user_version=50, scheduled=msgspec.structs.replace(_SCHEDULED, state="sent")),
    e.TypingFrame(room_id=7, user_id=31, active=True),
    e.PresenceFrame(user_id=31, state="online"),
    e.PleaseReport(),
    f.RoomHeads({9: 12, 11: 803}),
    f.RoomReset(7, 2210),
    f.CaughtUp(),
    f.Heartbeat(_AT, {7: 1042}, 46),
    f.Pong(_AT, "c5"),
    f.Ack("a7", r.MessageResult(_MESSAGE)),
    f.ErrorFrame("b2", CommandError(Code.RATE_LIMITED, "Too many requests. Retry in a moment.", retry_after=2.5).data),
    f.GoingAway(1500),
)
_ERROR: Final = CommandError(
    Code.INVALID,
    "content: Write something first: a message cannot be empty.",
    errors={"content": ["Write something first: a message cannot be empty."]},
).data
_SYNC: Final = f.SyncResponse([msgspec.Raw(encode(_SERVER[2])), msgspec.Raw(encode(f.CaughtUp()))], _EPOCH, 42)

_BY_FIELD: Final[dict[str, Any]] = {
    **_FACT,
    "seq": 1042,
    "message_id": _SECOND,
    "user_id": 31,
    "user": _MARY,
    "by": _ADA,
    "room": _ROOM,
    "upload_id": _FIRST,
    "upload": _UPLOAD,
    "message": _MESSAGE,
    "messages": [_MESSAGE],
    "has_more": False,
    "query": "counts from:ada",
    "hits": [r.Hit(_MESSAGE, [(3, 9)])],
    "before": None,
    "partial": False,
    "behind": 0,
}


def _made(struct: type[msgspec.Struct]) -> msgspec.Struct:
    """Build an example from the names of the required fields, for structs without a written one. Raises KeyError for an unknown name."""
    fields = {field.name: _BY_FIELD[field.name] for field in msgspec.structs.fields(struct) if field.required}
    return struct(**fields, id="d1") if issubclass(struct, c.Command) else struct(**fields)


_SAID: Final = (*_COMMANDS, *_CLIENT, *_RESULTS, *_SERVER, _ERROR, _SYNC)
_DECLARED: Final[tuple[type[msgspec.Struct], ...]] = (
    *(struct for declaration in c.COMMANDS.values() for struct in (declaration.struct, declaration.result)),
    *get_args(e.AnyRoomEvent),
    *get_args(e.AnyUserFrame),
    *get_args(e.EphemeralFrame),
)
_OWN: Final = {type(example): example for example in _SAID}
EXAMPLES: Final[dict[type[msgspec.Struct], Any]] = {
    struct: msgspec.json.decode(encode(_OWN.get(struct) or _made(struct))) for struct in (*_OWN, *_DECLARED)
}
