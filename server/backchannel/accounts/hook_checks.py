"""System checks of the classes that a site names in POLICY, PERSON and AUTHENTICATION: methods that the chat would never call, or could not.

E019  a method that is async, or takes other arguments than it is called with
W013  a method whose name looks like a misspelt one

Both would be noticed late otherwise: a misspelt `may_post` allows everything, and an async one refuses everything.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from backchannel.accounts.schemes import Authentication
from backchannel.config import ChatConfig, ConfigError, read_config
from backchannel.people import PersonAdapter
from backchannel.policy import Policy

_NEAR: Final = 0.8
"""The ratio of difflib from which on one name looks like another."""
_QUESTIONS: Final = ("may_", "can_", "before_")
"""What the names of a policy's methods begin with, or might."""


def check_methods(**_: Any) -> list[CheckMessage]:
    try:
        config = read_config(getattr(settings, "BACKCHANNEL", {}))
    except ConfigError:
        return []  # E007
    found = [message for key, path, base in _named(config) for message in _of_class(key, path, base)]
    space = _imported(config.space)
    if inspect.iscoroutinefunction(space):
        found.append(_unusable("SPACE", f"{config.space} is async", "Write it with def: it is called in a thread."))
    return found


def _named(config: ChatConfig) -> Sequence[tuple[str, str | None, type]]:
    """Key, path and base of each class that is named."""
    return [
        ("POLICY", config.policy, Policy),
        ("PERSON", config.person, PersonAdapter),
        *(("AUTHENTICATION", path, Authentication) for path in config.authentication),
    ]


def _of_class(key: str, path: str | None, base: type) -> Iterator[CheckMessage]:
    found = _imported(path)
    if not isinstance(found, type) or not issubclass(found, base):
        return  # E015, E016
    methods = {name: method for name, method in vars(base).items() if inspect.isfunction(method) and name[0] != "_"}
    for name, method in methods.items():
        own = getattr(found, name)
        if own is method or not inspect.isroutine(own):
            continue
        if inspect.iscoroutinefunction(own):
            yield _unusable(key, f"{path}.{name} is async", "Write it with def: it is called in a thread.")
        elif not _takes(inspect.getattr_static(found, name), own, method):
            taken = ", ".join(inspect.signature(method).parameters)
            yield _unusable(key, f"{path}.{name} takes other arguments", f"Write def {name}({taken}).")
    for name in _own_names(found, base):
        near = difflib.get_close_matches(name, methods, 1, _NEAR)
        if near or (base is Policy and name.startswith(_QUESTIONS)):
            yield checks.Warning(
                f'BACKCHANNEL["{key}"]: {path}.{name} is not called by the chat.',
                hint=f"Did you mean {near[0]}?" if near else f"The chat calls {', '.join(methods)}.",
                id="backchannel.W013",
            )


def _own_names(found: type, base: type) -> list[str]:
    """The public methods that classes below `base` add."""
    return [
        name
        for name, member in inspect.getmembers(found, inspect.isfunction)
        if not name.startswith("_") and not hasattr(base, name)
    ]


def _takes(static: Any, own: Any, method: Any) -> bool:
    """Whether `own`, as the chat calls it on an instance, can be given what `method` is given."""
    given = list(inspect.signature(method).parameters)[1:]
    if inspect.isfunction(static):
        given = ["self", *given]
    try:
        inspect.signature(own).bind(*given)
    except TypeError:
        return False
    except ValueError:  # without a signature
        return True
    return True


def _unusable(key: str, problem: str, advice: str) -> Error:
    return Error(f'BACKCHANNEL["{key}"]: {problem}.', hint=advice, id="backchannel.E019")


def _imported(path: str | None) -> Any:
    """What the path names; None if it cannot be imported, which other checks report."""
    with suppress(ImportError):
        return import_string(path) if path else None
    return None
