import pytest

from orders.models import Company, User

# --8<-- [start:plugin]
pytest_plugins = ["backchannel.testing"]
# --8<-- [end:plugin]


@pytest.fixture
def acme(db):
    return Company.objects.create(name="Acme")


@pytest.fixture
def ada(acme):
    return User.objects.create_user("ada@acme.example", name="Ada", company=acme)


@pytest.fixture
def ben(acme):
    return User.objects.create_user("ben@acme.example", name="Ben", company=acme, is_clerk=True)


@pytest.fixture
def eve(db):
    rival = Company.objects.create(name="Rival")
    return User.objects.create_user("eve@rival.example", name="Eve", company=rival, is_clerk=True)
