"""The module in which Django looks for admin pages."""

from backchannel.site import chat_admin, people_admin

__all__ = ["chat_admin", "people_admin"]
