"""Host names accepted while the server has no owner: this machine's own, and those that the operator configured.

Without this check, a foreign page whose name is made to resolve here (DNS rebinding), or a stranger's name for this server, would count
as the server's own while anyone with the secret can become owner. Once there is an owner, `ALLOWED_HOSTS` alone decides.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from backchannel.accounts.addresses import is_loopback
from backchannel.protocol.errors import Code, CommandError


def check_setup_host(request: HttpRequest) -> None:
    """Raises `CommandError` 403."""
    name, _ = split_domain_port(request.get_host())
    named = [host for host in settings.ALLOWED_HOSTS if host != "*"]
    if is_loopback(name) or validate_host(name, [*named, *getattr(settings, "BACKCHANNEL_SETUP_HOSTS", ())]):
        return
    raise CommandError(
        Code.FORBIDDEN,
        "This server has no owner yet and does not know this address. Set BACKCHANNEL_ORIGINS to the address that people open, "
        "open it on the server's own machine, or create the first account there: backchannel createuser NAME.",
    )
