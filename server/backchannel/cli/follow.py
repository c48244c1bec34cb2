"""The commands `followers`, `intents` and `activity`."""

from __future__ import annotations

import argparse

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.site.conf import Conf


def followers(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.followers import report

    if options.reset is not None:
        if options.reset not in report.names():
            raise Stop(f"there is no follower {options.reset}; the followers are: {', '.join(report.names())}")
        report.reset(options.reset)
        print(f"Reset {options.reset}: the server derives it again.")
    print("\n".join(report.followers()))
    print_database(options, to_stderr=True)
    return 0


def intents(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.intents import report

    if options.drop is not None:
        print(f"Deleted {report.drop(options.drop)}.")
    if options.retry is not None:
        print(f"{report.retry(options.retry or None)} to be applied again by a running server.")
    print("\n".join(report.lines()))
    print_database(options, to_stderr=True)
    return 0


def activity(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.followers import report

    lines = report.activity(options.days)
    print("day         messages  people  rooms")
    print("\n".join(lines) if lines else "No messages yet.")
    print_database(options, to_stderr=True)
    return 0
