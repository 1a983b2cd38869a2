"""The ways out of a trace: each is warned of once, in order, at the user's own line and expression; as torch does."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import TracerWarning
from tensorlab.jit.scripting.source import label_of

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")


def seven(x: Any) -> Any:
    int(x[0])
    if x[0] > 0:
        pass
    _ = [0, 1, 2][x[0].long()]
    float(x[0])
    x.tolist()
    x.numpy()
    for _ in x:
        pass
    return x + 1


def more(x: Any) -> Any:
    len(x)
    x[0].item()
    assert x[0] > 0
    a, _ = x
    for _ in enumerate(x):
        pass
    range(x[0].long())
    return a


def caught_by(lib: Any, function: Callable[[Any], Any]) -> list[tuple[int, str]]:
    """Line in the function and first words of each warning, once a line and kind."""
    kind = TracerWarning if lib is tl else lib.jit.TracerWarning
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lib.jit.trace(function, lib.tensor([1.0, 1.0]), check_trace=False)
    first = function.__code__.co_firstlineno
    mine = [w for w in caught if issubclass(w.category, kind)]
    assert {w.filename for w in mine} == {__file__}
    return [(w.lineno - first, " ".join(str(w.message).split(" might")[0].split())) for w in mine]


def test_seven_in_order_at_their_lines() -> None:
    found = caught_by(tl, seven)
    assert found == [
        (1, "Converting a tensor to a Python integer"),
        (2, "Converting a tensor to a Python boolean"),
        (4, "Converting a tensor to a Python index"),
        (5, "Converting a tensor to a Python float"),
        (6, "Converting a tensor to a Python list"),
        (7, "Converting a tensor to a NumPy array"),
        (8, "Iterating over a tensor"),
    ]


@pytest.mark.parametrize("function", [seven, more])
def test_kinds_and_lines_are_those_of_torch(function: Callable[[Any], Any]) -> None:
    """But for an index, of which torch says nothing, and for the words about len()."""
    torch = pytest.importorskip("torch")
    same = {
        "Using len to get tensor shape": "Taking the len() of a tensor",
    }
    ours = [(line, same.get(text, text)) for line, text in caught_by(tl, function)]
    theirs = [(line, same.get(text, text)) for line, text in caught_by(torch, function)]
    missing = [pair for pair in theirs if pair not in ours]
    assert missing == []
    extra = [text for pair in ours if pair not in theirs for text in [pair[1]]]
    assert extra == ["Converting a tensor to a Python index"]


def test_each_escape_knows_its_expression_and_its_value() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = tl.jit.trace(seven, tl.tensor([1.0, 1.0]), check_trace=False)
    lines = linecache.getlines(__file__)
    pieces = [lines[e.span.line - 1][e.span.column : e.span.end_column] for e in traced.escapes if e.span]
    assert pieces == ["int(x[0])", "x[0] > 0", "[0, 1, 2][x[0].long()]", "float(x[0])", "x.tolist()", "x.numpy()", "x"]
    assert [*(e.values for e in traced.escapes)] == [
        ("1",),
        ("True",),
        ("1",),
        ("1.0",),
        ("[1.0, 1.0]",),
        ("[1.0, 1.0]",),
        ("2",),
    ]
    assert traced.escapes[1].to_dict()["values"] == ["True"]


def messages(function: Callable[..., Any], *inputs: tl.Tensor) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tl.jit.trace(function, inputs, check_trace=False)
    assert {w.filename for w in caught} <= {__file__}
    return [str(w.message) for w in caught]


def test_data_made_of_traced_tensors_is_a_constant() -> None:
    copies = "tl.tensor(...) of a traced tensor copies its present value: the copy is baked in as a constant"
    assert messages(lambda x: tl.tensor(x) * x[0], tl.ones(2)) == [copies]
    (found,) = messages(lambda x: tl.tensor([x[0], x[1]]) * x[0], tl.ones(2))
    assert found.startswith("Converting a tensor to a NumPy array might make the trace wrong")


OTHERS = (
    "There are other live references to the memory that an in-place operator modifies here, which are constants of the "
    "trace: views made outside of it will not reflect the change"
)


def test_writing_to_memory_that_constants_look_at_is_warned_of() -> None:
    x = tl.ones(2, 2)
    row = x[0]

    def before(x: tl.Tensor) -> tl.Tensor:
        y = row * 2
        x.add_(1)
        return y

    def after(x: tl.Tensor) -> tl.Tensor:
        x.add_(1)
        return row * 2

    assert messages(before, x) == [OTHERS]
    assert messages(after, x) == [OTHERS]


def test_an_import_of_an_array_over_a_traced_tensor_is_no_part_of_the_trace() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        y = x * 1
        tl.from_numpy(y.numpy()).add_(1)
        return y

    found = messages(f, tl.ones(2))
    assert [m.split(" might")[0] for m in found] == ["Converting a tensor to a NumPy array", OTHERS]


def test_writes_that_a_trace_can_follow_are_silent() -> None:
    weight = tl.ones(2, 2)

    def f(x: tl.Tensor) -> tl.Tensor:
        y = x * 2
        view = y[0]
        y.add_(1)
        weight[0].mul_(2)  # a constant's own memory, which every run shares
        x.t().add_(1)
        return view + weight[1]

    assert messages(f, tl.ones(2, 2)) == []
    x = tl.ones(2, 2)
    traced = tl.jit.trace(f, x, check_trace=False)
    np.testing.assert_array_equal(traced(tl.zeros(2, 2)).numpy(), f(tl.zeros(2, 2)).numpy())


CELL = """
def f(x):
    if x.sum() > 0:
        return x * 2
    return x
"""


def test_a_cell_is_the_place_of_its_warnings() -> None:
    filename = "<ipython-input-7-0123456789ab>"
    linecache.cache[filename] = (len(CELL), None, CELL.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, filename, "exec"), names)  # as a notebook runs it
    with pytest.warns(TracerWarning, match="Python boolean") as caught:
        traced = tl.jit.trace(names["f"], tl.ones(2))
    assert [(w.filename, w.lineno) for w in caught] == [(filename, 3)]
    (escape,) = traced.escapes
    assert escape.span is not None
    assert (label_of(escape.span.filename), escape.span.column, escape.span.end_column) == ("cell 7", 7, 18)
    del linecache.cache[filename]
