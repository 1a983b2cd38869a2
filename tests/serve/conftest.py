"""A gate for each test, opened at its end so that no worker stays behind it."""

import pytest
from serve_rig import Gate


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open()
