from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("backchannel_accounts", "0006_chat_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="token",
            name="expires",
            field=models.DateTimeField(blank=True, help_text="When it ends by itself. Blank: never.", null=True),
        ),
    ]
