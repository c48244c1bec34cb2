"""DRF's tokens, announced by the word that all others use."""

from rest_framework.authentication import TokenAuthentication


class BearerAuthentication(TokenAuthentication):
    keyword = "Bearer"
