"""Makes the row that names this installation and its numbering, so that no program has to before the first client comes."""

from typing import Any

from django.db import migrations

from backchannel.store.models import workspace_defaults


def make_row(apps: Any, _: Any) -> None:
    apps.get_model("backchannel", "Workspace").objects.get_or_create(pk=1, defaults=workspace_defaults())


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0004_prefixed_names")]

    operations = [migrations.RunPython(make_row, migrations.RunPython.noop)]
