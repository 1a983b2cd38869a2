"""What modules of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tensorlab.core.sharing_native import entries


@pytest.fixture(params=["python", "native"])
def sharing_by(request: pytest.FixtureRequest) -> Iterator[str]:
    """Memory changes hands by Python alone, and by native entries where they know how."""
    if request.param == "native":
        assert entries.load()
    else:
        entries.wait()
    yield request.param
    entries.wait()
