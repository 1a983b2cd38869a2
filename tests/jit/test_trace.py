"""Tracing: what is recorded, what is baked in, and what is said about it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, TraceError, TracerWarning
from tensorlab.jit.tracing import record


def kinds(graph: object) -> list[str]:
    return [n.kind for n in graph.nodes() if n.kind != "prim::Constant"]  # type: ignore[attr-defined]


def my_function(x: tl.Tensor) -> tl.Tensor:
    if x.mean() > 1.0:
        r = tl.tensor(1.0)
    else:
        r = tl.tensor(2.0)
    return r


def test_the_talks_function_gives_a_constant_graph_and_a_warning_at_the_users_line() -> None:
    with pytest.warns(TracerWarning, match="Converting a tensor to a Python boolean") as caught:
        traced = tl.jit.trace(my_function, (tl.ones(2, 2),))
    (warning,) = caught
    first = my_function.__code__.co_firstlineno
    assert (Path(warning.filename), warning.lineno) == (Path(__file__), first + 1)
    assert traced.forward(tl.ones(2, 2)).item() == 2.0
    assert traced.forward(tl.ones(2, 2).add(1.0)).item() == 2.0  # the function itself gives 1.0
    assert my_function(tl.ones(2, 2).add(1.0)).item() == 1.0
    optimised = traced.graph_for(tl.ones(2, 2))
    assert [n.kind for n in optimised.nodes()] == ["prim::Constant"]
    (escape,) = traced.escapes
    assert escape.what == "bool"
    assert escape.span is not None
    assert (escape.span.line, escape.span.column, escape.span.end_column) == (first + 1, 7, 21)


def test_ops_are_recorded_in_order_with_the_place_of_their_expression() -> None:
    def f(a: tl.Tensor, b: tl.Tensor) -> tl.Tensor:
        return tl.tanh(a * b)

    found = record(f, (tl.ones(3), tl.ones(3)), ("a", "b"), "f")
    assert kinds(found.graph) == ["aten::mul", "aten::tanh"]
    mul, tanh = found.graph.block.nodes
    line = f.__code__.co_firstlineno + 1
    assert mul.span is not None and tanh.span is not None
    assert (mul.span.line, mul.span.column, mul.span.end_column) == (line, 23, 28)
    assert (tanh.span.line, tanh.span.column, tanh.span.end_column) == (line, 15, 29)


def test_columns_count_characters_where_the_line_has_others_than_ascii() -> None:
    def f(a: tl.Tensor) -> tl.Tensor:
        return ("é", a * a)[1]

    found = record(f, (tl.ones(3),), ("a",), "f")
    (span,) = [n.span for n in found.graph.block.nodes]
    assert span is not None
    assert (span.column, span.end_column) == (21, 26)


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (lambda x: bool(x.sum() > 0), "a Python boolean"),
        (lambda x: int(x.sum()), "a Python integer"),
        (lambda x: float(x.sum()), "a Python float"),
        (lambda x: [1, 2, 3, 4, 5, 6, 7][x.to(tl.int64).sum()], "a Python index"),
        (lambda x: x.tolist(), "a Python list"),
        (lambda x: x.numpy(), "a NumPy array"),
        (lambda x: x.sum().item(), "a Python number"),
    ],
    ids=["bool", "int", "float", "index", "tolist", "numpy", "item"],
)
def test_each_way_out_of_the_trace_is_warned_of(read: object, what: str) -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        read(x)  # type: ignore[operator]
        return x + 1

    with pytest.warns(TracerWarning, match=f"Converting a tensor to {what} might make the trace wrong") as caught:
        record(f, (tl.ones(3),), ("x",), "f")
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_iterating_taking_the_length_and_copying_are_warned_of() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        rows = [row for row in x]  # noqa: C416
        return rows[len(x) - 1] + tl.tensor(x)[0]

    with pytest.warns(TracerWarning) as caught:
        record(f, (tl.ones(2, 2),), ("x",), "f")
    assert [str(w.message).split(":")[0].split(" might")[0] for w in caught] == [
        "Iterating over a tensor",
        "Taking the len() of a tensor",
        "tl.tensor(...) of a traced tensor copies its present value",
    ]


def test_values_that_do_not_depend_on_the_inputs_escape_silently() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        scale = tl.ones(1)
        return x * scale.item()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = record(f, (tl.ones(3),), ("x",), "f")
    assert kinds(found.graph) == ["aten::ones", "aten::mul"]


def test_printing_inside_a_trace_is_no_escape(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        print(x)
        return x + 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record(f, (tl.ones(2),), ("x",), "f")
    assert capsys.readouterr().out == "tensor([1., 1.])\n"


def test_in_place_ops_are_recorded_and_the_name_stands_for_what_was_written() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        y = x * 2
        y.add_(1)
        return y * y

    traced = tl.jit.trace(f, (tl.ones(3),))
    assert kinds(traced.graph) == ["aten::mul", "aten::add_", "aten::mul"]
    x = tl.tensor([1.0, 2.0, 3.0])
    assert traced(x).tolist() == f(x).tolist() == [9.0, 25.0, 49.0]
    assert traced.interpret(x).tolist() == [9.0, 25.0, 49.0]
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_a_captured_tensor_is_a_constant_that_shares_its_storage() -> None:
    weight = tl.tensor([2.0, 3.0])
    traced = tl.jit.trace(lambda x: x * weight, (tl.ones(2),))
    assert traced(tl.tensor([1.0, 10.0])).tolist() == [2.0, 30.0]
    weight.mul_(2)
    assert traced(tl.tensor([1.0, 10.0])).tolist() == [4.0, 60.0]


def test_results_may_be_nested() -> None:
    traced = tl.jit.trace(lambda x: (x + 1, [x * 2, x]), (tl.ones(2),), strict=False)
    first, (second, third) = traced(tl.tensor([1.0, 2.0]))
    assert (first.tolist(), second.tolist(), third.tolist()) == ([2.0, 3.0], [2.0, 4.0], [1.0, 2.0])


def test_other_shapes_and_dtypes_compile_anew() -> None:
    traced = tl.jit.trace(lambda a, b: tl.tanh(a * b + 1), (tl.ones(2, 3), tl.ones(3)))
    rng = np.random.default_rng(0)
    for shape, dtype in (((4, 3), np.float32), ((1, 3), np.float64), ((0, 3), np.float32)):
        a, b = rng.standard_normal(shape).astype(dtype), rng.standard_normal(3).astype(dtype)
        got = traced(tl.from_numpy(a), tl.from_numpy(b))
        np.testing.assert_allclose(got.numpy(), np.tanh(a * b + 1), rtol=1e-5)
        assert got.numpy().dtype == dtype
    assert len(traced.programs) == 4


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        tl.jit.trace(lambda x: x, (3,))
    assert str(caught.value) == "trace: input 0 of traced takes a Tensor, or a tuple, list or dict of Tensors, got int"
    with pytest.raises(TraceError) as wrong:
        tl.jit.trace(lambda x: 3, (tl.ones(1),))
    assert str(wrong.value) == (
        "trace: traced gave a value of type int; a traced function gives a Tensor, or a tuple, list or dict of Tensors"
    )
    with pytest.raises(ArgumentError, match=r"trace: takes a function, got int"):
        tl.jit.trace(3, (tl.ones(1),))  # type: ignore[arg-type]


def test_a_compiled_function_says_what_it_takes() -> None:
    def scale(x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
        return x * y

    traced = tl.jit.trace(scale, (tl.ones(2), tl.ones(2)))
    with pytest.raises(ArgumentError) as caught:
        traced(tl.ones(2))
    assert str(caught.value) == "scale: argument 'y' is missing; takes (Tensor x, Tensor y)"
    with pytest.raises(ArgumentError) as wrong:
        traced(tl.ones(2), 3)
    assert str(wrong.value) == "scale: argument 'y' takes Tensor, got int"


def test_the_mode_is_gone_after_an_error() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tl.jit.trace(f, (tl.ones(1),))
    from tensorlab.core.dispatch import MODES

    assert MODES.get() == ()


# Inputs and results ---------------------------------------------------------------------------------------------------


def test_one_tensor_passed_twice_is_two_inputs() -> None:
    x = tl.tensor([1.0, 2.0])
    traced = tl.jit.trace(lambda a, b: a - b * 2, (x, x))
    assert traced(tl.tensor([1.0, 1.0]), tl.tensor([0.0, 3.0])).tolist() == [1.0, -5.0]

    def writes(a: tl.Tensor, b: tl.Tensor) -> tl.Tensor:
        a.add_(1)
        return b * 1

    traced = tl.jit.trace(writes, (x, x))
    assert traced(tl.tensor([1.0]), tl.tensor([5.0])).tolist() == [5.0]
    y = tl.tensor([7.0])
    assert traced(y, y).tolist() == [8.0]


def test_an_input_given_back_is_the_callers_own() -> None:
    traced = tl.jit.trace(lambda x: x, (tl.ones(2),))
    y = tl.ones(3)
    assert traced(y) is y
    traced = tl.jit.trace(lambda x: (x, x), (tl.ones(2),))
    first, second = traced(y)
    assert first is second is y


def test_one_result_given_twice_is_one_tensor() -> None:
    def f(x: tl.Tensor) -> tuple[tl.Tensor, tl.Tensor]:
        y = x + 1
        return y, y

    first, second = tl.jit.trace(f, (tl.ones(2),))(tl.ones(2))
    assert first is second


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (3, "example_inputs takes a Tensor, or a tuple, list or dict of Tensors, got int"),
        ("x", "example_inputs takes a Tensor, or a tuple, list or dict of Tensors, got str"),
        (([3], [tl.ones(1)]), "input 0 of f takes a Tensor, or a tuple, list or dict of Tensors, got int in it"),
        (
            (tl.ones(1), {"a": None}),
            "input 1 of f takes a Tensor, or a tuple, list or dict of Tensors, got NoneType in it",
        ),
        ((tl.ones(1), np.ones(1)), "input 1 of f takes a Tensor, or a tuple, list or dict of Tensors, got ndarray"),
    ],
    ids=["number", "text", "list inside", "dict inside", "array"],
)
def test_inputs_that_are_no_tensors_are_refused(inputs: object, message: str) -> None:
    def f(x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
        return x

    with pytest.raises(ArgumentError) as caught:
        tl.jit.trace(f, inputs)  # type: ignore[arg-type]
    assert str(caught.value) == f"trace: {message}"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "gave a value of type NoneType; ...: is a return missing?"),
        (
            {"a": 1},
            "gives a dict: a trace is only right for it if its structure does not change with the inputs; give a "
            "NamedTuple instead, or pass strict=False",
        ),
        ((1.0, 2.0), "gave a value of type float; ..."),
        (np.ones(1), "gave a value of type ndarray; ..."),
    ],
    ids=["None", "dict", "numbers", "array"],
)
def test_results_that_are_no_tensors_are_refused(result: object, message: str) -> None:
    def f(x: tl.Tensor) -> object:
        return result

    with pytest.raises(TraceError) as caught:
        tl.jit.trace(f, (tl.ones(1),))
    takes = "a traced function gives a Tensor, or a tuple, list or dict of Tensors"
    assert str(caught.value) == f"trace: f {message.replace('...', takes)}"


def test_inputs_may_come_from_a_generator_and_have_any_dtype() -> None:
    dtypes = (tl.float64, tl.int64, tl.bool, tl.uint8)
    traced = tl.jit.trace(lambda *xs: tuple(x.sum() for x in xs), (tl.ones(2, dtype=d) for d in dtypes))
    assert [r.dtype for r in traced(*(tl.ones(3, dtype=d) for d in dtypes))] == [
        tl.float64,
        tl.int64,
        tl.int64,
        tl.int64,
    ]


def test_tracing_writes_to_the_example_as_the_function_does() -> None:
    x = tl.tensor([1.0, 2.0])
    traced = tl.jit.trace(lambda x: x.add_(1), (x,))
    assert x.tolist() == [2.0, 3.0]
    assert traced(x) is x
    assert x.tolist() == [3.0, 4.0]


def test_sizes_are_baked_in() -> None:
    traced = tl.jit.trace(lambda x: x / x.shape[0], (tl.ones(2),))
    assert traced(tl.ones(4)).tolist() == [0.5] * 4


# Memory ---------------------------------------------------------------------------------------------------------------


def test_what_is_the_same_tensor_here_may_be_a_copy_elsewhere() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        y = x.contiguous()
        x.add_(1)
        return y

    traced = tl.jit.trace(f, (tl.zeros(2, 2),))
    for x in (tl.zeros(2, 2), tl.zeros(2, 2).t(), tl.zeros(2, 4)[:, ::2]):
        expected = f(x.clone().t().contiguous().t() if not x.is_contiguous() else x.clone())
        assert traced(x).tolist() == expected.tolist()
        assert x.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_tensor_of_data_is_fresh_at_every_run() -> None:
    def f(x: tl.Tensor) -> tuple[tl.Tensor, tl.Tensor]:
        total, row = tl.tensor([1.0, 2.0]), tl.empty(2)
        row[0] = 5.0
        total.add_(x)
        row[1:].copy_(total[:1])
        return total, row * tl.tensor(2.0)

    traced = tl.jit.trace(f, (tl.zeros(2),))
    for call in (traced, traced, traced.interpret):
        total, row = call(tl.tensor([1.0, 1.0]))
        assert (total.tolist(), row.tolist()) == ([2.0, 3.0], [10.0, 4.0])
    assert kinds(traced.graph).count("aten::clone") == 2


def test_a_tensor_that_was_there_before_is_written_to_for_good() -> None:
    total = tl.zeros(2)

    def f(x: tl.Tensor) -> tl.Tensor:
        return total.add_(x) * 1

    traced = tl.jit.trace(f, (tl.ones(2),), check_trace=False)
    assert [traced(tl.ones(2)).tolist() for _ in range(2)] == [[2.0, 2.0], [3.0, 3.0]]
    assert total.tolist() == [3.0, 3.0]


# Warnings -------------------------------------------------------------------------------------------------------------


def reads_twice(x: tl.Tensor) -> tl.Tensor:
    for _ in range(3):
        if x.sum() > 0:
            x = x - 1
    return x * float(x.sum())


def test_each_place_is_warned_of_once_a_trace_and_again_at_the_next() -> None:
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            traced = tl.jit.trace(reads_twice, (tl.ones(2),))
        first = reads_twice.__code__.co_firstlineno
        assert [w.lineno - first for w in caught] == [2, 4]
        assert [e.what for e in traced.escapes] == ["bool", "float"]


def test_warnings_can_be_turned_off_by_module_and_into_errors() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=TracerWarning, module=__name__)
        tl.jit.trace(reads_twice, (tl.ones(2),))
        warnings.simplefilter("error", TracerWarning)
        with pytest.raises(TracerWarning):
            tl.jit.trace(reads_twice, (tl.ones(2),))


def test_what_is_written_to_a_captured_tensor_is_seen_by_the_next_call() -> None:
    held = tl.tensor([1.0, 2.0])
    compiled = tl.jit.trace(lambda x: x * (held * 2 + 1), (tl.ones(2),))
    assert compiled(tl.ones(2)).tolist() == [3.0, 5.0]
    held.add_(10)
    assert compiled(tl.ones(2)).tolist() == [23.0, 25.0]
