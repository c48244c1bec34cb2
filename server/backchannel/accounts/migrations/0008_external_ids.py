"""People from before external ids get the one that the default adapter would give them: otherwise everybody's first visit after the
upgrade would write to the database.

Where the site overrides `external_id`, nothing is filled in: only its own code knows its ids, or that it wants none
(`manage.py backchannel sync-people` brings them up to date).
"""

from typing import Any, Final

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from backchannel.accounts.people import adapter
from backchannel.people import PersonAdapter
from backchannel.text_rules import holds_address

_AT_ONCE: Final = 1_000


def fill(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    if type(adapter()).external_id is not PersonAdapter.external_id:
        return
    people: Any = apps.get_model("backchannel", "Person").objects
    with_account = people.filter(account__isnull=False).order_by("pk")
    last = 0
    while rows := list(
        with_account.filter(pk__gt=last).values_list("pk", "account", "username", "external_id")[:_AT_ONCE]
    ):
        last = rows[-1][0]
        unfilled = [
            pk for pk, account, name, kept in rows if not kept and _is_shown(account) and name != f"deleted-{pk}"
        ]
        people.filter(pk__in=unfilled).update(external_id=F("account"))
        # Versions that were never released put them there, for everybody to see.
        addresses = [pk for pk, account, _, kept in rows if kept == account and holds_address(kept)]
        people.filter(pk__in=addresses).update(external_id="")


def _is_shown(account: str) -> bool:
    return account.isprintable() and not holds_address(account)


class Migration(migrations.Migration):
    dependencies = [("backchannel_accounts", "0007_token_expires"), ("backchannel", "0013_spaces")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
