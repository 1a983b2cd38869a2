"""Which rows run: a bounded share of them by default, all with ``--whole``.

By default each row runs on plain memory in its first dtype, half of them in one other, and its gradients are compared
with torch's on plain memory; a quarter of the rows runs on every form of memory, a quarter in place, and for a quarter
gradients are compared on other memory and with finite differences; a third of them runs in graphs. Which, a name says,
so that it is the same in each run.
"""

import zlib

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--whole"):
        return
    kept = [item for item in items if in_share(item)]
    config.hook.pytest_deselected(items=[item for item in items if not in_share(item)])
    items[:] = kept


def in_share(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    if call is None or "oracle" not in item.nodeid:
        return True
    label = call.params.get("label", "")
    number = zlib.crc32(label.encode())
    match item.originalname:
        case "test_on_plain_memory":
            from oracle.families import CASES

            dtypes = next(c.dtypes for c in CASES if c.label == label)
            other = dtypes[1 + number % (len(dtypes) - 1)] if len(dtypes) > 1 else dtypes[0]
            return call.params["dtype"] == dtypes[0] or (number // 7 % 2 == 0 and call.params["dtype"] == other)
        case "test_on_every_form_of_memory":
            return number % 4 == 0
        case "test_a_row_in_a_graph" | "test_a_write_through_a_view_in_a_graph" | "test_out_in_a_graph":
            return number % 3 == 0
        case "test_in_place":
            return number % 4 == 1
        case "test_against_torch":
            return call.params["form"] == "plain" or number % 4 == 2
        case "test_against_finite_differences":
            return number % 4 == 3
        case _:
            return True
