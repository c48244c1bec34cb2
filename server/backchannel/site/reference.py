"""Generates docs/reference/settings.md from the settings. A test checks that the page is up to date.

python -m backchannel.site.reference > docs/reference/settings.md
"""

from __future__ import annotations

from dataclasses import fields

from backchannel.site.conf import Conf, variable

_HEAD = """# Settings

All settings are environment variables; none is needed to start. A variable that is set but blank counts as unset.
`backchannel serve` also takes `--data`, `--host`, `--port` and `--workers` as options, and these win. `backchannel check` reports
what would keep the server from running well, and which variables it does not know.

Every command also reads an environment file, as systemd does (`NAME=value` lines, comments, quotes): the one named by `--env-file`, else by
`BACKCHANNEL_ENV_FILE`, else `/etc/backchannel/backchannel.env` if it exists. Variables set in the environment win over it.
`--env-file /dev/null` reads none.

A Django site with the chat in it uses none of these, but [`BACKCHANNEL`](../embed/settings.md#the-keys-of-backchannel).

Behind a reverse proxy, set at least `BACKCHANNEL_ORIGINS` to the address that people open.

| variable | unset | what it does |
|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{variable(item.name)}` | {_shown(item.metadata['default'])} | {item.metadata['help'].replace('|', '&#124;')} |"
        for item in fields(Conf)
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _shown(default: str) -> str:
    return f"`{default}`" if default else "–"


if __name__ == "__main__":
    print(page(), end="")
