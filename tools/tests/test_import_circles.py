"""Import circles are found in every kind of import statement, and nothing else is reported."""

import pytest

from import_circles import find_circle, imports_of


@pytest.mark.parametrize(
    "source",
    [
        "import backchannel.a",
        "from backchannel import a",
        "from backchannel.a import thing",
        "from . import a",
        "from .a import thing",
        "if TYPE_CHECKING:\n    from backchannel.a import thing",
        "def late():\n    from backchannel.a import thing",
    ],
)
def test_a_circle_is_found_in_every_kind_of_import_statement(source: str) -> None:
    files = {
        "server/backchannel/a.py": "from backchannel import b",
        "server/backchannel/b.py": "import backchannel.c",
        "server/backchannel/c.py": source,
        "server/backchannel/__init__.py": "",
    }
    circle = find_circle(imports_of(files))
    assert set(circle) == {f"server/backchannel/{name}.py" for name in "abc"}
    assert circle[0] == circle[-1]


def test_two_modules_that_import_a_third_are_no_circle() -> None:
    files = {
        "tools/a.py": "import b\nimport c",
        "tools/b.py": "import c\nimport json",
        "tools/c.py": "",
        "bench/a.py": "from bench.peers import b",
        "bench/peers/b.py": "from ..stats import mean",
        "bench/stats.py": "",
    }
    assert find_circle(imports_of(files)) == ()
    assert imports_of(files)["bench/peers/b.py"] == {"bench/stats.py"}
