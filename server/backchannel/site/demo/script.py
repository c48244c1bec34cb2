"""Parses the demonstration's rooms from `week/*.txt`, which look like plays:

channel general                  kind and name (a direct room has none)
topic What it is about
with maya jonas                  the members; left out if everyone is one

@3d 09:02 maya                   three days ago at 09:02 UTC; or @95m maya, 95 minutes ago
What she wrote, as Markdown,
on as many lines as it takes.
=>                               an edit: above as sent, below as edited
The new text.
+ 👍 jonas priya                 reactions

@3d 09:04 jonas re               answers the message before it; `re 3` the third before it
--- unread maya                  she has read up to here; those never named have read everything
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, cast

_WEEK = Path(__file__).parent / "week"
_HEAD = re.compile(
    r"@(?:(?P<days>\d+)d (?P<hour>\d\d):(?P<minute>\d\d)|(?P<ago>\d+)m) (?P<by>\w+)(?P<re> re(?: (?P<back>\d+))?)?"
)
_FIRST_REACTION = timedelta(seconds=40)
_EDIT_AFTER = timedelta(minutes=2)

Kind = Literal["direct", "group", "channel"]


@dataclass(slots=True)
class Line:
    """One message."""

    by: str
    """Username of its sender."""
    at: datetime
    content: str = ""
    became: str | None = None
    """Its text after an edit; None if it was not edited."""
    answers: int | None = None
    """Index in the room of the message it replies to."""
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """(emoji, username) in order."""

    @property
    def edited_at(self) -> datetime:
        return self.at + _EDIT_AFTER

    @property
    def reacted_at(self) -> datetime:
        return self.at + _FIRST_REACTION


@dataclass(slots=True)
class Scene:
    """One room."""

    kind: Kind
    name: str | None
    topic: str = ""
    members: list[str] = field(default_factory=list)
    """Usernames; empty if everyone is a member."""
    lines: list[Line] = field(default_factory=list)
    read_by: dict[str, int] = field(default_factory=dict)
    """Username → number of messages read, for those who have not read all."""


def scenes(now: datetime) -> list[Scene]:
    """The week that ends at `now`; "general" first."""
    paths = sorted(_WEEK.glob("*.txt"), key=lambda path: (path.stem != "general", path.stem))
    return [parse(path.read_text("utf-8"), now) for path in paths]


def parse(text: str, now: datetime) -> Scene:
    """Parse one file. Raises ValueError with the line that has no meaning."""
    first, *rest = text.splitlines()
    kind, _, name = first.partition(" ")
    scene = Scene(cast("Kind", kind), name or None)
    body: list[str] = []
    for row in rest:
        if head := _HEAD.fullmatch(row):
            _close(scene, body)
            scene.lines.append(_line(head, now, len(scene.lines)))
        elif not scene.lines:
            _about_the_room(scene, row)
        elif row.startswith("+ "):
            emoji, *people = row[2:].split()
            scene.lines[-1].reactions += [(emoji, who) for who in people]
        elif row.startswith("--- unread "):
            scene.read_by |= dict.fromkeys(row.split()[2:], len(scene.lines))
        else:
            body.append(row)
    _close(scene, body)
    return scene


def _about_the_room(scene: Scene, row: str) -> None:
    word, _, value = row.partition(" ")
    if word == "topic":
        scene.topic = value
    elif word == "with":
        scene.members = value.split()
    elif row:
        raise ValueError(row)


def _line(head: re.Match[str], now: datetime, index: int) -> Line:
    if head["ago"]:
        at = now - timedelta(minutes=int(head["ago"]))
    else:
        day = now - timedelta(days=int(head["days"]))
        at = day.replace(hour=int(head["hour"]), minute=int(head["minute"]), second=index % 60, microsecond=0)
    answers = index - int(head["back"] or 1) if head["re"] else None
    return Line(head["by"], at, answers=answers)


def _close(scene: Scene, body: list[str]) -> None:
    """Assign the collected lines as the text of the last message so far."""
    if not scene.lines:
        return
    before, arrow, after = "\n".join(body).partition("\n=>\n")
    scene.lines[-1].content = before.strip()
    scene.lines[-1].became = after.strip() if arrow else None
    body.clear()
