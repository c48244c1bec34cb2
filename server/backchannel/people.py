"""How a site's users look in the chat. A site overrides what does not fit, and names its class in the settings:

    BACKCHANNEL = {"PERSON": "shop.chat.PersonAdapter"}

    class PersonAdapter(backchannel.people.PersonAdapter):
        def avatar_url(self, user):
            return user.photo.url if user.photo else ""

`user` is an instance of the site's user model. Every method is called in a thread, at a sign-in, after a save of the user, and by
`sync_people`; it may use the database. Names are cleaned, shortened to 150 characters and never contain an e-mail address, whatever
a method returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from backchannel.text_rules import handle_of, holds_address


class PersonAdapter:
    """The default: names that the user model has by Django's conventions, and the primary key as external id."""

    def username(self, user: Any) -> str:
        """What others type after an @. Of an e-mail login the part before the @. If somebody has the same one, a number follows."""
        login = str(user.get_username())
        return handle_of(login) if holds_address(login) else login

    def display_name(self, user: Any) -> str:
        """Shown next to everything the user writes. Empty: the username is shown."""
        for method in ("get_full_name", "get_short_name"):
            name = str(getattr(user, method, str)() or "").strip()
            if name and not holds_address(name):
                return name
        return ""

    def avatar_url(self, user: Any) -> str:
        """A picture, as an absolute https or http URL or a path of this site that begins with /. Empty: initials are shown."""
        return ""

    def external_id(self, user: Any) -> str:
        """The site's own id of the user, up to 64 characters, by which clients and programs can name them. Everybody in the chat can
        see it. Empty: none, as for a primary key that is an e-mail address."""
        key = str(user.pk)
        return "" if holds_address(key) else key

    def kind(self, user: Any) -> Literal["person", "bot"]:
        """Clients mark bots."""
        return "person"

    def is_active(self, user: Any) -> bool:
        """Whether the user can be found and added to rooms."""
        return bool(getattr(user, "is_active", True))

    def users_by_external_id(self, external_ids: Iterable[str]) -> Mapping[str, Any]:
        """External id → user, for those of the ids that exist: so people can be named before their first visit. If you override
        `external_id`, override this too; without it, such people are found after their first visit or `sync_people`."""
        if type(self).external_id is not PersonAdapter.external_id:
            return {}
        from django.contrib.auth import get_user_model
        from django.core.exceptions import ValidationError

        keys = []
        for external_id in external_ids:
            with suppress(ValidationError):
                key = get_user_model()._meta.pk.to_python(external_id)
                if not isinstance(key, int) or abs(key) < 2**63:  # no database holds a larger one
                    keys.append(key)
        users = get_user_model()._default_manager.filter(pk__in=keys)
        return {self.external_id(user): user for user in users}
