from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0001_first")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["room", "seq", "sender"], condition=models.Q(deleted=False), name="unread_of"),
        ),
    ]
