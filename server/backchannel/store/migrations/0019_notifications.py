"""Notifications: what people want to be notified of, what they were notified of, and the browsers that get push messages."""

import django.db.models.deletion
from django.db import migrations, models

import backchannel.store.clock


class Migration(migrations.Migration):
    dependencies = [
        ("backchannel", "0018_drafts_scheduled_details"),
    ]

    operations = [
        migrations.CreateModel(
            name="NotificationSettings",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="backchannel.person",
                    ),
                ),
                ("keywords", models.TextField(default="[]")),
                ("quiet_hours", models.TextField(blank=True, default="")),
                ("dnd_until_us", models.BigIntegerField(default=0)),
                (
                    "push_content",
                    models.CharField(
                        choices=[("full", "Full"), ("sender", "Sender"), ("none", "None")], default="full", max_length=6
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "notification settings",
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="level",
            field=models.CharField(
                blank=True,
                choices=[("all", "All"), ("mentions", "Mentions"), ("none", "None")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="muted_until_us",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="push_key",
            field=models.CharField(db_default="", default="", editable=False, max_length=43),
        ),
        migrations.AddField(
            model_name="workspace",
            name="push_public_key",
            field=models.CharField(db_default="", default="", editable=False, max_length=87),
        ),
        migrations.CreateModel(
            name="PersonNotification",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("concerns", models.TextField(default="[]")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("notified", "Notified"), ("not", "Not Notified")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("why", models.CharField(default="", max_length=20)),
                ("made_us", models.BigIntegerField()),
                ("due_us", models.BigIntegerField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="backchannel.message"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="backchannel.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("device", models.CharField(max_length=64)),
                ("endpoint", models.CharField(max_length=1000, unique=True)),
                ("p256dh", models.CharField(max_length=100)),
                ("auth", models.CharField(max_length=30)),
                ("page", models.CharField(max_length=300)),
                ("made_us", models.BigIntegerField(default=backchannel.store.clock.now_us)),
                ("credential", models.CharField(default="", max_length=100)),
                ("ends_us", models.BigIntegerField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="backchannel.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PushMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("tries", models.IntegerField(default=0)),
                ("due_us", models.BigIntegerField(db_index=True)),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="backchannel.personnotification",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="backchannel.pushsubscription"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="personnotification",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_us"], name="backchannel_notification_due"
            ),
        ),
        migrations.AddIndex(
            model_name="personnotification",
            index=models.Index(fields=["made_us"], name="backchannel_notification_made"),
        ),
        migrations.AddConstraint(
            model_name="personnotification",
            constraint=models.UniqueConstraint(fields=("person", "message"), name="backchannel_one_notification"),
        ),
        migrations.AddIndex(
            model_name="pushsubscription",
            index=models.Index(fields=["credential"], name="backchannel_push_of_sign_in"),
        ),
        migrations.AddConstraint(
            model_name="pushsubscription",
            constraint=models.UniqueConstraint(fields=("person", "device"), name="backchannel_one_push_device"),
        ),
        migrations.AddConstraint(
            model_name="pushmessage",
            constraint=models.UniqueConstraint(fields=("notification", "subscription"), name="backchannel_one_push"),
        ),
    ]
