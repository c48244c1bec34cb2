"""Commands that change something, one file per verb; each registers itself (`registry`). Commands that only read are in `queries`."""

from importlib import import_module
from pkgutil import iter_modules

from backchannel.commands.registry import ACTIONS, OPERATIONS

__all__ = ["ACTIONS", "OPERATIONS"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
