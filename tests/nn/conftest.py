"""Which dtypes run: float64 for all, float32 for a third of the tests; everything with ``--whole``.

Which third, a test's name says, so that it is the same in each run.
"""

import zlib

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--whole"):
        return
    left_out = [item for item in items if not in_share(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if in_share(item)]


def in_share(item: pytest.Item) -> bool:
    if "tests/nn/" not in item.nodeid or "float32" not in item.nodeid:
        return True
    return zlib.crc32(item.nodeid.encode()) % 3 == 0
