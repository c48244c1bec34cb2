"""`manage.py backchannel …`: commands of the command line for a Django site, with the site's own settings and database.

serve and check are the site's own; the others are those of `backchannel` (cli/).
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backchannel.cli import parser as cli
from backchannel.cli.setup import Stop
from backchannel.embed import checking, serving


class Command(BaseCommand):
    help = "The chat of this site: serve it, check it, make tokens for programs, and look after it."
    # `check` shows them itself; the others should work while something is wrong.
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        commands = parser.add_subparsers(metavar="COMMAND", required=True)

        def add(name: str, command: cli.Command, help: str) -> argparse.ArgumentParser:
            sub: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
            sub.set_defaults(command=command)
            return sub

        serving.add_arguments(add("serve", serving.serve, "Serve the site and its chat, by our own server."))
        add("check", checking.check, "Look for problems that would keep the chat from running well.")
        cli.add_shared(add)

    def handle(self, *_: Any, **given: Any) -> None:
        options = argparse.Namespace(**given, choice=None)
        try:
            status = options.command(options, None)
        except Stop as problem:
            raise CommandError(str(problem), returncode=2) from None
        if status:
            sys.exit(status)
