from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def small_heap() -> Iterator[None]:
    """Leave what is alive already out of collections, which makes them quick."""
    gc.freeze()
    yield
    gc.unfreeze()
