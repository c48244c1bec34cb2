"""Wrong values for a command's fields, derived from its declaration: missing, of another type, out of bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from backchannel.protocol.commands import Declaration

MISSING = object()


@dataclass(frozen=True)
class Wrong:
    """`value` for `field`, or MISSING. `in_text`: it can be sent in a path or query, where every value is text."""

    field: str
    value: Any
    in_text: bool = True

    def __str__(self) -> str:
        shown = "missing" if self.value is MISSING else repr(self.value)
        return f"{self.field}={shown if len(shown) < 24 else shown[:20] + '…'}"


def wrong_fields(declaration: Declaration) -> Iterator[Wrong]:
    info = inspect.type_info(declaration.struct)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        if field.name == "id" and not declaration.has_id_of_its_own:
            continue
        if field.required:
            yield Wrong(field.name, MISSING, in_text=field.name not in declaration.path_fields)
            yield Wrong(field.name, None, in_text=False)
        yield from _wrong_values(field.name, field.type)
    yield Wrong("nonsense", 1)


def _wrong_values(name: str, type_: Any) -> Iterator[Wrong]:
    match type_:
        case inspect.Metadata(type=inner):
            yield from _wrong_values(name, inner)
        case inspect.UnionType(types=types):
            # What a second part allows begins in a way that no value of the first does.
            inner, *_ = (part for part in types if not isinstance(part, inspect.NoneType))
            yield from _wrong_values(name, inner)
        case inspect.IntType(ge=int(least), le=int(most)):
            yield from _each(name, "x", 1.5, least - 1, most + 1, 10**30)
            yield from _each(name, "1", True, [1], {}, in_text=False)
        case inspect.StrType(min_length=least, max_length=int(most)):
            yield Wrong(name, "a" * (most + 1))
            if least:
                yield Wrong(name, "")
            yield from _each(name, 1, True, [], {}, in_text=False)
        case inspect.UUIDType():
            yield from _each(name, "x", "", "0" * 35, 1)
            yield from _each(name, True, [], in_text=False)
        case inspect.BoolType():
            yield from _each(name, "x", 2)
            yield Wrong(name, [], in_text=False)
        case inspect.LiteralType():
            yield from _each(name, "x", "", 1)
        case inspect.ListType(item_type=item, max_length=int(most)):
            yield from _each(name, "x", 1, {})
            yield Wrong(name, [_sample(item)] * (most + 1))
            yield from (Wrong(name, [wrong.value]) for wrong in _wrong_values(name, item))
            if type_.min_length:
                yield Wrong(name, [])
        case inspect.StructType():
            yield from _each(name, "x", 1, [], {}, {"nonsense": 1}, in_text=False)
        case _:
            raise TypeError(f"{name}: add wrong values for {type_} here")


def _each(name: str, *values: Any, in_text: bool = True) -> Iterator[Wrong]:
    return (Wrong(name, value, in_text=in_text) for value in values)


def _sample(type_: Any) -> Any:
    while isinstance(type_, inspect.Metadata):
        type_ = type_.type
    return "019a3c5e-7f10-7c41-9d3a-5b1f0c2e4a01" if isinstance(type_, inspect.UUIDType | inspect.StrType) else 1


def fields_of(declaration: Declaration) -> set[str]:
    return {field.name for field in msgspec.structs.fields(declaration.struct)}
