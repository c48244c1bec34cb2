from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Loads the admin pages at the first request for one of them: most processes never show one, and all would start more slowly."""

    default_site = "backchannel.site.staff.StaffSite"


class SiteConfig(AppConfig):
    name = "backchannel.site"
    label = "backchannel_site"
    verbose_name = "Chat server"

    def ready(self) -> None:
        from backchannel.site import admin_audit, notices

        notices.watch()
        admin_audit.watch()
