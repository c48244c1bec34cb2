"""A signed-in browser of the world's first person: prints the session cookie as JSON.

    python -m lab.bench.browser.session

A process of its own, as Django reads its settings once: BACKCHANNEL_DATA says where.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    """Sign in, as the form would."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    browser = Client()
    browser.force_login(get_user_model()._default_manager.get(username="member0"), settings.AUTHENTICATION_BACKENDS[0])
    print(
        json.dumps({"name": settings.SESSION_COOKIE_NAME, "value": browser.cookies[settings.SESSION_COOKIE_NAME].value})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
