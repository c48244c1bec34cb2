"""The site's own API, below /api. The chat's is below /chat."""

from datetime import UTC, datetime

from django.db import transaction
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.serializers import TokenBlacklistSerializer
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from backchannel import api
from backchannel.auth import SimpleJwt, end_credential


@api_view(["POST"])
def lobby(request):
    """The room that everybody is in: made at the first visit, and joined at one's own."""
    room = api.room("lobby", name="Lobby", members=[request.user])
    return Response({"room_id": room.id})


# --8<-- [start:revoke]
@api_view(["POST"])
def sign_out(request):
    """Revoke the access token that the request came with, and the refresh token that would get another one."""
    with transaction.atomic():
        try:
            TokenBlacklistSerializer(data=request.data).is_valid(raise_exception=True)
        except TokenError as error:
            raise ValidationError({"refresh": str(error)}) from None
        revoke(request.user, request.auth)
    return Response(status=204)


def revoke(user, access):
    """SimpleJWT itself looks for refresh tokens on its blacklist; the chat looks there for access tokens, too."""
    row, _ = OutstandingToken.objects.get_or_create(
        jti=access["jti"],
        defaults={"user": user, "token": str(access), "expires_at": datetime.fromtimestamp(access["exp"], UTC)},
    )
    BlacklistedToken.objects.get_or_create(token=row)
    end_credential(SimpleJwt.credential_of(access))


# --8<-- [end:revoke]
