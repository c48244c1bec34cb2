"""Whom a class of the site's own lets in, and until when."""

from uuid import uuid4

import jwt
import pytest
from django.contrib.auth import get_user_model

from backchannel.testing import Refused, running_node
from tests import own_class

pytestmark = pytest.mark.smoke
KEY = "a key of 32 bytes, for this test."


@pytest.fixture
def node(transactional_db, settings):
    settings.JWT_KEY = KEY
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.BACKCHANNEL = {"AUTHENTICATION": [f"{own_class.__name__}.Jwt"]}
    with running_node() as node:
        yield node


@pytest.fixture
def claims(transactional_db):
    ada = get_user_model().objects.create_user("ada", first_name="Ada")
    return {"sub": str(ada.pk), "jti": str(uuid4()), "exp": 4102444800}


def signed(claims, key=KEY):
    return jwt.encode(claims, key, "HS256")


def test_the_token_of_the_site_lets_its_user_in_until_it_is_revoked(node, claims):
    token = signed(claims)
    assert node.request("GET", "/api/me", token=token)["user"]["display_name"] == "Ada"
    session = node.request("POST", "/api/auth/session", token=token)["token"]
    assert node.request("GET", "/api/me", token=session)["user"]["display_name"] == "Ada"
    own_class.revoke(claims)
    for secret in (token, session):
        with pytest.raises(Refused) as refused:
            node.request("GET", "/api/me", token=secret)
        assert refused.value.status == 401


@pytest.mark.parametrize("change", [{"sub": "999"}, {"exp": 1}, {"jti": None}, {"sub": None}])
def test_a_token_of_nobody_or_of_the_past_lets_nobody_in(node, claims, change):
    changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
    with pytest.raises(Refused) as refused:
        node.request("GET", "/api/me", token=signed(changed))
    assert refused.value.status == 401


def test_a_token_that_somebody_else_signed_lets_nobody_in(node, claims):
    with pytest.raises(Refused) as refused:
        node.request("GET", "/api/me", token=signed(claims, "another key, of 32 bytes as well."))
    assert refused.value.status == 401
