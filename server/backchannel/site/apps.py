from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "backchannel.site"
    label = "backchannel_site"
    verbose_name = "Chat server"
