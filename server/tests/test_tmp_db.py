import pytest
from django.db import connection
@pytest.mark.django_db
def test_x():
    from backchannel.store.models import Room
    assert Room.objects.count() == 0
    print(connection.vendor, connection.settings_dict["NAME"])
