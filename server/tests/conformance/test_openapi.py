"""The server behaves as openapi.json describes: schemathesis sends valid and invalid requests for every operation, signed in, and as staff
where it is for staff."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from backchannel.protocol import openapi
from tests.conformance.world import World, build
from tests.running import Running, Someone, somebody

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def world(server: Running) -> World:
    return build(server)


@pytest.fixture(scope="module")
def staff(server: Running) -> Someone:
    """For the addresses that are for staff alone."""
    who = somebody("staff")
    who.account.is_staff = True
    who.account.save()
    return who


EXPECTED_REFUSALS = ["400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "429"]
config = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": EXPECTED_REFUSALS}}}
)
schema = schemathesis.openapi.from_dict(openapi.document(), config=config)


@schema.parametrize()
@settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_behaves_as_openapi_describes_it(
    case: Any, server: Running, world: World, staff: Someone
) -> None:
    if case.path_parameters and "room_id" in case.path_parameters and case.path_parameters["room_id"] == 7:
        case.path_parameters["room_id"] = world.group  # replace the example's room by an existing one
    who = staff if case.path.startswith("/api/fleet/") else world.ada
    case.call_and_validate(base_url=server.url, headers=who.headers, checks=CHECKS)
