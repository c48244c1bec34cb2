"""Runs one command.

An expected failure is one line on stderr and exit status 2; `check` and `doctor` exit with 1 if they found a problem. Results go to stdout, so
that `TOKEN=$(backchannel token ada)` works.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backchannel.cli.parser import Command, build_parser
from backchannel.cli.setup import Stop, configure
from backchannel.site.conf import SettingError

if TYPE_CHECKING:
    from backchannel.site.database_choice import DatabaseChoice


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in `arguments` (default: `sys.argv`) and return its exit status."""
    options = build_parser().parse_args(arguments)
    options.choice = None
    try:
        command: Command = options.command
        # With an address, nothing of this machine is used, and its settings may not be readable.
        return command(options, None if getattr(options, "url", None) else configure(options))
    except (Stop, SettingError) as problem:
        _print_failure(" ".join(str(problem).split()), options)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has closed the pipe, as in `backchannel check | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        failure = _environment_failure(error)
        if failure is None:
            raise
        _print_failure(failure, options)
        return 2


def _environment_failure(error: Exception) -> str | None:
    """Describe an error of the operating system, the database or the installation in one line. None for a bug of ours."""
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("backchannel"):
        module = error.name.partition(".")[0]
        extra = {"psycopg": "postgres", "redis": "redis"}.get(module, "standalone")
        return f"{module} is not installed; install it with: pip install 'backchannel[{extra}]'"
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    # Compared by name, because most commands never import these modules.
    if any(
        kind.__module__.split(".")[0] in {"sqlite3", "psycopg", "psycopg_pool"} or kind.__module__ == "django.db.utils"
        for kind in type(error).__mro__
    ):
        reason = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
        return f"database error: {reason}"
    return None


def _print_failure(problem: str, options: argparse.Namespace) -> None:
    """Print the failure, and the database it concerns unless the text names it already or the command is `serve`."""
    choice: DatabaseChoice | None = options.choice
    if choice is not None and options.command_name != "serve" and choice.name not in problem:
        problem = f"{problem} ({choice})"
    print(f"backchannel: {problem}", file=sys.stderr)
