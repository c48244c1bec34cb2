"""The command `files`: sweep, copy, restore."""

from __future__ import annotations

import argparse
import asyncio

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.site.conf import Conf


def files(options: argparse.Namespace, _: Conf | None) -> int:
    if (options.what == "sweep") != (options.folder is None):
        raise Stop("copy and restore need a FOLDER, sweep takes none")
    if options.keep_days is not None and options.what != "copy":
        raise Stop("--keep-days belongs to copy")
    open_database(options)
    from backchannel.chat import config_from_settings
    from backchannel.files.storage import store_of

    store = store_of(config_from_settings().files)
    if store is None:
        raise Stop('there is no storage of files: set FILES in BACKCHANNEL, or STORAGES["chat"]')
    if options.what == "sweep":
        from backchannel.files.sweeping import sweep_here

        print("\n".join(asyncio.run(sweep_here(store, now=options.now)).lines()))
        print_database(options, to_stderr=True)
        return 0
    from backchannel.files.copies import copy_in, copy_out

    folder = options.folder.absolute()
    copied = copy_out(store, folder, options.keep_days) if options.what == "copy" else copy_in(store, folder)
    print(f"Copied {copied.files:,} files, {copied.size:,} bytes; {copied.there:,} were there.")
    if copied.forgotten:
        print(f"Deleted from the copy: {copied.forgotten:,} files, not needed for {options.keep_days} days.")
    for key in copied.lost:
        print(f"Not found: {key}")
    print_database(options, to_stderr=True)
    return 1 if copied.lost else 0
