"""What a trace made of its source: recorded, baked in, branches taken and not, and what never ran."""

from __future__ import annotations

import json
import linecache
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError
from tensorlab.jit.explain_marks import Mark
from tensorlab.jit.explanation import Explanation

pytestmark = pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")


def explained(function: Callable[..., Any], *inputs: tl.Tensor, **options: Any) -> Explanation:
    return tl.jit.explain(tl.jit.trace(function, inputs, **options))


def facts(marks: tuple[Mark, ...]) -> list[tuple[Any, ...]]:
    return [(m.kind, m.source, *m.values) for m in marks]


def my_function(x: tl.Tensor) -> tl.Tensor:
    if x.mean() > 1.0:
        r = tl.tensor(1.0)
    else:
        r = tl.tensor(2.0)
    return r


def test_the_talks_function() -> None:
    found = explained(my_function, tl.ones(2, 2))
    assert facts(found.marks) == [
        ("recorded", "x.mean()"),
        ("recorded", "x.mean() > 1.0"),
        ("baked", "x.mean() > 1.0", "False"),
        ("branch", "x.mean() > 1.0", "False"),
        ("never", "r = tl.tensor(1.0)"),
        ("baked", "tl.tensor(2.0)", "2.0"),
    ]
    branch = found.of("branch")[0]
    first = my_function.__code__.co_firstlineno
    assert (branch.missing, branch.decided) == ("True", "tensor")
    assert branch.unseen is not None
    assert (branch.unseen.line, branch.unseen.column, branch.unseen.end_column) == (first + 2, 8, 26)
    (function,) = found.functions
    assert (function.name, function.filename, function.first_line, function.calls) == (
        "my_function",
        __file__,
        first,
        1,
    )
    assert len(function.lines) == 6


def test_its_text(golden: Any) -> None:
    found = explained(my_function, tl.ones(2, 2))
    (function,) = found.functions
    text = str(found).replace(__file__, "talk.py")
    for number, line in enumerate(function.lines, start=function.first_line):
        text = text.replace(f"{number:>5}   {line}", f"{number - function.first_line + 1:>5}   {line}")
        text = text.replace(f"{number:>5} - {line}", f"{number - function.first_line + 1:>5} - {line}")
        text = text.replace(f"(line {number})", f"(line {number - function.first_line + 1})")
    golden.check("explain_talk.txt", text + "\n")


def test_nodes_are_those_of_the_traced_graph() -> None:
    traced = tl.jit.trace(my_function, tl.ones(2, 2))
    serials = {n.serial: n.kind for n in traced.graph.nodes()}
    marks = tl.jit.explain(traced).of("recorded")
    assert [[serials[n] for n in m.nodes] for m in marks] == [["aten::mean"], ["aten::gt"]]
    assert [m.lines for m in marks] == [
        ("%2 : Float() = aten::mean(%x, %1)",),
        ("%4 : Bool() = aten::gt(%2, %3)",),
    ]


def test_every_recorded_node_is_told_of_once() -> None:
    def f(x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
        for _ in range(3):
            x = x * y + 1
        return x

    traced = tl.jit.trace(f, (tl.ones(2), tl.ones(2)))
    told = [n for m in tl.jit.explain(traced).of("recorded") for n in m.nodes]
    assert sorted(told) == sorted(n.serial for n in traced.graph.nodes() if n.kind != "prim::Constant")


def test_sizes_are_baked_in_with_their_values_and_decide_loops_and_branches() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        n, _ = x.shape
        for i in range(n):
            x = x + i
        if x.size(-1) * 2 > 100:
            x = x - 1
        return x / x.shape[0]

    found = explained(f, tl.ones(3, 4))
    sizes = [(m.source, m.values) for m in found.of("baked") if m.what == "size"]
    assert sizes == [("x.shape", ("(3, 4)",)), ("x.size(-1) * 2 > 100", ("False",)), ("x.shape[0]", ("3",))]
    assert [(m.source, m.values, m.decided) for m in found.of("loop")] == [("range(n)", ("3",), "size")]
    assert [(m.values, m.missing, m.decided) for m in found.of("branch")] == [(("False",), "True", "size")]


def test_outcomes_of_each_kind_of_branch() -> None:
    def f(x: tl.Tensor, flag: bool = True) -> tl.Tensor:
        if flag:
            x = x + 1
        for i in range(2):
            x = x * 2 if i else x
        while x.sum() < 20:
            x = x + 1
        if (flag and x.sum() > 0) or x.sum() < -5:
            return x
        return x - 1

    found = explained(f, tl.ones(2))
    assert [(m.what, m.source, m.values, m.missing, m.decided) for m in found.of("branch")] == [
        ("if", "flag", ("True",), "False", "python"),
        ("conditional", "i", ("True", "False"), "", "python"),
        ("while", "x.sum() < 20", ("True", "False"), "", "tensor"),
        ("if", "(flag and x.sum() > 0) or x.sum() < -5", ("True",), "False", "tensor"),
    ]
    assert [m.source for m in found.of("never")] == ["x.sum() < -5", "return x - 1"]


@pytest.mark.parametrize("value", [True, False])
def test_a_branch_without_an_else(value: bool) -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        if value:
            x.add_(1)
        if not value:
            x.add_(2)
        return x

    assert [m.values for m in explained(f, tl.ones(2)).of("branch")] == [(str(value),), (str(not value),)]


def test_a_place_in_a_loop_has_all_of_its_values() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        while True:
            x = x + 1
            if x.sum() > 5:
                break
        for _ in []:
            x = x * 2
        return x

    found = explained(f, tl.ones(2))
    assert [m.values for m in found.of("baked")] == [("False", "True")]
    assert [(m.source, m.values) for m in found.of("branch")] == [("x.sum() > 5", ("True", "False"))]
    assert [m.source for m in found.of("never")] == ["x = x * 2"]
    assert [m.values for m in found.of("loop")] == [("0",)]


@pytest.mark.parametrize(("mode", "never"), [("a", ["x = x * 3", "x = x * 4"]), ("c", ["x = x * 2", "x = x * 3"])])
def test_cases_of_a_match(mode: str, never: list[str]) -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        match mode:
            case "a":
                x = x * 2
            case "b":
                x = x * 3
            case _:
                x = x * 4
        return x

    assert [m.source for m in explained(f, tl.ones(2)).of("never")] == never


def test_finally_with_and_expressions_over_lines() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        try:
            with tl.no_grad():
                y = (
                    x * 2
                    + x
                )  # fmt: skip
        finally:
            y = y + 2
        return y

    found = explained(f, tl.ones(2))
    assert found.of("never") == ()
    assert [(m.span.end_line - m.span.line, len(m.nodes)) for m in found.of("recorded")] == [(0, 1), (1, 1), (0, 1)]


def test_a_name_carries_what_decides() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        positive = bool(x.sum() > 0)
        return x * 2 if positive else x

    (branch,) = explained(f, tl.ones(2)).of("branch")
    assert (branch.source, branch.decided, branch.missing) == ("positive", "tensor", "False")


def test_rows_and_lengths_are_sizes() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        for row in x:
            y = row if len(x) > 1 else x
        return y

    found = explained(f, tl.ones(2, 2))
    assert [(m.source, m.decided) for m in (*found.of("loop"), *found.of("branch"))] == [
        ("x", "size"),
        ("len(x) > 1", "size"),
    ]
    assert [(m.source, len(m.nodes)) for m in found.of("recorded")] == [("x", 2)]  # its rows, not the loop's body


def outer(x: tl.Tensor) -> tl.Tensor:
    inner = lambda v: v * 3
    unused = lambda v: v * 4  # noqa: F841
    try:
        y = helper(x, deep=False)
    except ValueError:
        y = x
    return inner(y) + sum(row.sum() for row in x)


def helper(x: tl.Tensor, *, deep: bool) -> tl.Tensor:
    """Said, not run."""
    if deep:
        x = x + 1
        return helper(x, deep=False)
    return x - 1


def test_functions_that_are_called_lambdas_and_comprehensions() -> None:
    found = explained(outer, tl.ones(2, 2))
    assert [f.name for f in found.functions] == ["outer", "helper"]
    one, two = found.functions
    assert [m.source for m in one.marks if m.kind == "never"] == ["v * 4", "except ValueError:"]
    recorded = [(m.source, len(m.nodes)) for m in one.marks if m.kind == "recorded"]
    assert ("v * 3", 1) in recorded
    assert ("row.sum()", 2) in recorded
    assert [m.source for m in two.marks if m.kind == "never"] == ["x = x + 1"]  # two statements, as one piece
    never = next(m.span for m in two.marks if m.kind == "never")
    assert never.end_line == never.line + 1


def test_a_call_of_a_compiled_function_is_what_became_of_its_nodes() -> None:
    @tl.jit.script
    def choose(x: tl.Tensor) -> tl.Tensor:
        if x.sum() > 0:
            x = x * 2
        return x

    found = explained(lambda x: choose(x) + 1, tl.ones(2))
    marks = [m for m in found.of("recorded") if m.source == "choose(x)"]
    assert [line.split(" = ")[1].split("(")[0] for line in marks[0].lines][-1] == "prim::If"
    assert found.elsewhere == ()


def test_it_leaves_buffers_random_numbers_and_other_watchers_as_they_were() -> None:
    net = tl.nn.Sequential(tl.nn.BatchNorm1d(2), tl.nn.Linear(2, 2))
    traced = tl.jit.trace(net, tl.ones(3, 2))
    noisy = tl.jit.trace(lambda x: x + tl.rand(2), tl.ones(2), check_trace=False)
    before, state = net[0].num_batches_tracked.item(), tl.get_rng_state().tolist()
    watcher = sys.gettrace()
    tl.jit.explain(traced)
    tl.jit.explain(noisy)
    assert net[0].num_batches_tracked.item() == before
    assert tl.get_rng_state().tolist() == state
    assert sys.gettrace() is watcher


def test_a_watched_trace_is_explained_without_running_again() -> None:
    calls = []

    def f(x: tl.Tensor) -> tl.Tensor:
        calls.append(1)
        return x * 2 if x.sum() > 0 else x

    traced = tl.jit.trace(f, tl.ones(2), check_trace=False, watch=True)
    found = tl.jit.explain(traced)
    assert len(calls) == 1
    assert found.of("branch")[0].values == ("True",)
    assert facts(found.marks) == facts(explained(f, tl.ones(2)).marks)


def test_a_function_that_does_something_else_the_next_time_is_told_of() -> None:
    calls = []

    def f(x: tl.Tensor) -> tl.Tensor:
        calls.append(1)
        return x + 1 if len(calls) == 1 else x * 2

    found = explained(f, tl.ones(2), check_trace=False)
    assert found.note.splitlines()[0] == "f did something else when it ran again"
    assert "aten::mul" in found.of("recorded")[0].lines[0]
    assert found.note.splitlines()[1] in str(found)


CELL = """def f(x):
    é = x.sum()
    return x if é > 0 else -x
"""


def test_cells_and_lines_with_other_letters() -> None:
    filename = "<ipython-input-4-0123456789ab>"
    linecache.cache[filename] = (len(CELL), None, CELL.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, filename, "exec"), names)
    found = explained(names["f"], tl.ones(2))
    assert found.functions[0].label == "cell 4"
    assert facts(found.marks) == [
        ("recorded", "x.sum()"),
        ("recorded", "é > 0"),
        ("baked", "é > 0", "True"),
        ("branch", "é > 0", "True"),
        ("never", "-x"),
    ]
    del linecache.cache[filename]


def test_a_function_without_a_source_is_said_to_have_none() -> None:
    names: dict[str, Any] = {}
    exec("def f(x):\n    return x * 2", names)
    found = explained(names["f"], tl.ones(2))
    assert found.functions == ()
    assert found.elsewhere == ("%2 : Float(2) = aten::mul(%x, %1)",)
    assert "recorded elsewhere" in str(found)


def test_the_record_is_plain_data() -> None:
    data = explained(outer, tl.ones(2, 2)).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["name", "inputs", "functions", "elsewhere", "note"]


def test_only_traced_functions_are_explained() -> None:
    with pytest.raises(ArgumentError) as caught:
        tl.jit.explain(tl.jit.script(helper_script))
    assert str(caught.value) == "explain: takes a function that tl.jit.trace gave, got a scripted function"
    with pytest.raises(ArgumentError, match=r"explain: takes a function that tl.jit.trace gave, got int"):
        tl.jit.explain(3)


def helper_script(x: tl.Tensor) -> tl.Tensor:
    return x + 1


def test_warnings_are_not_repeated() -> None:
    traced = tl.jit.trace(my_function, tl.ones(2, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tl.jit.explain(traced)
