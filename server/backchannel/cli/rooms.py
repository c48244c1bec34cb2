"""The command `room`: list, add, remove, rename. Changes are operations of the log like any other, by the person "System"."""

from __future__ import annotations

import argparse
import json
from typing import Any

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.site.conf import Conf


def room(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    if options.what == "list":
        _list(options)
    else:
        _change(options)
    print_database(options, to_stderr=True)
    return 0


def _list(options: argparse.Namespace) -> None:
    from backchannel.store.rooms import groups_and_channels

    rooms = groups_and_channels()
    if options.json:
        listed = [
            {"id": room.id, "kind": room.kind, "name": room.name, "members": room.member_count, "head": room.head}
            for room in rooms
        ]
        print(json.dumps(listed, indent=1))
        return
    lines = (
        f"{room.id:8} {room.kind:8} {room.member_count:6} members  {room.head:8} events  {room.name or '-'}"
        for room in rooms
    )
    print("\n".join(lines) or "None.")


def _change(options: argparse.Namespace) -> None:
    from backchannel.accounts import audit
    from backchannel.accounts.running_chats import write
    from backchannel.protocol.errors import CommandError

    operation, done = _operation(options)
    try:
        write(operation)
    except CommandError as refusal:
        raise Stop(str(refusal)) from None
    audit.record(f"room_{options.what}", f"room {options.room}", done=done)
    print(f"Room {options.room}: {done}.")


def _operation(options: argparse.Namespace) -> tuple[Any, str]:
    from backchannel import rules
    from backchannel.intents.operations import AddPeople, ChangeRoom, RemovePeople
    from backchannel.protocol.errors import CommandError
    from backchannel.store import people

    by = people.system_person()
    if options.what == "rename":
        try:
            rules.check_text(name=options.name)
        except CommandError as refusal:
            raise Stop(str(refusal)) from None
        return ChangeRoom(actor=by, room_id=options.room, name=options.name, topic=None), "renamed"
    ids = [_person(name) for name in options.names]
    names = ", ".join(options.names)
    if options.what == "add":
        return AddPeople(actor=by, room_id=options.room, user_ids=ids), f"added {names}"
    return RemovePeople(actor=by, room_id=options.room, user_ids=ids), f"removed {names}"


def _person(name: str) -> int:
    from backchannel.accounts.people import person_of
    from backchannel.cli.users import found

    return int(person_of(found(name)).id)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    listing = kinds.add_parser("list", help="show groups and channels, without their messages")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    for what, help in (("add", "add people to a group or channel"), ("remove", "remove people from one")):
        change = kinds.add_parser(what, help=help)
        change.add_argument("room", metavar="ROOM-ID", type=int)
        change.add_argument("names", metavar="NAME", nargs="+")
    rename = kinds.add_parser("rename", help="rename a group or channel")
    rename.add_argument("room", metavar="ROOM-ID", type=int)
    rename.add_argument("name", metavar="NEW-NAME")
