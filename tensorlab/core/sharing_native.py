"""Native entries for shared memory: the common imports and exports, and `empty`, in one call of native code each.

What they do is written in LLVM's language in the folder ``entries``. Machine code of it takes as long to make as some
hundred thousand imports do, and to load as some ten thousand (see `core.sharing_code`). So they come in when there were
many, and an import of tensorlab loads nothing of them. Each answers None where it does not know what to do; and where
objects do not look as it knows them, in another interpreter or with another NumPy, there are none, and Python does all.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlab.core.array_head import Array
from tensorlab.core.dtype import DType
from tensorlab.core.layout import Layout

MANY = 2000
"""Calls that Python answers before the entries come in, where LLVM is here for a loop; else `_MORE` times as many."""

_MORE = 10

ENTRIES = ("empty", "from_array", "from_bytes", "from_exchange", "to_array")
_KEPT = 4096  # layouts remembered in either direction; beyond it a table starts over

Entry = Callable[..., Any]


class SharingEntries:
    """The entries: the names of `ENTRIES`, each in ``entries/<name>.ll``.

    ``layouts`` holds what imports of arrays need to know of a layout, ``rows`` what those of bytes do by dtype and
    number of bytes, ``forms`` what exports do, ``shapes`` what `empty` does by dtype and sizes.
    """

    __slots__ = ("_asked", *ENTRIES, "forms", "layouts", "made", "rows", "shapes")

    empty: Entry
    from_array: Entry
    from_bytes: Entry
    from_exchange: Entry
    to_array: Entry

    def __init__(self) -> None:
        self.layouts: dict[bytes, tuple[Layout, bytes, np.dtype[Any]]] = {}
        self.forms: dict[Layout, tuple[np.dtype[Any], bytes]] = {}
        self.rows: dict[DType, dict[int, tuple[Layout, bytes]]] = {}
        self.shapes: dict[DType, dict[tuple[int, ...], Layout]] = {}
        self.made: dict[str, Entry] = {}
        self.wait()

    def wait(self) -> None:
        """Let Python answer, until there were `MANY` calls."""
        self._asked = 0
        self._use(dict.fromkeys(ENTRIES, self._not_yet))

    def load(self) -> bool:
        """Make the entries, where objects look as they have to; says whether there are any.

        Cost: 10 ms where the machine code is on disk, else 150 ms; and the import of llvmlite, if nothing did that.
        """
        if not self.made:
            self._use(dict.fromkeys(ENTRIES, _never))  # what is asked meanwhile is answered by Python
            try:
                from tensorlab.core.sharing_code import made  # what it imports is for those who come this far

                tables = {"forms": self.forms, "layouts": self.layouts, "rows": self.rows, "shapes": self.shapes}
                self.made = made(tables)
            except (AttributeError, ImportError, LookupError, OSError, RuntimeError):
                return False
        self._use(self.made)
        return True

    def _use(self, entries: dict[str, Entry]) -> None:
        for name in ENTRIES:
            setattr(self, name, entries[name])

    def _not_yet(self, *args: Any) -> Any:
        self._asked += 1
        if self._asked >= MANY and ("llvmlite.binding" in sys.modules or self._asked >= _MORE * MANY):
            self.load()

    def learn_array(self, array: Array, form: Layout) -> None:
        """Remember the layout of an ndarray for `from_array`."""
        if len(self.layouts) >= _KEPT:
            self.layouts.clear()
        key = struct.pack(f"{1 + 2 * array.ndim}q", id(array.dtype), *array.shape, *array.strides)
        # The dtype is kept, so that its address stays its own.
        self.layouts[key] = form, struct.pack("3q", *form.span, form.dtype.itemsize), array.dtype

    def learn_row(self, form: Layout) -> None:
        """Remember the layout of elements in one row for `from_bytes`."""
        lengths = self.rows.setdefault(form.dtype, {})
        if len(lengths) >= _KEPT:
            lengths.clear()
        lengths[form.nbytes] = form, struct.pack("q", form.dtype.itemsize)

    def learn_shape(self, form: Layout) -> None:
        """Remember a row-major layout for `empty`."""
        shapes = self.shapes.setdefault(form.dtype, {})
        if len(shapes) >= _KEPT:
            shapes.clear()
        shapes[tuple(form.shape)] = form

    def learn_form(self, form: Layout, unit: int) -> None:
        """Remember how to make ndarrays of a layout for `to_array`; ``unit`` is what an offset counts, in bytes."""
        if len(self.forms) >= _KEPT:
            self.forms.clear()
        steps = [s * form.dtype.itemsize for s in form.strides]
        facts = struct.pack(f"{2 + 2 * len(steps)}q", unit, len(steps), *form.shape, *steps)
        self.forms[form] = form.dtype.numpy, facts


def _never(*args: Any) -> Any:
    """No answer."""


entries = SharingEntries()
