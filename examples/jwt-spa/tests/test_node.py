"""Tests of a site have clients, also where its people sign in by JWT alone."""

import pytest
from django.contrib.auth import get_user_model

from backchannel import api

pytestmark = pytest.mark.smoke


def test_what_the_site_posts_is_received_by_a_client_of_a_test(backchannel_node):
    ada = get_user_model().objects.create_user("ada", first_name="Ada")
    room = api.room("lobby", name="Lobby", members=[ada])
    client = backchannel_node.client(ada)
    api.post(room, "Welcome.")
    client.wait_for("message_created", content="Welcome.")
