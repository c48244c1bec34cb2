"""Generates docs/reference/doctor.md from the codes and the lines to paste. A test checks that the page is up to date.

python -m backchannel.doctor.reference > docs/reference/doctor.md
"""

from __future__ import annotations

from backchannel.doctor.outside import proxy
from backchannel.findings import CODES

_HEAD = """# What the doctor finds

`backchannel doctor` examines a server from inside, `backchannel doctor URL` an address from outside ([how](../howto/doctor.md)). Each
finding has a code that stays, a word (`ok`, `note`, `problem`) and one sentence. The exit status is 0 without a problem, 1 with one, 2 if it
could not examine anything.

"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## From inside\n\n", _table("D1"), "\n## From outside\n\n", _table("D2")]
    parts.append(
        "\n## Lines to paste\n\nWhat the doctor shows for the proxy that it recognises, or that `--proxy` names.\n"
    )
    for code in CODES:
        rows = proxy.lines_of(code)
        if rows:
            parts.append(f"\n### {code} {CODES[code][0]}\n\n")
            parts += [f"{name or 'any proxy'}:\n\n```\n{text}\n```\n\n" for name, text in rows.items()]
    return "".join(parts).rstrip("\n") + "\n"


def _table(beginning: str) -> str:
    rows = [
        f"| {code} | {title} | {means.replace('|', '&#124;')} |"
        for code, (title, means) in CODES.items()
        if code.startswith(beginning)
    ]
    return "| code | looks at | means, as a note or a problem |\n|---|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page(), end="")
