"""The commands `serve`, `migrate` and `check`."""

from __future__ import annotations

import argparse

from backchannel.cli.setup import Stop, act_as_owner, open_database, print_database
from backchannel.site.conf import Conf


def serve(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.runner.start import start, start_worker

    if options.as_worker:
        start_worker(conf, options.as_worker, open_database=lambda: open_database(options, migrates=False))
        return 0
    return start(
        conf,
        demo=options.demo or options.demo_passwords == "made-up",
        made_up_passwords=options.demo_passwords == "made-up",
        open_database=lambda: open_database(options),
        stop=Stop,
    )


def migrate(options: argparse.Namespace, conf: Conf) -> int:
    open_database(
        options, migrates=False, otherwise=", or create a new one: backchannel serve, or backchannel migrate --new"
    )
    from backchannel.site import state
    from backchannel.site.database_problem import DatabaseUnusable

    try:
        waiting = state.unapplied()
        state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print(f"{len(waiting)} migrations applied." if waiting else "The tables are up to date.")
    print_database(options)
    return 0


def check(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site import folder, owner
    from backchannel.site.check import findings

    folder.make_nothing()
    act_as_owner(owner.foreign_owner(options.choice.folder), options.choice.folder)
    problems = 0
    for finding in findings(conf, options.choice):
        problems += finding.is_problem
        print(f"{'problem' if finding.is_problem else finding.word:9}{finding.text}")
    print("No problems found." if not problems else f"Problems found: {problems}.")
    return 1 if problems else 0
