"""Which protocol this server speaks, and what changed when.

A client names its version in `hello`; a version that is not in SPOKEN is closed with 4426.
History, newest first:
  1  first version.
"""

from typing import Final

PROTOCOL: Final = 1
SPOKEN: Final = frozenset({1})
