"""Endpoints under /account/ for listing and ending one's own sessions and tokens. Another person's get the same answer as none."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from backchannel.accounts import personal_rates, sign_ins, tokens
from backchannel.accounts.devices import device_of
from backchannel.accounts.problems import answer, read_json
from backchannel.accounts.views import check_signed_in, only, wire_time
from backchannel.protocol.errors import Code, CommandError


@only("GET", "DELETE")
def sessions(request: HttpRequest) -> HttpResponse:
    """GET lists all active sessions; DELETE ends all except the requesting one."""
    user = _person(request)
    sign_ins.note(request)
    mine, listed = sign_ins.current(request), sign_ins.sign_ins_of(user)
    if request.method == "DELETE":
        sign_ins.end_sessions([each.session_key for each in listed if each.session_key != mine])
        return HttpResponse(status=204)
    return answer(
        {
            "sessions": [
                {
                    "id": each.pk,
                    "device": device_of(each.agent),
                    "agent": each.agent,
                    "address": each.address,
                    "created_at": wire_time(each.created),
                    "last_used_at": wire_time(each.last_used),
                    "this_device": each.session_key == mine,
                }
                for each in listed
            ]
        }
    )


@only("DELETE")
def session(request: HttpRequest, id: int) -> HttpResponse:
    """DELETE ends one session."""
    user = _person(request)
    ended = next((each.session_key for each in sign_ins.sign_ins_of(user) if each.pk == id), None)
    if ended is None:
        raise CommandError(Code.NOT_FOUND, "There is no such session of yours.")
    if ended == sign_ins.current(request):
        logout(request)
    else:
        sign_ins.end_sessions([ended])
    return HttpResponse(status=204)


@only("GET", "DELETE")
def all_tokens(request: HttpRequest) -> HttpResponse:
    """GET lists all active tokens; DELETE revokes all of them."""
    user = _person(request)
    if request.method == "DELETE":
        tokens.revoke_tokens(user)
        return HttpResponse(status=204)
    return answer(
        {
            "tokens": [
                {
                    "id": each.pk,
                    "name": each.name,
                    "created_at": wire_time(each.created),
                    "last_used_at": each.last_used and wire_time(each.last_used),
                    "expires_at": each.expires and wire_time(each.expires),
                }
                for each in tokens.tokens_of(user)
            ]
        }
    )


@only("DELETE")
def token(request: HttpRequest, id: int) -> HttpResponse:
    """Revoke one."""
    if not tokens.revoke_tokens(_person(request), {id}):
        raise CommandError(Code.NOT_FOUND, "There is no such token of yours.")
    return HttpResponse(status=204)


def _person(request: HttpRequest) -> Any:
    user = check_signed_in(request)
    personal_rates.take(personal_rates.CREDENTIALS, str(user.pk))
    if request.body:
        read_json(request)
    return user
