"""The command `support-bundle`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from backchannel.cli.setup import Stop, open_database
from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.site.conf import Conf


def support_bundle(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.doctor import bundle
    from backchannel.doctor.inside import limits, standalone

    progress = Progress(shown=not options.quiet)
    # Both belong to the user who runs the command; the database is opened as the one whom its folder belongs to.
    log = options.log.open("rb") if options.log else None
    try:
        file = bundle.create(options.file)
    except FileExistsError:
        raise Stop(f"{options.file} exists already; name another file") from None
    limited = list(limits.examine(options.choice.folder))

    def findings() -> Iterable[Finding]:
        yield from limited
        yield from standalone.examine(conf, options.choice, progress)

    warnings = []
    try:
        open_database(options, migrates=False)
    except Stop as stop:  # the rest is worth having all the same
        warnings.append(str(stop))
    warnings += bundle.write(file, conf, findings, log, progress)
    progress.clear()
    print(f"Wrote {options.file}, readable by you only. Look into it before you send it.")
    for warning in warnings:
        print(f"Not in it: {warning}")
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a new zip file")
    parser.add_argument(
        "--log", metavar="FILE", type=Path, help="include the end of this log, such as that of journalctl"
    )
    parser.add_argument("--quiet", action="store_true", help="do not show progress on standard error")
