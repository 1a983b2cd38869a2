"""Eager work against torch, on one thread and on two: what a call costs, and loops over a million elements and more.

The loops of tensorlab run on one thread; its products are BLAS's, which takes as many as it is given. Torch gets the
same number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A line of code on float32 tensors ``a``, ``b``, ... of these shapes, one for NumPy, and the goal."""

    what: str
    code: str
    numpy: str | None
    shapes: tuple[Shape, ...]
    goal: float | None
    kind: Kind = Kind.TIME
    asked: str = ""  # names of the tensors that require a gradient
    rounds: int = 101


CALLS = [
    Case("`a+b`, one float32, `a` requires grad", "a + b", None, ((1,), (1,)), 1.2, asked="a", rounds=301),
    Case("`a+b`, one float32, both require grad", "a + b", None, ((1,), (1,)), 1.2, asked="ab", rounds=301),
    Case("`a*b`, one float32, both require grad", "a * b", None, ((1,), (1,)), None, asked="ab", rounds=301),
    Case("`x[1:]`, a view", "a[1:]", "a[1:]", ((1000,),), 0.8, rounds=301),
    Case("`x.t()`, a view", "a.t()", "a.T", ((30, 40),), 0.8, rounds=301),
    Case("`x.view(40, 30)`, a view", "a.view(40, 30)", "a.reshape(40, 30)", ((30, 40),), 0.8, rounds=301),
    Case("`tanh(x)`, one float32", "tanh(a)", "tanh(a)", ((1,),), None, rounds=301),
    Case("`x.sum()`, one float32", "a.sum()", "a.sum()", ((1,),), None, rounds=301),
    Case("`x.item()`", "a.item()", "a.item()", ((1,),), None, rounds=301),
    Case("`zeros(3)`", "zeros(3)", "zeros(3, float32)", (), None, rounds=301),
    Case("`tensor([1.0, 2.0])`", "tensor([1.0, 2.0])", "array([1.0, 2.0], float32)", (), None, rounds=301),
]


def _loops(threads: int) -> list[Case]:
    """Goals are for one thread; what two make of it is told beside it."""

    def goal(value: float) -> float | None:
        return value if threads == 1 else None

    million = ((1000, 1000),)
    softmax = "e = exp(a - a.max(1, keepdims=True)); e /= e.sum(1, keepdims=True)"
    normal = "(a - a.mean(1, keepdims=True)) / sqrt(a.var(1, keepdims=True) + 1e-5)"
    chain = "a * b + c - a"
    return [
        Case("`a*b+c-a`, 38 MB each", chain, chain, ((10_000_000,),) * 3, goal(3), Kind.SPEED, rounds=15),
        Case("`a*b+c-a`, 150 MB each", chain, chain, ((40_000_000,),) * 3, goal(3), Kind.SPEED, rounds=7),
        Case("`x.sum()`, 10⁶ float32", "a.sum()", "a.sum()", million, goal(1.2)),
        Case("`x.mean()`, 10⁶ float32", "a.mean()", "a.mean()", million, goal(1.2)),
        Case("`x.sum(0)`, 1000 × 1000", "a.sum(0)", "a.sum(0)", million, goal(1.2)),
        Case("`softmax(x, 1)`, 1000 × 1000", "softmax(a, 1)", softmax, million, goal(1.2)),
        Case("`layer_norm(x, (1000,))`, 1000 × 1000", "layer_norm(a, (1000,))", normal, million, goal(1.2)),
        Case("`x.cumsum(1)`, 1000 × 1000", "a.cumsum(1)", "a.cumsum(1)", million, goal(1.2)),
        Case("`x.cumsum(0)`, 10⁶", "a.cumsum(0)", "a.cumsum(0)", ((1_000_000,),), goal(1.2)),
        Case("`x.t().contiguous()`, 1000 × 1000", "a.t().contiguous()", "contiguous(a.T)", million, goal(0.8)),
        Case(
            "`x.t().contiguous()`, 4000 × 4000",
            "a.t().contiguous()",
            "contiguous(a.T)",
            ((4000, 4000),),
            goal(0.8),
            rounds=15,
        ),
        Case("`a @ b`, 512 × 512", "a @ b", "a @ b", ((512, 512),) * 2, 1.1, rounds=31),
        Case("`a @ b`, 1024 × 1024", "a @ b", "a @ b", ((1024, 1024),) * 2, 1.1, rounds=15),
    ]


LOOPS = [(threads, case) for threads in (1, 2) for case in _loops(threads)]


@pytest.fixture
def threads(request: pytest.FixtureRequest, torch: Any) -> Iterator[int]:
    """As many threads for torch and for BLAS; one again afterwards."""
    from threadpoolctl import threadpool_limits

    count: int = request.param
    if torch is not None:
        torch.set_num_threads(count)
    with threadpool_limits(count, "blas"):
        yield count
    if torch is not None:
        torch.set_num_threads(1)


@pytest.mark.parametrize("case", CALLS, ids=[case.what for case in CALLS])
def bench_call(case: Case, torch, record) -> None:
    """What a call costs."""
    _measure(case, case.what, torch, record)


@pytest.mark.parametrize(("threads", "case"), LOOPS, indirect=["threads"], ids=[f"{t} {c.what}" for t, c in LOOPS])
def bench_loop(threads: int, case: Case, torch, record) -> None:
    """What a pass over memory costs."""
    given = "torch and BLAS" if "@" in case.code else "torch"
    what = f"{case.what}; {given} on 2 threads" if threads > 1 else case.what
    _measure(case, what, torch, record)


def _measure(case: Case, what: str, torch: Any, record: Any) -> None:
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape, dtype=np.float32) for shape in case.shapes]
    own = Statement(case.code, _names(tl, arrays, case.asked))
    entrants = {"tensorlab": own}
    if case.numpy is not None:
        entrants["NumPy"] = Statement(case.numpy, _numpy_names(arrays))
    if torch is not None:
        entrants["torch"] = Statement(case.code, _names(torch, arrays, case.asked))
        mine, reference = (np.asarray(_values(entrants[name].value())) for name in ("tensorlab", "torch"))
        np.testing.assert_allclose(mine, reference, rtol=1e-4, atol=1e-3)
    times = race(entrants, rounds=case.rounds)
    other = times.get("torch")
    cells = (other or NOT_INSTALLED, *([times["NumPy"]] if "NumPy" in times else []))
    record(own, Row(what, times["tensorlab"], *cells, verdict=Ratio("torch", other, case.kind, case.goal)))


def _values(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else value


def _names(library: Any, arrays: list[np.ndarray], asked: str) -> dict[str, object]:
    tensors = {name: library.from_numpy(array) for name, array in zip("abc", arrays, strict=False)}
    tensors |= {name: tensors[name].clone().requires_grad_() for name in asked}
    functions = {name: getattr(library, name) for name in ("tanh", "softmax", "zeros", "tensor")}
    return tensors | functions | {"layer_norm": library.nn.functional.layer_norm}


def _numpy_names(arrays: list[np.ndarray]) -> dict[str, object]:
    functions: dict[str, object] = {
        name: getattr(np, name) for name in ("tanh", "exp", "sqrt", "zeros", "array", "float32")
    }
    return dict(zip("abc", arrays, strict=False)) | functions | {"contiguous": np.ascontiguousarray}
