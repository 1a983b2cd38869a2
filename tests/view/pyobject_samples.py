"""Records of objects for the tests of views: real ones, read from memory, that are the same every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import tensorlab.ops.methods  # noqa: F401 - gives tensors their operations
from tensorlab.core import dtype
from tensorlab.core.pyobject import ObjectRecord, examine
from tensorlab.core.pyobject_fields import Field, Struct
from tensorlab.core.small_ints import find_small_ints
from tensorlab.core.tensor import empty
from tensorlab.view.mime import View
from tensorlab.view.pyobject import PyObjectView, SmallIntsView


class Point:
    __slots__ = ("x", "y")


def number() -> ObjectRecord:
    names = {"x": float("3.5")}
    names["again"] = names["x"]
    return examine(names["x"], label="x", namespace=names)


def items() -> ObjectRecord:
    made: list[object] = [float("2.5"), "four", None]
    made.append(Point())
    return examine(made, label="items", namespace={"items": made})


def tensor_beside(other: ObjectRecord) -> ObjectRecord:
    made = empty(dtype.float32, (2, 3))
    return replace(examine(made, label="t", namespace={"t": made}), beside=other)


def alone() -> ObjectRecord:
    made = empty(dtype.float32, (2, 3))
    return replace(examine(made, label="t", namespace={"t": made}), beside=None)


def unlike() -> ObjectRecord:
    return replace(number(), structs=(), problem="ob_fval at offset 16 reads 4.0, where Python says 3.5")


def hostile(text: str) -> ObjectRecord:
    record = items()
    field = Field(text, text, text, 0, 8, b"<script>", text, text, stable=False)
    return replace(record, label=text, kind=text, what=text, structs=(Struct(text, 8, (field,), text),))


def samples(text: str) -> dict[str, Callable[[], View]]:
    """Views by name; ``text`` is what a hostile notebook would call things."""
    window = np.arange(12.0).reshape(3, 4)[1:, ::2]
    return {
        "number": lambda: PyObjectView(number()),
        "items": lambda: PyObjectView(items()),
        "text": lambda: PyObjectView(examine("gr\xfcn " * 9, label="'gr\xfcn ' * 9")),
        "digits": lambda: PyObjectView(examine(7**400, label="7**400")),
        "array": lambda: PyObjectView(examine(window, label="window", namespace={"window": window})),
        "class": lambda: PyObjectView(examine(Point, label="Point")),
        "tensor": lambda: PyObjectView(alone()),
        "tensor_beside": lambda: PyObjectView(tensor_beside(number())),
        "none": lambda: PyObjectView(examine(None, label="None")),
        "unlike": lambda: PyObjectView(unlike()),
        "small_ints": lambda: SmallIntsView(find_small_ints()),
        "hostile": lambda: PyObjectView(hostile(text)),
        "hostile_addresses": lambda: PyObjectView(hostile(text), addresses=True),
    }
