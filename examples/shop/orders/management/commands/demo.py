"""Two companies and their people, to sign in as. Run again, it adds nothing."""

from django.core.management import BaseCommand

from orders.models import Company, User

PASSWORD = "demo"
PEOPLE = (
    ("Acme", "ada@acme.example", "Ada", False),
    ("Acme", "ben@acme.example", "Ben", True),
    ("Rival", "eve@rival.example", "Eve", True),
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        for company, email, name, is_clerk in PEOPLE:
            if not User.objects.filter(email=email).exists():
                of, _ = Company.objects.get_or_create(name=company)
                User.objects.create_user(email, PASSWORD, name=name, company=of, is_clerk=is_clerk)
            self.stdout.write(f"{name} of {company}: {email}, password {PASSWORD}")
