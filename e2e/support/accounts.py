"""Creates accounts through the command line's entry point, many in one process, and signs them in.

Run as a program with the server's environment: `python -m e2e.support.accounts NAME…` prints one JSON object a line. (Each run of
`backchannel createuser` starts Python and Django again; the tests need dozens of people.)
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout

PASSWORD = "correct horse battery"


def make(name: str) -> dict[str, str]:
    """One person: an account, a token for programs, and the cookie of a signed-in browser."""
    from backchannel.cli import main

    display_name = name[:1].upper() + name[1:]
    said = io.StringIO()
    with redirect_stdout(said):
        sys.stdin = io.StringIO(PASSWORD + "\n")
        status = main(["createuser", "--new", name, "--display-name", display_name, "--password-stdin"])
        said.truncate(0), said.seek(0)
        status = status or main(["token", name, "--label", "end-to-end tests"])
    if status:
        raise SystemExit(status)

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    browser = Client()
    browser.force_login(get_user_model().objects.get(username=name), settings.AUTHENTICATION_BACKENDS[0])
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    return {
        "username": name,
        "display_name": display_name,
        "token": said.getvalue().strip(),
        "cookie": cookie.key,
        "session": cookie.value,
    }


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(json.dumps(make(each)), flush=True)
