"""Checking a trace by tracing again: what differs is named, what is random is warned of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import TracerWarning, TracingCheckError
from tensorlab.jit.check import first_difference
from tensorlab.jit.tracing import record


def test_the_check_names_the_first_operation_that_differs() -> None:
    calls = []

    def f(x: tl.Tensor) -> tl.Tensor:
        calls.append(1)
        return x + x if len(calls) == 1 else x * x

    with pytest.raises(TracingCheckError) as caught:
        tl.jit.trace(f, (tl.ones(2),))
    text = str(caught.value)
    assert text.startswith("trace: f did something else when it ran again on the same inputs\n")
    line = f.__code__.co_firstlineno + 2
    assert text.splitlines()[1:] == [
        f"  first time:  %2 : Float(2) = aten::add(%x, %x, %1), where %1 = 1  # {__file__}:{line}:15",
        f"  second time: %1 : Float(2) = aten::mul(%x, %x)  # {__file__}:{line}:45",
        f"  {__file__}, line {line}, column 16",
        "      return x + x if len(calls) == 1 else x * x",
        "             ^^^^^",
        f"  {__file__}, line {line}, column 46",
        "      return x + x if len(calls) == 1 else x * x",
        "                                           ^^^^^",
    ]
    assert caught.value.difference == "\n".join(text.splitlines()[1:])


def test_the_check_warns_of_random_results() -> None:
    def dropout(x: tl.Tensor) -> tl.Tensor:
        return x * (tl.rand(100) > 0.5)

    with pytest.warns(TracerWarning) as caught:
        tl.jit.trace(dropout, (tl.ones(100),))
    chance, differs = map(str, (w.message for w in caught))
    assert chance.splitlines() == [
        "dropout: the trace has nondeterministic nodes. Did you forget to call .eval() on your model?",
        f"  %3 : Float(100) = aten::rand(%1, %2), where %1 = [100], %2 = None  # {place(dropout, 1)}:20",
        "Results differ from run to run, and so may the check's; check_trace=False leaves it out",
    ]
    assert differs == "dropout: result 0 of the trace differs from the function's by 1 (tolerance 1e-05)"
    assert {w.filename for w in caught} == {__file__}


def test_dropout_in_training_is_warned_of_and_in_use_is_not() -> None:
    model = tl.nn.Sequential(tl.nn.Linear(4, 4), tl.nn.Dropout())
    with pytest.warns(TracerWarning) as caught:
        tl.jit.trace(model, tl.ones(8, 4))
    assert "Did you forget to call .eval() on your model?" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tl.jit.trace(model.eval(), tl.ones(8, 4))


def place(function: object, line: int) -> str:
    return f"{__file__}:{function.__code__.co_firstlineno + line}"  # type: ignore[attr-defined]


def test_a_memoised_global_is_found_out() -> None:
    memory: dict[str, tl.Tensor] = {}

    def f(x: tl.Tensor) -> tl.Tensor:
        if "y" not in memory:
            memory["y"] = x * 2
        return memory["y"] + 1

    with pytest.raises(TracingCheckError) as caught:
        tl.jit.trace(f, (tl.ones(2),))
    assert str(caught.value).splitlines() == [
        "trace: f did something else when it ran again on the same inputs",
        f"  first time:  %2 : Float(2) = aten::mul(%x, %1), where %1 = 2  # {place(f, 2)}:26",
        "  second time: %4 : Float(2) = aten::add(%1, %2, %3), where %1 = {2, 2}, %2 = 1, %3 = 1"
        f"  # {place(f, 3)}:15",
        f"  {__file__}, line {f.__code__.co_firstlineno + 2}, column 27",
        '      memory["y"] = x * 2',
        "                    ^^^^^",
        f"  {__file__}, line {f.__code__.co_firstlineno + 3}, column 16",
        '      return memory["y"] + 1',
        "             ^^^^^^^^^^^^^^^",
    ]


def test_a_loop_over_a_shape_is_found_out_on_inputs_of_another_shape() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        total = x[0] * 2
        for i in range(1, x.shape[0]):
            total = total + x[i]
        return total

    tl.jit.trace(f, (tl.ones(3),), check_inputs=[(tl.zeros(3),), tl.rand(3)])
    with pytest.raises(TracingCheckError) as caught:
        tl.jit.trace(f, (tl.ones(2),), check_inputs=[(tl.ones(3),)])
    lines = str(caught.value).splitlines()
    assert lines[0] == "trace: f did something else when it ran again on inputs of other types (Float(3))"
    assert lines[1].startswith("  first time:  return (")
    assert ": Float() = aten::select(%x, " in lines[2]
    assert lines[2].endswith(f"  # {place(f, 3)}:28")


def test_a_shape_that_decides_nothing_passes() -> None:
    tl.jit.trace(lambda x: tl.tanh(x) @ x.t(), (tl.ones(2, 3),), check_inputs=[tl.ones(4, 5), (tl.ones(1, 1),)])


def test_a_result_of_another_kind_is_found_out() -> None:
    calls = []

    def f(x: tl.Tensor) -> object:
        calls.append(1)
        y = x + 1
        return (y,) if len(calls) == 1 else y

    with pytest.raises(TracingCheckError) as caught:
        tl.jit.trace(f, (tl.ones(2),))
    assert [line.split(" : ")[0] for line in str(caught.value).splitlines()[1:]] == [
        "  first time:  %4",
        "  second time: return (%3)",
    ]


def test_an_argument_of_an_operation_is_compared() -> None:
    numbers = iter((1.0, 2.0, 2.0))

    def f(x: tl.Tensor) -> tl.Tensor:
        return x * next(numbers)

    with pytest.raises(TracingCheckError, match=r"where %1 = 1\.  .*\n.*where %1 = 2\.  "):
        tl.jit.trace(f, (tl.ones(2),))


def test_a_tensor_read_out_that_changes_is_found_out() -> None:
    weight = tl.ones(2)

    def f(x: tl.Tensor) -> tl.Tensor:
        weight.add_(1)
        return x * weight.item() if weight.numel() == 1 else x * float(weight.sum())

    with pytest.raises(TracingCheckError, match=r"first time: .*where %\d = 4\.") as caught:
        tl.jit.trace(f, (tl.ones(2),))
    assert "where %7 = 6." in str(caught.value)


def test_what_is_written_to_the_inputs_is_compared() -> None:
    x = tl.ones(2)

    def f(x: tl.Tensor) -> tl.Tensor:
        x.detached_numpy()[0] += 1  # behind the trace's back
        return x * 1

    with pytest.warns(TracerWarning) as caught:
        tl.jit.trace(f, (x,))
    assert [str(w.message) for w in caught] == [
        "f: result 0 of the trace differs from the function's by 0.5 (tolerance 1e-05)",
        "f: input 0 afterwards of the trace differs from the function's by 0.5 (tolerance 1e-05)",
    ]
    assert caught[0].filename == __file__


def test_a_tolerance_can_be_given_and_the_check_left_out() -> None:
    def noisy(x: tl.Tensor) -> tl.Tensor:
        return x + tl.rand(2) * 0.01

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tl.jit.trace(noisy, (tl.ones(2),), check_trace=False)
    with pytest.warns(TracerWarning, match="nondeterministic nodes") as caught:
        tl.jit.trace(noisy, (tl.ones(2),), check_tolerance=0.1)
    assert len(caught) == 1


def test_control_flow_of_callees_is_compared() -> None:
    def choose(x: tl.Tensor, n: int) -> tl.Tensor:
        if n > 1:
            y = x + 1
        else:
            y = x * 2
        return y

    def other(x: tl.Tensor, n: int) -> tl.Tensor:
        if n > 1:
            y = x + 1
        else:
            y = x * 3
        return y

    one, two = tl.jit.script(choose).graph, tl.jit.script(other).graph
    assert first_difference(one, tl.jit.script(choose).graph) is None
    found = first_difference(one, two)
    assert found is not None
    assert "= aten::mul(%x, %5), where %5 = 2" in found.splitlines()[0]
    assert "= aten::mul(%x, %5), where %5 = 3" in found.splitlines()[1]


def test_types_count_if_they_are_asked_for() -> None:
    short, long = (record(lambda x: x + 1, (tl.ones(n),), ("x",), "f").graph for n in (2, 3))
    assert first_difference(short, long, types=False) is None
    assert first_difference(short, long) is not None


def memoised(lib: Any) -> Callable[[Any], Any]:
    memory: dict[str, Any] = {}

    def f(x: Any) -> Any:
        if "y" not in memory:
            memory["y"] = x * 2
        return memory["y"] + 1

    return f


def turns(lib: Any) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        total = x[0]
        for i in range(x.shape[0]):
            total = total + x[i]
        return total

    return f


def counted(lib: Any) -> Callable[[Any], Any]:
    numbers = iter(range(100))
    return lambda x: x * next(numbers)


def steady(lib: Any) -> Callable[[Any], Any]:
    return lambda x: lib.tanh(x * 2)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*Output nr 1. of the traced function")
@pytest.mark.parametrize("make", [memoised, turns, counted, steady])
def test_torch_rejects_the_same(make: Callable[[Any], Callable[[Any], Any]]) -> None:
    torch = pytest.importorskip("torch")

    def rejected(lib: Any, error: type[Exception]) -> bool:
        try:
            lib.jit.trace(make(lib), lib.ones(2), check_inputs=[(lib.ones(3),)])
        except error:
            return True
        return False

    theirs = rejected(torch, torch.jit.TracingCheckError)
    assert rejected(tl, TracingCheckError) == theirs == (make is not steady)
