"""A plugin (pytest.ini names it): failures in assertions of the support code show both sides, as those in tests do."""

import pytest

pytest.register_assert_rewrite("e2e.support")
