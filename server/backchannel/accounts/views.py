"""The accounts' own endpoints under /account/. Signing in, out and up is allauth's, under /_allauth/browser/v1/."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone

from backchannel.accounts import (
    auth_log,
    display_names,
    invitations,
    limits,
    onboarding,
    personal_rates,
    setup_secret,
)
from backchannel.accounts.identity import Ended
from backchannel.accounts.people import person_of
from backchannel.accounts.problems import answer, problem, read_json, refused
from backchannel.accounts.running_chats import announce_ended
from backchannel.accounts.setup_hosts import check_setup_host
from backchannel.protocol import times
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.store.workspace import workspace
from backchannel.text_rules import clean_name

View = Callable[..., HttpResponse]


def only(*methods: str) -> Callable[[View], View]:
    """Refuse other methods, and answer errors as problem+json."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **path: Any) -> HttpResponse:
            if request.method not in methods:
                refusal = problem(CommandError(Code.METHOD_NOT_ALLOWED, f"Use {' or '.join(methods)} here."))
                refusal["Allow"] = ", ".join(methods)
                return refusal
            try:
                return view(request, **path)
            except onboarding.Refused as refusal:
                return refused(refusal.errors)
            except CommandError as error:
                return problem(error)

        return guarded

    return wrap


@only("GET")
def state(request: HttpRequest) -> HttpResponse:
    """The state that a browser needs when it opens the app."""
    return answer(state_of(request))


@only("POST")
def setup(request: HttpRequest) -> HttpResponse:
    """Create the owner of a server that has none, and sign in.

    The secret is checked before any name, so that a visitor without it learns nothing else.
    """
    given = read_json(request, setup=str, workspace=str, username=str, display_name=str, password=str)
    limits.check_network(request, limits.SETUP)
    if onboarding.is_set_up():
        auth_log.note("setup_refused", reason="owned")
        raise _already_set_up()
    check_setup_host(request)
    if not setup_secret.is_right(given.get("setup", "")):
        auth_log.note("setup_refused", reason="secret")
        raise CommandError(Code.FORBIDDEN, _NEEDS_ADDRESS, errors={"setup": [_NEEDS_ADDRESS]})
    for name in ("workspace", "username", "password"):
        if not given.get(name):
            raise invalid(**{name: "Is needed."})
    newcomer = onboarding.NewAccount(
        username=given["username"].strip().lower(),
        display_name=given.get("display_name", ""),
        password=given["password"],
    )
    try:
        user = onboarding.set_up(given["workspace"], newcomer)
    except onboarding.AlreadySetUp:
        raise _already_set_up() from None
    setup_secret.discard()
    auth_log.note("setup_done", user=user.get_username())
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return answer(state_of(request), 201)


_NEEDS_ADDRESS = (
    "Setting up this server needs the address that `backchannel serve` printed when it started. It ends in ?setup= and a secret. "
    "On the server, `backchannel setup-address` prints it again."
)


def _already_set_up() -> CommandError:
    return CommandError(Code.FORBIDDEN, "This server has an owner already. Sign in, or ask for an invitation.")


@only("POST")
def create_invitation(request: HttpRequest) -> HttpResponse:
    """Create an invitation link. Staff only."""
    _check_staff(request)
    personal_rates.take(personal_rates.INVITATIONS, str(request.user.pk))
    given = read_json(request, days=int, max_uses=int)
    days = given.get("days", invitations.DEFAULT_LIFE.days)
    max_uses = given.get("max_uses", 1)
    if not 1 <= days <= invitations.LONGEST_LIFE.days:
        raise invalid(days=f"Is not from 1 to {invitations.LONGEST_LIFE.days}.")
    if not 1 <= max_uses <= invitations.MOST_USES:
        raise invalid(max_uses=f"Is not from 1 to {invitations.MOST_USES}.")
    secret, row = invitations.create_invitation(request.user, timedelta(days=days), max_uses)
    body = {"url": invitation_url(request, secret), "expires_at": wire_time(row.expires), "max_uses": max_uses}
    return answer(body, 201)


@only("GET")
def check_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Whether a link can be used. The reason why not is not given."""
    limits.check_network(request, limits.INVITATION_SHOWN)
    until = invitations.open_until(secret)
    if until is None:
        auth_log.note("invitation_refused")
        raise CommandError(Code.NOT_FOUND, "This invitation is used up or has ended. Ask for a new one.")
    return answer({"valid": True, "expires_at": wire_time(until), "workspace": workspace().name})


@only("PATCH")
def profile(request: HttpRequest) -> HttpResponse:
    """Change one's own display name."""
    user = check_signed_in(request)
    personal_rates.take(personal_rates.PROFILE, str(user.pk))
    given = read_json(request, display_name=str).get("display_name", "")
    refusal = display_names.why_not(given)
    if refusal is not None:
        raise invalid(display_name=refusal)
    display_name = clean_name(given)
    if not display_name:
        raise invalid(display_name="The name has no visible characters.")
    if display_name == user.display_name:
        return answer(state_of(request))
    user.display_name = display_name
    user.save(update_fields=["display_name"])
    person = person_of(user)
    announce_ended(Ended(user_id=person.id))
    return answer(state_of(request))


def state_of(request: HttpRequest) -> dict[str, Any]:
    """The state that the app needs before it connects. Sets the cookie `csrftoken`, and extends a session in use.

    Raises `CommandError` 403 if the server has no owner yet and the request came by an unknown host name.
    """
    set_up = onboarding.is_set_up()
    if not set_up:
        check_setup_host(request)
    get_token(request)
    if request.user.is_authenticated:
        _renew(request)
    return {
        "setup_required": not set_up,
        "signup": settings.BACKCHANNEL_SIGNUP,
        "workspace": workspace().name,
        "user": _user(request) if request.user.is_authenticated else None,
    }


def _renew(request: HttpRequest) -> None:
    # Once a day, save the session and send its cookie with a new full lifetime.
    today = timezone.now().date().isoformat()
    if request.session.get("used") != today:
        request.session["used"] = today


def _user(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    person = person_of(user)
    return {
        "id": person.id,
        "username": person.username,
        "display_name": person.display_name,
        "staff": user.is_staff,
    }


def check_signed_in(request: HttpRequest) -> Any:
    if not request.user.is_authenticated:
        raise CommandError(Code.UNAUTHENTICATED, "Sign in first.")
    return request.user


def _check_staff(request: HttpRequest) -> None:
    if not check_signed_in(request).is_staff:
        raise CommandError(Code.FORBIDDEN, "Only the owner and staff can invite.")


def invitation_url(request: HttpRequest, secret: str) -> str:
    path = f"/invite/{secret}"
    origins = settings.BACKCHANNEL["ORIGINS"]
    # `Host` is the client's claim; if the server's address is configured, links use that.
    return origins[0] + path if origins else request.build_absolute_uri(path)


def wire_time(moment: Any) -> str:
    return times.to_wire(int(moment.timestamp() * 1_000_000))
