"""Each path of the API has one endpoint for each of its methods."""

from typing import Any

import pytest

from backchannel.transports.http.router import Router


def endpoint(name: str) -> Any:
    async def answer(*_: Any) -> None: ...

    answer.__name__ = name
    return answer


ROUTER = Router(
    {
        "/api/sync": {"POST": endpoint("sync")},
        "/api/rooms": {"GET": endpoint("list"), "POST": endpoint("create")},
        "/api/rooms/{room_id}/messages": {"POST": endpoint("send")},
        "/api/messages/{id}/reactions/{emoji:rest}": {"PUT": endpoint("react")},
    }
)


@pytest.mark.parametrize(
    ("method", "path", "name", "parameters"),
    [
        ("POST", "/api/sync", "sync", {}),
        ("HEAD", "/api/rooms", "list", {}),
        ("POST", "/api/rooms/7/messages", "send", {"room_id": "7"}),
        ("PUT", "/api/messages/a/reactions/a/b\n", "react", {"id": "a", "emoji": "a/b\n"}),
        ("PUT", "/api/messages/a/reactions/", "react", {"id": "a", "emoji": ""}),
    ],
)
def test_a_path_is_found_with_its_parameters(method: str, path: str, name: str, parameters: dict[str, str]) -> None:
    found = ROUTER.find(method, path)
    assert found is not None
    answer: Any
    answer, given = found
    assert (answer.__name__, given) == (name, parameters)


@pytest.mark.parametrize(
    "path", ["/api/sync/", "/api/sync\n", "/api/rooms/7", "/api/rooms//messages", "/api/rooms/7/8/messages"]
)
def test_other_paths_are_not_found(path: str) -> None:
    assert ROUTER.find("POST", path) is None


def test_another_method_is_answered_with_the_allowed_methods() -> None:
    found = ROUTER.find("DELETE", "/api/rooms")
    assert found is not None
    response: Any = found[0]
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
