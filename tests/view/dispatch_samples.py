"""Records of ways for the tests of views: made up, so that they are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.core.dispatch_legs import Leg
from tensorlab.core.dispatch_path import DispatchRecord, Way
from tensorlab.core.dispatch_times import DispatchTimes, LegTime
from tensorlab.core.measure import Measurement
from tensorlab.view.dispatch import DispatchView
from tensorlab.view.mime import View

SHORT = (
    Leg("python", "Tensor.__add__", "the Python function that was called", "ops/quick.py:1", 0),
    Leg("short cut", "to add.Tensor", "taken: these layouts were met before", "ops/quick.py:1", 1),
    Leg("plan", "runs", "kept from an earlier call like it", "core/short_cut.py:1", 2),
    Leg("allocate", "24 B", "from the allocator", "core/tensor.py:1", 3),
    Leg("loop", "add", "native code: other threads may run", "", 3, "/cache/loops/add_0123456789ab.py"),
    Leg("result", "Tensor (2, 3) float32", "", "", 0),
)
LONG = (
    *SHORT[:1],
    Leg("short cut", "to add.Tensor", "not taken: none is kept for this form of call", "ops/quick.py:1", 1),
    Leg(
        "op",
        "add.Tensor",
        "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "core/op.py:1",
        2,
    ),
    Leg("evaluator", "of add.Tensor", "pointwise: one element's formula in a loop over all", "core/pointwise.py:1", 3),
    Leg("type rule", "", "gives Float(2, 3)", "core/region.py:1", 4),
    *SHORT[-2:],
)


def short() -> DispatchRecord:
    found = Way("a + b", ("add.Tensor",), short_cut=True, recorded=False, legs=SHORT)
    return DispatchRecord("a + b", (found,), (), "Tensor (2, 3) float32")


def long() -> DispatchRecord:
    found = Way("a + b", ("add.Tensor",), short_cut=False, recorded=True, legs=LONG)
    return DispatchRecord("a + b", (found,), ("TraceMode",), "Tensor (2, 3) float32")


def times(*, fitted: bool = True) -> DispatchTimes:
    parts = (None, *(LegTime(ns * 1e-9, measured=i == 3) for i, ns in enumerate((400, 100, 300, 150))), None)
    total = Measurement(1.2e-6 if fitted else 2e-6, 2e-8, 7, 5000)
    return DispatchTimes(total, (parts,), 2.5e-7, 3.0, fitted, 300, 0 if fitted else 2)


def crowded(count: int) -> DispatchRecord:
    found = [Way(f"x{i} + 1", ("add.Scalar",), i % 2 == 0, recorded=False, legs=SHORT) for i in range(count)]
    return DispatchRecord("f(x)", tuple(found), (), "None")


def hostile(text: str) -> DispatchRecord:
    legs = (Leg("library", text, text, "", 0), Leg("loop", text, text, text, 30, text))
    return DispatchRecord(text, (Way(text, (text,), None, recorded=True, legs=legs, left_out=3),), (text,), text)


def samples(text: str) -> dict[str, Callable[[], View]]:
    """Views by name; ``text`` is what a hostile notebook would call things."""
    return {
        "short": lambda: DispatchView(short()),
        "long": lambda: DispatchView(long()),
        "times": lambda: DispatchView(short(), times()),
        "times_missing": lambda: DispatchView(short(), times(fitted=False), first=long()),
        "crowded": lambda: DispatchView(crowded(40)),
        "hostile": lambda: DispatchView(hostile(text)),
    }
