from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Its pages are looked for when the first address is: most starts never show one, and all would wait for them."""

    default_site = "backchannel.site.staff.StaffSite"


class SiteConfig(AppConfig):
    name = "backchannel.site"
    label = "backchannel_site"
    verbose_name = "Chat server"

    def ready(self) -> None:
        from backchannel.site import notices

        notices.watch()
