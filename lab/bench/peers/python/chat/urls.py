"""The one address, served by the framework that KIND names."""

from django.conf import settings
from django.urls import path

if settings.KIND == "ninja":
    from chat.api import api

    urlpatterns = [path("", api.urls)]
elif settings.KIND == "drf":
    from chat.drf import Messages

    urlpatterns = [path("rooms/<int:room_id>/messages", Messages.as_view())]
else:
    from chat.views import messages

    urlpatterns = [path("rooms/<int:room_id>/messages", messages)]
