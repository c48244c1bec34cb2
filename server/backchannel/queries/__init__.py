"""Commands that only read. Each checks that the caller may read, and reads; it enters itself into the `registry`.

Handlers block: they are called in a thread of the chat's `ReadPool`.
"""

from importlib import import_module
from pkgutil import iter_modules

from backchannel.queries.registry import HANDLERS, TIMED

__all__ = ["HANDLERS", "TIMED"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
