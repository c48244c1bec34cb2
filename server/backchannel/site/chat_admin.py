"""Read-only admin pages of the chat: any change of a room has to go through the writer, which numbers it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backchannel.protocol.times import to_wire
from backchannel.store.models import Membership, Message, Room
from backchannel.text_rules import fold


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    fields = ("person", "role", "state", "joined_seq", "read_seq")
    extra = 0


@admin.register(Room)
class RoomAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "kind", "member_count", "head")
    list_filter = ("kind",)
    search_fields = ("folded",)
    fields = ("kind", "name", "topic", "member_count", "head")
    inlines = (MembershipInline,)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, fold(search_term))

    def get_queryset(self, request: HttpRequest) -> Any:
        # Direct conversations are private. Of other rooms, staff see that they exist, not what is said in them.
        return super().get_queryset(request).exclude(kind=Room.Kind.DIRECT)


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("room", "seq", "sender", "sent", "deleted")
    list_filter = ("room",)
    fields = ("id", "room", "seq", "rev_seq", "sender", "sent", "content", "deleted")
    ordering = ("-created_us",)
    list_select_related = ("room", "sender")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Channels are open to everyone, so to staff too; groups and direct rooms are not."""
        return super().get_queryset(request).filter(room__kind=Room.Kind.CHANNEL)

    @admin.display(description="sent")
    def sent(self, message: Message) -> str:
        return to_wire(message.created_us)
