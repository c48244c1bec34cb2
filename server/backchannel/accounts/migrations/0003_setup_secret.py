import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backchannel_accounts", "0002_hashed_sessions")]

    operations = [
        migrations.CreateModel(
            name="SetupSecret",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("made_on", models.CharField(editable=False, max_length=255)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="backchannel_one_setup_secret")
                ],
            },
        ),
    ]
