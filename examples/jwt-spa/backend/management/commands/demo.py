"""Two people to sign in as. Run again, it adds nobody."""

from django.contrib.auth.models import User
from django.core.management import BaseCommand

PASSWORD = "demo"
PEOPLE = (("ada", "Ada"), ("ben", "Ben"))


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        for username, name in PEOPLE:
            if not User.objects.filter(username=username).exists():
                User.objects.create_user(username, password=PASSWORD, first_name=name)
            self.stdout.write(f"{name}: {username}, password {PASSWORD}")
