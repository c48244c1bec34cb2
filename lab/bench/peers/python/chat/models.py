"""Rooms with a numbered log."""

from django.conf import settings
from django.db import models


class Room(models.Model):
    name = models.CharField(max_length=80)
    head = models.BigIntegerField(default=0)


class Membership(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]


class Message(models.Model):
    id = models.UUIDField(primary_key=True)
    room = models.ForeignKey(Room, models.CASCADE, db_index=False)
    seq = models.BigIntegerField()
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="one_message_per_seq")]
