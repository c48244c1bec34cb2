"""Makes customers and prints, one a line after the word `session`, the session each signs in with."""

import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402

for name in sys.argv[1:]:
    user = get_user_model().objects.create_user(
        f"{name}@shop.example", email=f"{name}@shop.example", first_name=name.title()
    )
    browser = Client()
    browser.force_login(user)
    print("session", browser.cookies["sessionid"].value)
