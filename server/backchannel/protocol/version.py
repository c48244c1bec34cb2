"""The protocol version this server speaks, and its history.

A client states its version in `hello`; the server closes with 4426 if it is not in SPOKEN.
History, newest first:
  1  first version.
"""

from typing import Final

PROTOCOL: Final = 1
SPOKEN: Final = frozenset({1})
