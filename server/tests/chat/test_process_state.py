"""State that all chats of a process would share is listed here, each with its reason. Everything else belongs to a chat."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "backchannel"

SHARED = {
    "accounts/auth_log.py _lines": "bounds the lines of the process's log",
    "accounts/credential_uses.py _last_noted": "of rows that every chat of the database shares",
    "accounts/credential_uses.py _noted": "uses of tokens to be written to that shared row, by whichever chat is next",
    "accounts/credential_uses.py _noted_sessions": "the same for sessions",
    "accounts/personal_rates.py _here": "limits of Django's views, of which a process has one set",
    "accounts/running_chats.py _running": "how Django's views, signals and commands reach the chats",
    "evidence/metrics.py _ends": "counters of the process's /metrics",
    "failpoints.py _left": "kills the process",
    "site/folder.py _makes_nothing": "of a process that only looks",
    "transports/metrics.py _of_commands": "counters of the process's /metrics",
    "web/build.py _read": "the built page's files, read once",
}

MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
NAMED_BY_DJANGO = {"urlpatterns", "validators"}
"""Lists that Django or allauth reads under these names, and nobody changes."""
CONTAINERS = {"deque", "Counter", "defaultdict", "set", "dict", "list", "local", "WeakKeyDictionary", "MemoryAttempts"}


def module_state(path: Path) -> Iterator[str]:
    """Names that a module rebinds by `global`, and lower-case names of mutable containers, unless they are `Final`."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                if ast.unparse(annotation).startswith("Final"):
                    continue
            case _:
                continue
        is_container = isinstance(value, MUTABLE) or (
            isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in CONTAINERS
        )
        if is_container and name.islower() and not name.startswith("__") and name not in NAMED_BY_DJANGO:
            yield name


def test_no_module_keeps_state_that_two_chats_would_share_unless_it_is_listed() -> None:
    found = {
        f"{path.relative_to(PACKAGE)} {name}"
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts
        for name in module_state(path)
    }
    assert found == set(SHARED)


def test_only_commands_publish() -> None:
    outside = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in {"commands", "fanout"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish"
    }
    assert outside == set()
