"""The command `sync-people`."""

from __future__ import annotations

import argparse

from backchannel.cli.setup import open_database, print_database
from backchannel.site.conf import Conf


def sync_people(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.accounts import syncing

    print(syncing.sync_people(erase_missing=options.erase_missing))
    print_database(options, to_stderr=True)
    return 0
