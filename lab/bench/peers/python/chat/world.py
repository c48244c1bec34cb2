"""Tables, people with tokens, and rooms: `python -m chat.world PEOPLE one|own` prints the tokens, and a room for each."""

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

from chat.models import Membership, Message, Room  # noqa: E402

count, rooms = int(sys.argv[1]), sys.argv[2]
call_command("migrate", verbosity=0)
# The app has no migrations of its own.
with connection.schema_editor() as editor:
    for model in (Room, Membership, Message):
        editor.create_model(model)
users = User.objects.bulk_create([User(username=f"member{number}", password="!") for number in range(count)])
tokens = Token.objects.bulk_create([Token(user=user, key=Token.generate_key()) for user in users])
made = Room.objects.bulk_create([Room(name="Room") for _ in range(count if rooms == "own" else 1)])
inside = [made[number] if rooms == "own" else made[0] for number in range(count)]
Membership.objects.bulk_create([Membership(room=room, user=user) for room, user in zip(inside, users, strict=True)])
print(json.dumps({"tokens": [token.key for token in tokens], "own": [room.pk for room in inside]}))
