"""The search for an input on which a trace and its function disagree."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.candidates import candidates, simpler, weight
from tensorlab.jit.explain_search import Search

pytestmark = pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")


def searched(function: Callable[..., Any], *inputs: Any, **options: Any) -> Search:
    return tl.jit.explain(tl.jit.trace(function, inputs)).search(**options)


def my_function(x: tl.Tensor) -> tl.Tensor:
    if x.mean() > 1.0:
        r = tl.tensor(1.0)
    else:
        r = tl.tensor(2.0)
    return r


def test_the_talks_function_is_caught() -> None:
    found = searched(my_function, tl.ones(2, 2))
    line = my_function.__code__.co_firstlineno + 1
    assert str(found).splitlines() == [
        "my_function: trace and function disagree (ten times as large; 4 inputs tried)",
        "  x = Float(1, 1), [[10.0]]",
        "  the function gives  Float(), 1.0",
        "  the trace gives     Float(), 2.0",
        f"  because of line {line}: x.mean() > 1.0",
        "  which was False when it was traced, and is True here",
    ]
    assert found.found is not None
    args = found.found.call.args
    traced = tl.jit.trace(my_function, tl.ones(2, 2))
    assert (my_function(*args).item(), traced(*args).item()) == (1.0, 2.0)


def by_size(x: tl.Tensor) -> tl.Tensor:
    return x * 2 if x.shape[0] > 3 else x + 1


def turns(x: tl.Tensor) -> tl.Tensor:
    total = x[0]
    for i in range(1, x.shape[0]):
        total = total + x[i]
    return total


def raises(x: tl.Tensor) -> tl.Tensor:
    if x[0] > 3:
        raise ValueError("too large")
    return x * 1


def constant(x: tl.Tensor) -> tl.Tensor:
    return x * x.tolist()[0]


def nan(x: tl.Tensor) -> tl.Tensor:
    return x if x.isnan().any() else x * 2


def exactly(x: tl.Tensor) -> tl.Tensor:
    return x * 2 if x.sum() == 12.5 else x


def structure(x: tl.Tensor) -> Any:
    return (x, x) if x.sum() > 100 else (x, x, x)


def dtype(x: tl.Tensor) -> tl.Tensor:
    return x.long() if x.sum() < 0 else x * 1


def writes(x: tl.Tensor) -> tl.Tensor:
    if x.sum() < 0:
        x.zero_()
    return tl.ones(1)


@pytest.mark.parametrize(
    ("function", "kind", "source", "then", "now"),
    [
        (by_size, "value", "x.shape[0] > 3", ("False",), ("True",)),
        (turns, "value", "range(1, x.shape[0])", ("1",), ("2",)),
        (raises, "error", "x[0] > 3", ("False",), ("True",)),
        (constant, "value", "x.tolist()", ("[1.0, 1.0]",), ("[-1.0]",)),
        (nan, "value", "x.isnan().any()", ("False",), ("True",)),
        (exactly, "value", "x.sum() == 12.5", ("False",), ("True",)),
        (structure, "structure", "x.sum() > 100", ("False",), ("True",)),
        (dtype, "type", "x.sum() < 0", ("False",), ("True",)),
        (writes, "input", "x.sum() < 0", ("False",), ("True",)),
    ],
    ids=lambda p: getattr(p, "__name__", None),
)
def test_each_kind_of_disagreement_is_found_with_what_is_responsible(
    function: Callable[..., Any], kind: str, source: str, then: tuple[str, ...], now: tuple[str, ...]
) -> None:
    found = searched(function, tl.ones(2)).found
    assert found is not None
    assert found.responsible is not None
    assert (found.kind, found.responsible.source, found.responsible.values, found.instead) == (kind, source, then, now)


@pytest.mark.parametrize("dtype", [tl.float16, tl.bfloat16, tl.float64, tl.int64, tl.int8, tl.uint8])
@pytest.mark.parametrize("shape", [(), (2,), (2, 1, 3)])
def test_inputs_of_every_dtype_and_rank_are_tried(dtype: tl.dtype, shape: tuple[int, ...]) -> None:
    found = searched(lambda x: x * 2 if x.sum() > 7 else x + 0, tl.ones(shape, dtype=dtype)).found
    assert found is not None
    (x,) = found.call.args
    assert (x.dtype, x.ndim, found.instead) == (dtype, len(shape), ("True",))
    assert x.sum() > 7


def test_a_trace_that_is_right_is_not_accused() -> None:
    found = searched(lambda x, y: (x * y).sum(0).tanh(), tl.ones(2, 3), tl.ones(3), budget=60)
    assert (found.tried, found.found) == (60, None)
    assert str(found) == "traced: trace and function agree on the 60 inputs that were tried (which proves nothing)"


def test_random_operations_are_given_the_same_numbers() -> None:
    traced = tl.jit.trace(lambda x: x + tl.rand(2), tl.ones(2), check_trace=False)
    state = tl.get_rng_state().tolist()
    assert tl.jit.find_disagreement(traced, budget=20).found is None
    assert tl.get_rng_state().tolist() == state


def test_buffers_are_brought_back() -> None:
    norm = tl.nn.BatchNorm1d(2)
    traced = tl.jit.trace(norm, tl.rand(4, 2))
    before = norm.running_mean.tolist()
    assert tl.jit.find_disagreement(traced, budget=10).found is None
    assert norm.running_mean.tolist() == before
    guard = tl.jit.find_disagreement(traced).found  # a check of shapes, which no trace has
    assert guard is not None
    assert guard.function.startswith("ShapeError: batch_norm: ")
    assert norm.running_mean.tolist() == before


def test_what_made_the_function_fail_is_responsible() -> None:
    found = searched(lambda x: x * int(x.sum()), tl.zeros(2)).found  # NaN is no integer, and times zero it is NaN
    assert found is not None
    assert found.responsible is not None
    assert found.responsible.source == "int(x.sum())"


def test_the_same_seed_finds_the_same() -> None:
    def rare(x: tl.Tensor) -> tl.Tensor:
        return x * 2 if x[0] > 50 and x[1] < -50 else x

    one, two = (searched(rare, tl.ones(2), budget=400, seed=3) for _ in range(2))
    assert one.found is not None
    assert one.to_dict() == two.to_dict()
    assert one.found.instead == ("True",)


def test_another_function_can_be_held_against_a_trace() -> None:
    traced = tl.jit.trace(lambda x: x * 2, tl.ones(2))
    found = tl.jit.find_disagreement(traced, lambda x: x + x * x.abs()).found
    assert found is not None
    assert (found.kind, found.responsible) == ("value", None)
    assert found.where.endswith("in the trace")


def test_nested_inputs_keep_their_structure() -> None:
    def f(batch: dict[str, tl.Tensor]) -> tl.Tensor:
        return batch["a"] if batch["b"].sum() > 5 else batch["a"] * 2

    found = searched(f, {"a": tl.ones(2), "b": tl.ones(3)}).found
    assert found is not None
    assert [name for name, _ in found.inputs] == ["batch_a", "batch_b"]
    assert set(found.call.args[0]) == {"a", "b"}


def test_the_record_is_plain_data() -> None:
    data = searched(my_function, tl.ones(2, 2)).to_dict()
    assert json.loads(json.dumps(data)) == data


def test_bad_arguments_are_refused() -> None:
    traced = tl.jit.trace(my_function, tl.ones(2, 2))
    with pytest.raises(RangeError) as caught:
        tl.jit.find_disagreement(traced, budget=0)
    assert str(caught.value) == "search: budget: got 0; takes at least 1"
    with pytest.raises(ArgumentError, match=r"search: takes a function that tl.jit.trace gave, got function"):
        tl.jit.find_disagreement(my_function)


def test_candidates_keep_dtypes_and_simplifying_makes_lighter() -> None:
    examples = [np.ones((2, 3), np.float32), np.array([1, 2], np.int64), np.array([True, False])]
    for (how, arrays), _ in zip(candidates(examples, 0, (3.5, 4)), range(120), strict=False):
        assert [a.dtype for a in arrays] == [e.dtype for e in examples], how
        assert [a.ndim for a in arrays] == [2, 1, 1]
    heavy = [e * 1 for e in examples]
    heavy[0] = np.full((4, 3), 3.14159, np.float32)
    assert any(weight(tried, examples) < weight(heavy, examples) for tried in simpler(heavy, examples))
