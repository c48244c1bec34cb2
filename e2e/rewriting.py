"""A pytest plugin, named in pytest.ini: assertions of the support code show both sides when they fail."""

import pytest

pytest.register_assert_rewrite("e2e.support")
