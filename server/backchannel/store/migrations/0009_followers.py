"""Cursors and leases of the followers of the log, and what the first of them counts."""

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    dependencies = [
        ("backchannel", "0008_text_and_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="FollowerLease",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("node", models.CharField(max_length=40)),
                ("until_us", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.CharField(max_length=10)),
                ("messages", models.IntegerField()),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=deletion.CASCADE, related_name="+", to="backchannel.person"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False, on_delete=deletion.CASCADE, related_name="+", to="backchannel.room"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activity",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "room", "person"), name="backchannel_one_activity")
                ],
            },
        ),
        migrations.CreateModel(
            name="FollowerCursor",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                ("seq", models.BigIntegerField()),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False, on_delete=deletion.CASCADE, related_name="+", to="backchannel.room"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "room"), name="backchannel_one_cursor")],
            },
        ),
    ]
