"""A plugin (pytest.ini names it): failures in the stage's own assertions show both sides, as those in tests do."""

import pytest

pytest.register_assert_rewrite("e2e.support", "e2e.node.talkers")
