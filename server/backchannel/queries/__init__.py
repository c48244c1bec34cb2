"""What only reads. Each query checks who asks, then reads in a thread, and enters itself into the `registry`."""

from importlib import import_module
from pkgutil import iter_modules

from backchannel.queries.registry import HANDLERS

__all__ = ["HANDLERS"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
