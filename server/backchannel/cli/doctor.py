"""The commands `doctor` and `probe`. With an address they use no settings and no database, so that they run on any machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel.cli.setup import Stop
from backchannel.doctor.outside import proxy
from backchannel.doctor.outside.target import NotAnAddress, Target
from backchannel.doctor.report import Progress, report
from backchannel.site.conf import Conf

if TYPE_CHECKING:
    from backchannel.doctor.outside.round_trip import RoundTrip

TOKENS_VARIABLE = "BACKCHANNEL_BOT_TOKENS"
"""Instead of --token-file: both tokens, separated by a blank."""


def doctor(options: argparse.Namespace, conf: Conf | None) -> int:
    progress = Progress(shown=not options.quiet)
    if options.url is not None:
        return _outside(options, progress)
    if conf is None:
        from backchannel.doctor.inside import django_site

        return report(
            django_site.examine(options, progress), progress, as_json=options.json, subject="this Django site"
        )
    from backchannel.cli.setup import act_as_owner
    from backchannel.doctor.inside import standalone
    from backchannel.doctor.inside.backups import Asked
    from backchannel.site import folder, owner

    folder.make_nothing()
    foreign = owner.foreign_owner(options.choice.folder)
    asked = Asked(options.backups or standalone.BACKUPS, options.restore_drill)
    # Backups are root's; the database is looked at as the user whom its folder belongs to.
    before = list(standalone.as_started(conf, options.choice, asked, progress))
    act_as_owner(foreign, options.choice.folder)

    def found() -> object:
        yield from standalone.examine(conf, options.choice, progress)
        yield from before

    return report(found(), progress, as_json=options.json, subject=str(options.choice))  # type: ignore[arg-type]


def probe(options: argparse.Namespace, _: Conf | None) -> int:
    """Exit status 0 if both messages arrived, 1 if not."""
    from backchannel.doctor.outside.bots import Bot, Unusable
    from backchannel.doctor.outside.round_trip import RoundTrip, round_trips

    target = target_of(options.url)
    tokens = tokens_of(options.token_file)
    if not tokens:
        raise Stop(f"probe needs the tokens of two bots: --token-file, or {TOKENS_VARIABLE}")
    try:
        ada, ben = (Bot(target, token) for token in tokens)
        trips = list(round_trips(ada, ben))
    except Unusable as error:
        trips = [RoundTrip("websocket", None, str(error)), RoundTrip("http", None, str(error))]
    if options.json:
        print(json.dumps({"target": str(target), "trips": [_shown(trip) for trip in trips]}))
    else:
        for trip in trips:
            print(f"{trip.transport:10}" + (trip.problem if trip.seconds is None else f"{trip.seconds * 1000:.0f} ms"))
    return int(any(trip.seconds is None for trip in trips))


def _shown(trip: RoundTrip) -> dict[str, object]:
    return {"transport": trip.transport, "seconds": trip.seconds, "problem": trip.problem or None}


def _outside(options: argparse.Namespace, progress: Progress) -> int:
    from backchannel.doctor.outside.examine import examine

    target = target_of(options.url)
    tokens = tokens_of(options.token_file)
    found = examine(target, tokens, progress, silence_s=options.silence, proxy=options.proxy)
    return report(found, progress, as_json=options.json, subject=str(target))


def target_of(url: str) -> Target:
    """Raises `Stop`."""
    try:
        return Target.of(url)
    except NotAnAddress as problem:
        raise Stop(str(problem)) from None


def tokens_of(file: str | None) -> list[str]:
    """The tokens in `file` ("-": standard input), else those of the environment. Raises `Stop` unless there are two or none."""
    try:
        text = (
            (sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))
            if file
            else os.environ.get(TOKENS_VARIABLE, "")
        )
    except (OSError, UnicodeDecodeError) as problem:
        raise Stop(
            f"cannot read the tokens in {file}: {getattr(problem, 'strerror', None) or 'it is not text'}"
        ) from None
    tokens = text.split()
    if len(tokens) not in {0, 2} or not all(token.isascii() and token.isprintable() for token in tokens):
        raise Stop(
            f"{'standard input' if file == '-' else file or TOKENS_VARIABLE} needs the tokens of two bots, one a line; "
            f"it has {len(tokens)} words"
        )
    return tokens


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        help="examine this address from outside; without it, the server is examined from inside",
    )
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="do not show progress on standard error")
    outside = parser.add_argument_group("with URL")
    add_token_file(outside)
    outside.add_argument(
        "--silence", metavar="SECONDS", type=_seconds, default=95.0, help="how long a WebSocket is kept silent (95)"
    )
    outside.add_argument("--proxy", choices=proxy.KNOWN, help="which proxy it is, if it is not recognised")
    inside = parser.add_argument_group("without URL")
    inside.add_argument(
        "--backups", metavar="FOLDER", type=Path, help="where backups are written (/var/backups/backchannel)"
    )
    inside.add_argument(
        "--restore-drill", action="store_true", help="restore the newest backup to a temporary database, and count"
    )


def add_probe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="the address that people open")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_token_file(parser)


def add_token_file(parser: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"the tokens of two bots, one a line; - reads standard input ({TOKENS_VARIABLE})",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 3600")
    return value
