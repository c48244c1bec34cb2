"""The credentials that open the chat of a site. `BACKCHANNEL["AUTHENTICATION"]` names the classes, in order:

    Session      the site's session cookie (default)
    Token        the chat's own tokens for programs (default)
    SimpleJwt    access tokens of djangorestframework-simplejwt; the extra `[jwt]` brings it
    DrfToken     tokens of Django REST framework

or a class of the site's own:

    class Jwt(backchannel.auth.Authentication):
        def authenticate(self, secret: str) -> Grant | None:
            claims = my_jwt.read(secret)
            return claims and Grant(User.objects.get(pk=claims["sub"]), f"jwt:{claims['jti']}", claims["exp"])
"""

from backchannel.accounts.schemes import Authentication, Grant, Session, Token
from backchannel.auth.drf_token import DrfToken
from backchannel.auth.simple_jwt import SimpleJwt

__all__ = ["Authentication", "DrfToken", "Grant", "Session", "SimpleJwt", "Token", "end_credential"]


def end_credential(credential: str) -> None:
    """A credential that a class granted has ended: its sockets, polls, chat sessions and tickets end within a second, on all nodes. Within
    `atomic()`: when that commits. `credential`: its name in the `Grant`.

    A secret that speaks for itself, like a JWT, lets in again as long as the class grants it: refuse it there as well.
    """
    from backchannel.accounts.substitutes import end

    end(credential)
