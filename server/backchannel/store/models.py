"""The tables. Migrations own the schema; the writer and the reads use SQL with these names.

Times are microseconds since 1970 UTC (protocol/times.py). A room's log is the union of its messages (each at its `seq`) and its
events (everything else that happened). Together they are numbered 1..head without a gap, which the writer ensures under the
room's lock. A person is the chat's view of an account, so that the chat can be part of any Django project.

Longer than 300 lines: the whole schema is read in one place.
"""

import uuid
from typing import Any

from django.db import models, transaction

from backchannel.store.clock import now_us
from backchannel.text_rules import fold, name_keys


def new_namespace() -> str:
    return uuid.uuid4().hex


class Workspace(models.Model):
    """The single row that names this installation and its numbering. Only a restore or a promotion changes `epoch`.

    `namespace`: the UUID under which the site's own keys become message ids. It never leaves the server: a member who knew it could
    take the id of a message that the site is going to post. `push_key`: the private key by which push services know this server; empty
    until it is needed. Another one would end all subscriptions. `push_public_key` belongs to it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=80, default="Backchannel")
    epoch = models.CharField(max_length=32)
    namespace = models.CharField(max_length=32, default=new_namespace, editable=False)
    push_key = models.CharField(max_length=43, default="", db_default="", editable=False)
    push_public_key = models.CharField(max_length=87, default="", db_default="", editable=False)
    created_us = models.BigIntegerField(default=now_us)

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """A person in the chat. `account`: the primary key of the site's user, as text; NULL where there is none: a program of the server,
    or a user who was erased. `space`: the tenant; people meet and find those of their own alone. It never changes: a user who
    moves to another tenant is another person there. `version`: the wire's `user_version`.
    `external_id`, `avatar_url`: as on the wire; empty if there is none. `kind`: NULL for a person."""

    class Kind(models.TextChoices):
        BOT = "bot"
        SYSTEM = "system"

    id = models.BigAutoField(primary_key=True)
    account = models.CharField(max_length=64, null=True)
    username = models.CharField(max_length=150)
    display_name = models.CharField(max_length=150)
    external_id = models.CharField(max_length=64, default="", db_default="", blank=True)
    avatar_url = models.CharField(max_length=500, default="", db_default="", blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, null=True, blank=True)
    space = models.CharField(max_length=64, default="", db_default="", blank=True, editable=False)
    active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=1)
    folded = models.CharField(max_length=150, db_default="", editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["external_id"], name="backchannel_person_external"),
            models.Index(fields=["space", "folded"], name="backchannel_person_space"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "space"], name="backchannel_one_person"),
            models.UniqueConstraint(fields=["username", "space"], name="backchannel_one_username"),
        ]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the search keys in step with the names."""
        self.folded = fold(self.display_name)[:150]
        keys = dict.fromkeys(name_keys(self.username) + name_keys(self.display_name))
        with transaction.atomic():
            super().save(*args, **kwargs)
            NameKey.objects.filter(person=self).delete()
            NameKey.objects.bulk_create(NameKey(person=self, key=key) for key in keys)


class NameKey(models.Model):
    """A prefix-search key of a person: the folded name from each of its words on. Folded here rather than by the database, so that
    every database finds the same people."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="name_keys")
    key = models.CharField(max_length=100)

    class Meta:
        # PostgreSQL uses only this kind of index for prefixes; SQLite compares bytes anyway.
        indexes = [models.Index(fields=["key"], name="backchannel_name_key_begins", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.key


class Room(models.Model):
    """`head`: the seq of the newest event. `direct_key` ("3:8") allows one direct room per pair. `folded`: the name as compared in a
    search. `key`: what the site calls a room that it made, like "order:17". `space`: that of everybody in it. `shows_seen`: its members see
    in the details of a message who has read it."""

    class Kind(models.TextChoices):
        DIRECT = "direct"
        GROUP = "group"
        CHANNEL = "channel"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80, null=True)
    topic = models.CharField(max_length=250, default="", blank=True)
    space = models.CharField(max_length=64, default="", db_default="", editable=False)
    shows_seen = models.BooleanField(default=False, db_default=False, editable=False)
    direct_key = models.CharField(max_length=41, null=True, unique=True, editable=False)
    key = models.CharField(max_length=100, null=True, unique=True, editable=False)
    head = models.BigIntegerField(default=0, editable=False)
    member_count = models.IntegerField(default=0, editable=False)
    created_us = models.BigIntegerField(default=now_us, editable=False)
    folded = models.CharField(max_length=200, db_default="", editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["space", "folded"], condition=models.Q(kind="channel"), name="backchannel_channel_space"
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"


class Membership(models.Model):
    """One person in one room. `state` says whether they are in. Rows of people who left remain, with the seq of their leaving. Up to
    `threads_read_seq` all threads of the room are read. From `unread_from` on the person marked it as unread; never above `read_seq`.
    `level` and `muted_until_us`: what they are notified of; NULL: not chosen."""

    class State(models.TextChoices):
        MEMBER = "member"
        LEFT = "left"
        REMOVED = "removed"

    class Level(models.TextChoices):
        ALL = "all"
        MENTIONS = "mentions"
        NONE = "none"

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        MEMBER = "member"

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships", db_index=False)
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)
    state = models.CharField(max_length=7, choices=State.choices, default=State.MEMBER)
    joined_seq = models.BigIntegerField(default=0)
    left_seq = models.BigIntegerField(null=True)
    read_seq = models.BigIntegerField(default=0)
    threads_read_seq = models.BigIntegerField(default=0, db_default=0)
    unread_from = models.BigIntegerField(null=True)
    level = models.CharField(max_length=8, choices=Level.choices, null=True, blank=True)
    muted_until_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="backchannel_one_membership")]
        indexes = [models.Index(fields=["person", "state"], name="backchannel_membership_of")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.room_id}"


class Message(models.Model):
    """A person's message, and the log entry `message_created` at `seq`.

    `id` comes from the client and is the idempotency key for ever; `fingerprint` is a keyed hash of what was sent first, so
    that a retry is recognised even after an edit. `reactions`, `mentions` and `attachments` are JSON. `pinned_seq` is the event
    that pinned it; NULL if it is not pinned.

    A reply in a thread has `thread`, the message that the thread begins with, and `beside` unless the room shows it as well. That first
    message has the columns `thread_…`, NULL before the first reply; `protocol.shapes.ThreadSummary` says what they mean.

    `via`: what accepted it, as `get_message_details` says; NULL for messages from before that was kept.
    """

    id = models.UUIDField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    rev_seq = models.BigIntegerField()
    sender = models.ForeignKey(Person, models.PROTECT, related_name="messages", db_index=False)
    content = models.TextField()
    reply_to = models.UUIDField(null=True)
    fingerprint = models.BinaryField(max_length=16)
    created_us = models.BigIntegerField()
    edited_us = models.BigIntegerField(null=True)
    deleted = models.BooleanField(default=False)
    mentions = models.TextField(default="[]")
    reactions = models.TextField(default="[]")
    attachments = models.TextField(default="[]")
    pinned_seq = models.BigIntegerField(null=True)
    thread = models.UUIDField(null=True)
    beside = models.BooleanField(null=True)
    thread_count = models.IntegerField(null=True)
    thread_people = models.TextField(null=True)
    thread_last_us = models.BigIntegerField(null=True)
    thread_rev = models.BigIntegerField(null=True)
    via = models.CharField(max_length=9, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="backchannel_one_message_per_seq")]
        # The first covers everything that counting unread messages needs; the second serves the list of pins, the third threads.
        indexes = [
            models.Index(
                fields=["room", "seq", "sender", "thread"],
                condition=models.Q(deleted=False, beside__isnull=True),
                name="backchannel_unread_in_room",
            ),
            models.Index(
                fields=["room", "pinned_seq"], condition=models.Q(pinned_seq__isnull=False), name="backchannel_pinned"
            ),
            models.Index(
                fields=["thread", "seq"], condition=models.Q(thread__isnull=False), name="backchannel_in_thread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"


class Draft(models.Model):
    """What a person has written in a place and not sent. The place is a room, or a thread of it; `thread` is all zeros where there is none,
    because databases hold no two NULLs for the same. A row stays when its draft was cleared or sent, with its `rev`: a save from a device
    that knows an older one is refused. `save_id`: the save that wrote the last text."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    thread = models.UUIDField()
    content = models.TextField()
    reply_to = models.UUIDField(null=True)
    attachments = models.TextField(default="[]")
    rev = models.BigIntegerField()
    save_id = models.UUIDField(null=True)
    saved_us = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "room", "thread"], name="backchannel_one_draft")]

    def __str__(self) -> str:
        return f"draft of {self.person_id} in {self.room_id}"


class Scheduled(models.Model):
    """A message that is sent at `at_us`. `id` becomes the message's, so that it cannot be sent twice. The row is deleted by the transaction
    that sends it. A cancelled one stays, without its text: a retry of the command that made it must not bring it back. `attachments`: ids
    as the database writes them."""

    class State(models.TextChoices):
        WAITING = "waiting"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    at_us = models.BigIntegerField()
    content = models.TextField()
    reply_to = models.UUIDField(null=True)
    thread = models.UUIDField(null=True)
    in_room = models.BooleanField(default=False)
    attachments = models.TextField(default="[]")
    state = models.CharField(max_length=9, choices=State.choices)
    rev = models.BigIntegerField()
    code = models.CharField(max_length=40, default="")
    detail = models.TextField(default="")
    changed_us = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "scheduled"
        indexes = [
            models.Index(fields=["at_us"], condition=models.Q(state="waiting"), name="backchannel_due"),
            models.Index(fields=["person", "at_us"], name="backchannel_scheduled_of"),
        ]

    def __str__(self) -> str:
        return f"{self.id} at {self.at_us}"


class Event(models.Model):
    """A log entry other than a new message. `body` is the JSON of the wire event without its numbers. For changes of a message only
    `message` is kept, because the message itself holds the current state."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    at_us = models.BigIntegerField()
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="events")
    body = models.TextField(default="{}")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="backchannel_one_event_per_seq")]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq} {self.kind}"


class Blob(models.Model):
    """Bytes in the storage of files, under a name that is never used again. A blob is doomed from `doomed_us` on, and gone an hour
    later, unless it gets a use before. It begins doomed: the row is there before the bytes are, so that no crash leaves bytes that
    nobody knows of."""

    key = models.CharField(max_length=80, primary_key=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    doomed_us = models.BigIntegerField(null=True, default=now_us)

    class Meta:
        indexes = [
            models.Index(
                fields=["sha256"], condition=models.Q(doomed_us__isnull=True), name="backchannel_blob_content"
            ),
            models.Index(
                fields=["doomed_us"], condition=models.Q(doomed_us__isnull=False), name="backchannel_blob_doomed"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Upload(models.Model):
    """A file that a person sends into a room. `sent_…`: as announced, by which a retry is recognised and the quota counts. `name`, `size`
    and `content_type`: of what is served. `offset`: bytes that are stored. `checking_until_us`: until then a node has it; afterwards any
    node may take it. `message`: which has claimed it. `file`, `thumb` and `view`: its blobs; NULL until it is ready, and where there is
    none, as for an empty file."""

    class State(models.TextChoices):
        RECEIVING = "receiving"
        CHECKING = "checking"
        READY = "ready"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    sent_name = models.TextField()
    sent_size = models.BigIntegerField()
    sent_type = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=255)
    alt = models.CharField(max_length=1000, default="")
    offset = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices)
    code = models.CharField(max_length=40, default="")
    checking_until_us = models.BigIntegerField(default=0)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    thumbhash = models.CharField(max_length=64, default="")
    file = models.ForeignKey(Blob, models.PROTECT, null=True, related_name="+")
    thumb = models.ForeignKey(Blob, models.PROTECT, null=True, related_name="+")
    view = models.ForeignKey(Blob, models.PROTECT, null=True, related_name="+")
    created_us = models.BigIntegerField(default=now_us)

    class Meta:
        indexes = [
            models.Index(fields=["person", "sent_size"], name="backchannel_upload_quota"),
            models.Index(
                fields=["checking_until_us"], condition=models.Q(state="checking"), name="backchannel_upload_checking"
            ),
            models.Index(
                fields=["created_us"], condition=models.Q(message__isnull=True), name="backchannel_upload_unclaimed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.person_id}"


class UploadPart(models.Model):
    """A piece of an upload, under `key` in the storage of files. The pieces of an upload follow each other without a gap."""

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="parts", db_index=False)
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    key = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "offset"], name="backchannel_one_part")]

    def __str__(self) -> str:
        return self.key


class Mention(models.Model):
    """A person was mentioned in a message. Mention counts are counted from these rows."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="mentions", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="mentions", db_index=False)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "room", "seq"], name="backchannel_one_mention")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.room_id}/{self.seq}"


class ThreadFollow(models.Model):
    """What one person has to do with the thread of `root`. `following`: NULL where they neither follow it nor decided against it.

    Replies above `from_seq`, where following began, can be unread. The person has read the thread up to `read_seq`, which also counts
    for replies that the room shows. Two numbers, because following late is not reading. From `unread_from` on they marked it as unread."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    root = models.ForeignKey(Message, models.CASCADE, related_name="+")
    following = models.BooleanField(null=True)
    from_seq = models.BigIntegerField(default=0)
    read_seq = models.BigIntegerField(default=0)
    unread_from = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "root"], name="backchannel_one_follow")]
        indexes = [
            models.Index(fields=["person", "room"], condition=models.Q(following=True), name="backchannel_followed")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} and {self.root_id}"


class Allowance(models.Model):
    """A person's use of a daily limit: it refills evenly until it is fully available again at `until_us`."""

    class Kind(models.TextChoices):
        ROOMS_CREATED = "rooms_created"
        PEOPLE_ADDED = "people_added"

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="allowances", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    until_us = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="backchannel_one_allowance")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class NotificationSettings(models.Model):
    """What a person wants to be notified of in all rooms; without a row, the defaults. `keywords` and `quiet_hours` are JSON; no quiet
    hours are empty."""

    class PushContent(models.TextChoices):
        FULL = "full"
        SENDER = "sender"
        NONE = "none"

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    keywords = models.TextField(default="[]")
    quiet_hours = models.TextField(default="", blank=True)
    dnd_until_us = models.BigIntegerField(default=0)
    push_content = models.CharField(max_length=6, choices=PushContent.choices, default=PushContent.FULL)

    class Meta:
        verbose_name_plural = "notification settings"

    def __str__(self) -> str:
        return f"notifications of {self.person_id}"


class PushSubscription(models.Model):
    """A browser of a person that gets push messages. `device`: its own name for itself. An endpoint belongs to one browser: the person who
    signed in there last has it. `page`: what its notifications open, up to `rooms/…`.
    It ends with the sign-in that it was made by: `credential` names that, `ends_us` is when it ends by itself; NULL: not."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    device = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=30)
    page = models.CharField(max_length=300)
    made_us = models.BigIntegerField(default=now_us)
    credential = models.CharField(max_length=100, default="")
    ends_us = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["credential"], name="backchannel_push_of_sign_in")]
        constraints = [models.UniqueConstraint(fields=["person", "device"], name="backchannel_one_push_device")]

    def __str__(self) -> str:
        return f"{self.device} of {self.person_id}"


class PersonNotification(models.Model):
    """A message that may concern a person: one row for both, for ever, so that nobody is notified of a message twice.

    `concerns`: what it is to them, as JSON. It waits for `due_us`, when the facts are looked at; afterwards `why` says what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        NOTIFIED = "notified"
        NOT_NOTIFIED = "not"

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    concerns = models.TextField(default="[]")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=20, default="")
    made_us = models.BigIntegerField()
    due_us = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "message"], name="backchannel_one_notification")]
        indexes = [
            models.Index(fields=["due_us"], condition=models.Q(state="waiting"), name="backchannel_notification_due"),
            models.Index(fields=["made_us"], name="backchannel_notification_made"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} for {self.person_id}: {self.state}"


class PushMessage(models.Model):
    """A notification that has to go to a browser: deleted when it went, or cannot go. `due_us`: when it is tried next."""

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(PersonNotification, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(PushSubscription, models.CASCADE, related_name="+")
    tries = models.IntegerField(default=0)
    due_us = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "subscription"], name="backchannel_one_push")]

    def __str__(self) -> str:
        return f"push {self.pk}"


class FollowerCursor(models.Model):
    """How far a follower of the log has come in one room: all events up to `seq` are applied."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "room"], name="backchannel_one_cursor")]

    def __str__(self) -> str:
        return f"{self.name} at {self.room_id}/{self.seq}"


class FollowerLease(models.Model):
    """The node that runs a follower until `until_us`, a time that the node extends while it is alive."""

    name = models.CharField(max_length=40, primary_key=True)
    node = models.CharField(max_length=40)
    until_us = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} on {self.node}"


class Activity(models.Model):
    """How many messages a person sent in a room on a day (UTC), counted by a follower."""

    id = models.BigAutoField(primary_key=True)
    day = models.CharField(max_length=10)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    messages = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "room", "person"], name="backchannel_one_activity")]
        verbose_name_plural = "activity"

    def __str__(self) -> str:
        return f"{self.day}: {self.messages} by {self.person_id} in {self.room_id}"


class Intent(models.Model):
    """A request of the site's own code to the chat, written in that code's transaction. A node applies it and deletes the row in one
    transaction. A refused one stays, with the reason. `body` is JSON (`intents/kinds.py`). `makes`: the key of the room that it makes."""

    id = models.BigAutoField(primary_key=True)
    body = models.TextField()
    makes = models.CharField(max_length=100, null=True)
    made_us = models.BigIntegerField(default=now_us)
    refused_us = models.BigIntegerField(null=True)
    reason = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(refused_us__isnull=True), name="backchannel_intent_waiting")
        ]

    def __str__(self) -> str:
        return f"intent {self.pk}"


class Notice(models.Model):
    """A message for the bus from a process without a node: the events of its commit, or the end of a credential. A node takes the row
    and publishes it. One that is lost costs time alone, so an old one is deleted."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=40)
    body = models.BinaryField()
    made_us = models.BigIntegerField(default=now_us)

    def __str__(self) -> str:
        return f"notice {self.pk}"


def workspace_defaults() -> dict[str, Any]:
    """Values of the row of a new installation."""
    return {"id": 1, "epoch": uuid.uuid4().hex}
