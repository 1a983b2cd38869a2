"""``%%storage --watch``: whose values a cell changes, what it allocates, and errors at their place."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from tensorlab.core import watching
from tensorlab.memory import current
from tensorlab.view.storage_watch import WatchView


@pytest.fixture
def shown(lab, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The shell, and the views that cells displayed."""
    lab.views = []
    monkeypatch.setattr("tensorlab.magics.session.display", lab.views.append)
    gc.collect()
    return lab


def watched(shown: Any, cell: str) -> WatchView:
    shown.value(f"%%storage --watch\n{cell}")
    return shown.views[-1]


def changes(view: WatchView) -> dict[str, str]:
    return {name.name: name.change for name in view.record.names}


def test_a_name_that_the_cell_does_not_mention_changes(shown) -> None:
    shown.value("a = np.zeros(6)\nb = tl.from_numpy(a)\ntail = [b[4:]]\nhead = b[:2]\nother = np.ones(3)")
    view = watched(shown, "b[3:] += 1")
    assert changes(view) == {
        "b": "changed", "a": "changed", "tail[0]": "changed", "head": "rewritten", "other": "same",
    }  # fmt: skip
    assert repr(view).startswith(
        "The cell changed b, and also a and tail[0], which it does not name: they share bytes with b."
    )
    by_name = {name.name: name for name in view.record.names}
    assert (by_name["b"].version_before, by_name["b"].version_after) == (0, 2)  # added to, and set
    assert by_name["a"].through == ("b",)
    assert "1 other name as before." in repr(view)


def test_only_what_the_cell_names(shown) -> None:
    shown.value("a = np.zeros(6)\nb = np.ones(6)")
    assert repr(watched(shown, "a[0] = 5")).startswith("The cell changed the values of a and of no other name.")
    assert repr(watched(shown, "a[0] = 5")).startswith("The cell changed no values that had a name before.")
    shown.value("t = tl.ones(2)")
    assert repr(watched(shown, "t.mul_(1)")).startswith("The cell wrote to t, and the values are as before.")


def test_names_that_come_and_go(shown) -> None:
    shown.value("a = tl.ones(100)\nb = tl.ones(4)\nk = 1")
    view = watched(shown, "del a\nb = b + 1\nc = b[1:]\nd = 3")
    assert changes(view) == {"a": "deleted", "b": "rebound", "c": "new"}
    assert (view.record.released, view.record.released_nbytes) == (2, 416)
    assert "2 earlier storages freed (416 B)" in " ".join(repr(view).split())


def test_an_array_that_lives_on_under_another_name_is_told_from_the_new_one(shown) -> None:
    shown.value("a = np.ones((2, 2))\nb = tl.from_numpy(a)")
    assert changes(watched(shown, "a = a + 1")) == {"a": "rebound", "b": "same"}
    assert changes(watched(shown, "b += 1")) == {"b": "changed", "a": "same"}


def test_what_was_allocated_and_freed(shown) -> None:
    shown.value("a = tl.ones(1000)\nkept = None")
    view = watched(shown, "for _ in range(3):\n    kept = (a + 1) * 2")
    record = view.record
    assert record.allocated == 6
    assert record.allocated_nbytes - record.freed_nbytes == 4032
    assert record.peak_nbytes == 3 * 4032
    assert "3.94 KiB still in use" in repr(view)
    assert "Nothing was allocated or freed." in repr(watched(shown, "k = 1"))


def test_the_allocator_is_put_back_unless_the_cell_set_one(shown) -> None:
    before = current.allocator
    watched(shown, "x = tl.ones(3)")
    assert current.allocator is before
    shown.error("%%storage --watch\n1 / 0")
    assert current.allocator is before
    shown.value("host = tl.memory.HostAllocator()")
    try:
        watched(shown, "was = tl.memory.set_allocator(host)")
        assert current.allocator is shown.names["host"]
    finally:
        current.allocator, current.allocate = before, before.allocate


def test_some_names(shown) -> None:
    shown.value("a = np.zeros(6)\nb = a[2:]\ncfg = {'w': a[:1], 'v': a[1:2]}")
    shown.value("%%storage --watch b cfg['w']\na[:] = 1\ncfg = 5")
    assert changes(shown.views[-1]) == {"b": "changed", "cfg['w']": "deleted"}
    assert (
        shown.error("%%storage --watch nope\na[:] = 2")
        .splitlines()[0]
        .startswith("MagicError: %%storage: nothing is named 'nope'")
    )
    assert shown.names["a"][0] == 1


def test_the_value_of_the_cell_and_its_name(shown) -> None:
    shown.value("a = np.zeros(2)")
    assert shown.value("%%storage --watch -o seen\na[0] = 1\n41 + 1") == 42
    assert shown.names["seen"] is shown.views[-1]
    assert shown.value("%%storage --watch\n42;") is None


def test_an_error_keeps_its_place_and_what_was_done_is_told(shown) -> None:
    shown.value("a = np.zeros(2)\nb = a[:1]")
    text = shown.error("%%storage --watch\na[0] = 1\n1 / 0")
    assert "ZeroDivisionError" in text
    assert "storage_watch.py" not in text
    assert "----> 3 1 / 0" in text
    assert repr(shown.views[-1]).startswith(
        "The cell ended with ZeroDivisionError; until then it changed a, and also b, which it does not name"
    )


def test_errors_of_the_line(shown) -> None:
    assert shown.error("%%storage\nx = 1") == (
        "MagicError: %%storage: says nothing about what to do with the cell\n"
        "  %%storage --watch watches it\n"
        "  see %%storage?"
    )
    assert shown.error("%storage --watch") == (
        "MagicError: %storage: --watch watches the cell that it stands above\n"
        "  write %%storage --watch above the cell's lines\n"
        "  see %storage?"
    )
    assert shown.error("%%storage --wach\nx = 1").splitlines()[:2] == [
        "MagicError: %%storage: no option --wach",
        "  nearest: --watch",
    ]
    assert shown.error("%%storage --watch\n").splitlines()[0] == "MagicError: %%storage: the cell is empty"
    assert "--watch" in shown.completions("%%storage --")


def test_watching_holds_nothing(shown) -> None:
    shown.value("import weakref\na = np.zeros(10)\nd = bytearray(4)\nseen = []\nweakref.finalize(a, seen.append, 1)")
    watched(shown, "del a\nat_once = list(seen)")
    assert shown.names["at_once"] == [1]


def test_a_budget_bounds_what_is_read(shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_BYTES", 100)
    shown.value("small = np.zeros(10)\nlarge = np.zeros(100)\nsame = small[:]")
    view = watched(shown, "small[0] = 1\nlarge[0] = 1")
    assert changes(view) == {"small": "changed", "large": "unread", "same": "changed"}
    assert "Not compared, for want of room: large (800 B)." in repr(view)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(24.0).reshape(2, 3, 4)[:, ::-1, 1:],
        np.array(3.0),
        np.zeros((0, 4)),
        np.zeros((700, 900))[:, ::2],
        np.arange(6).astype("M8[D]"),
    ],
    ids=["reversed", "scalar", "empty", "large", "dates"],
)
def test_values_of_any_layout_are_compared(shown, value: np.ndarray) -> None:
    shown.names["a"] = value
    assert changes(watched(shown, "k = 1")) == {"a": "same"}
    if value.size:
        assert changes(
            watched(shown, "a[...] = a.max() + a.dtype.type(1) if a.dtype.kind == 'f' else a[::-1].copy()")
        ) == {"a": "changed"}


def test_foreign_tensors(shown) -> None:
    pytest.importorskip("torch")
    shown.value("import torch\nt = torch.zeros(4)\nn = t.numpy()\nw = torch.nn.Linear(2, 2)")
    view = watched(shown, "n[0] = 2")
    assert changes(view)["t"] == "changed"
    assert "it shares bytes with n" in repr(view)
    view = watched(shown, "t.add_(1)")
    by_name = {name.name: name for name in view.record.names}
    assert by_name["t"].version_after == by_name["t"].version_before + 1
