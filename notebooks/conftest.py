"""Notebook tests: a magic that only grumbles on stderr fails the cell, as an exception would.

A plain ``UsageError`` is printed and sends no error message, so that nbval would take the cell for one that ran well.
"""

from __future__ import annotations

from typing import Any

import pytest


def usage_errors(outputs: list[Any]) -> list[str]:
    """The lines of a cell's stderr with which IPython reports a wrong use of a magic."""
    streams = [o["text"] for o in outputs if o.get("output_type") == "stream" and o.get("name") == "stderr"]
    return [line for text in streams for line in "".join(text).splitlines() if line.startswith("UsageError:")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    result = yield
    found = usage_errors(getattr(item, "test_outputs", None) or [])
    if found:
        pytest.fail(f"{item.name}: {found[0]}", pytrace=False)
    return result
