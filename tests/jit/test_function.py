"""Compiled functions: what they take, what they keep, what they say of themselves."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, List, Optional, Tuple  # noqa: UP035 - what users write

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError
from tensorlab.jit import ScriptFunction
from tensorlab.jit.specialisations import LIMIT
from tensorlab.jit.verify import verify


def scale(x: tl.Tensor, factor: float = 2.0, *, shift: int = 1) -> tl.Tensor:
    """A line."""
    return x * factor + shift


def parts(xs: List[tl.Tensor], pair: Tuple[tl.Tensor, int], more: Optional[float]) -> Tuple[tl.Tensor, int]:  # noqa: UP006, UP045
    total = pair[0] * pair[1]
    for i in range(len(xs)):
        total = total + xs[i]
    if more is not None:
        total = total * more
    return total, len(xs)


def counts(n: int, flag: bool, name: str) -> int:
    if flag:
        n = n + 1
    print(name)
    return n * 2


# Arguments


def test_arguments_come_by_position_by_name_or_by_default() -> None:
    scripted = tl.jit.script(scale)
    x = tl.tensor([1.0, 2.0])
    assert scripted(x).tolist() == [3.0, 5.0]
    assert scripted(x, 3.0).tolist() == [4.0, 7.0]
    assert scripted(shift=0, x=x).tolist() == [2.0, 4.0]
    assert scripted.forward(x, factor=1.0, shift=2).tolist() == [3.0, 4.0]
    assert scripted.interpret(x, shift=5).tolist() == [7.0, 9.0]
    traced = tl.jit.trace(lambda a, b: a - b, (x, x))
    assert traced(b=x, a=x * 3).tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "argument 'x' is missing"),
        ((1, 2, 3, 4), {}, "got 4 arguments"),
        ((tl.ones(1),), {"y": 1}, "has no parameter 'y'"),
        ((tl.ones(1),), {"x": tl.ones(1)}, "got argument 'x' twice"),
    ],
    ids=["missing", "many", "unknown", "twice"],
)
def test_a_call_that_does_not_fit_is_refused(args: tuple[Any, ...], kwargs: dict[str, Any], message: str) -> None:
    scripted = tl.jit.script(scale)
    for call in (scripted, scripted.interpret, scripted.graph_for, scripted.specialisation_for):
        with pytest.raises(ArgumentError) as caught:
            call(*args, **kwargs)
        assert str(caught.value) == f"scale: {message}; takes (Tensor x, float factor=2.0, int shift=1)"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((2.0,), "argument 'x' takes Tensor, got float"),
        ((np.ones(2),), "argument 'x' takes Tensor, got ndarray; tensorlab.from_numpy makes one of it"),
        ((tl.ones(1), "a"), "argument 'factor' takes float, got str"),
        ((tl.ones(1), tl.ones(2)), "argument 'factor' takes float, got Float(2)"),
        ((tl.ones(1), 1.0, 2.5), "argument 'shift' takes int, got float"),
        ((tl.ones(1), None), "argument 'factor' takes float, got NoneType"),
        ((tl.ones(1), 1.0, tl.tensor(2.5)), "argument 'shift' takes int, got Float()"),
    ],
)
def test_an_argument_of_another_type_is_refused(args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        tl.jit.script(scale)(*args)
    assert str(caught.value) == f"scale: {message}"


@pytest.mark.parametrize(
    ("factor", "shift"),
    [(3, 1), (True, True), (np.float32(3), np.int64(1)), (np.int32(3), np.bool_(True)), (tl.tensor(3), tl.tensor(1))],
    ids=["int", "bool", "numpy", "numpy int", "0-d tensor"],
)
def test_numbers_become_what_the_graph_takes(factor: Any, shift: Any) -> None:
    scripted = tl.jit.script(scale)
    x = tl.tensor([1, 2])  # an int as the factor would leave the result an int
    result = scripted(x, factor, shift=shift)
    assert result.dtype is tl.float32
    assert result.tolist() == [float(factor) * 1 + 1, float(factor) * 2 + 1]
    assert scripted.interpret(x, factor, shift=shift).dtype is tl.float32


def test_lists_tuples_and_optionals() -> None:
    scripted = tl.jit.script(parts)
    x = tl.tensor([1.0, 2.0])
    for xs, pair, more in (
        ([x, x], (x, 3), None),
        ((x, x), [x, 3], 2),
        ([], (x, 3), 0.5),
        ([x], (x, True), tl.tensor(2.0)),
    ):
        expected, count = parts(list(xs), tuple(pair), more if more is None else float(more))  # type: ignore[arg-type]
        for call in (scripted, scripted.interpret):
            total, length = call(xs, pair, more)
            assert (total.tolist(), length) == (expected.tolist(), count)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([1.0], (tl.ones(1), 1), None), "argument 'xs' takes Tensor[], got list"),
        ((tl.ones(2), (tl.ones(1), 1), None), "argument 'xs' takes Tensor[], got Float(2)"),
        (([], (tl.ones(1), 1, 2), None), "argument 'pair' takes (Tensor, int), got tuple"),
        (([], (tl.ones(1), 1.5), None), "argument 'pair' takes (Tensor, int), got tuple"),
        (([], (tl.ones(1), 1), "x"), "argument 'more' takes float?, got str"),
    ],
)
def test_elements_are_looked_at_at_every_call(args: tuple[Any, ...], message: str) -> None:
    scripted = tl.jit.script(parts)
    scripted([tl.ones(1)], (tl.ones(1), 1), None)
    with pytest.raises(ArgumentError) as caught:
        scripted(*args)
    assert str(caught.value) == f"parts: {message}"


def bounded(x: tl.Tensor, low: Optional[float], high: Optional[float] = 1.0) -> tl.Tensor:  # noqa: UP045
    return x.clamp(low, high) * 2


def test_an_optional_number_that_is_none_reaches_the_loop() -> None:
    scripted = tl.jit.script(bounded)
    x = tl.tensor([-2.0, 0.0, 2.0])
    for low, high in ((None, 1.0), (-1.0, None), (-1.0, 1.0), (None, 0.5), (None, 1.0)):
        assert scripted(x, low, high).tolist() == scripted.interpret(x, low, high).tolist()
        assert scripted(x, low, high).tolist() == (x.clamp(low, high) * 2).tolist()
    for special in scripted.programs:
        verify(special.graph)


def test_numbers_and_texts_alone(capsys: pytest.CaptureFixture[str]) -> None:
    scripted = tl.jit.script(counts)
    assert scripted(3, True, "a") == 8
    assert scripted(3, flag=False, name="b") == 6
    assert capsys.readouterr().out == "a\nb\n"
    assert type(scripted(True, False, "c")) is int


def test_a_function_of_nothing() -> None:
    traced = tl.jit.trace(lambda: tl.ones(2) * 3, ())
    assert traced().tolist() == [3.0, 3.0]
    assert traced() is not traced()
    with pytest.raises(ArgumentError) as caught:
        traced(1)
    assert str(caught.value) == "traced: got 1 argument; takes ()"


# Programs


def test_programs_are_kept_by_dtype_layout_and_kind_of_number() -> None:
    scripted = tl.jit.script(scale)
    x = tl.ones(2, 3)
    for args in ((x,), (x, 5.0), (x, 5), (x + 1, 1.0, 7)):
        scripted(*args)
    assert len(scripted.programs) == 1
    scripted(x.t())
    scripted(x.to(tl.float64))
    assert len(scripted.programs) == 3


def test_the_program_called_least_recently_goes_first() -> None:
    traced = tl.jit.trace(lambda x: x + 1, (tl.ones(1),))
    first = traced.specialisation_for(tl.ones(1))
    for n in range(2, LIMIT + 1):
        traced.specialisation_for(tl.zeros(n))
    traced(tl.zeros(1))  # used again
    traced.specialisation_for(tl.zeros(LIMIT + 1))
    kept = {special.types[0].shape for special in traced.programs}  # type: ignore[union-attr]
    assert len(kept) == LIMIT
    assert (1,) in kept and (2,) not in kept
    assert traced.specialisation_for(tl.ones(1)) is first


def test_the_latest_is_what_was_called_or_asked_for_last() -> None:
    traced = tl.jit.trace(lambda x: x + 1, (tl.ones(1),))
    small, large = traced.specialisation_for(tl.ones(1)), traced.specialisation_for(tl.ones(9))
    assert traced.latest is large
    traced(tl.ones(1))
    assert traced.latest is small
    assert traced.records is small.records
    assert traced.graph_for(tl.ones(9)) is large.graph
    assert traced.latest is large


def test_records_are_there_before_any_call() -> None:
    scripted = tl.jit.script(scale)
    assert scripted.latest is None
    assert [r.name for r in scripted.records] == [p.name for p in scripted.pipeline]
    assert scripted.records is scripted.records
    assert scripted.programs == ()


def test_a_function_without_loops_has_stages() -> None:
    traced = tl.jit.trace(lambda x: x @ x, (tl.ones(2, 2),))
    assert traced.stages("python").startswith("def program(x):\n    v0 = matmul(x, x)")
    assert traced.stages("asm") == "# traced has no loop of its own: every operation in it is a call"


def test_threads_share_a_function() -> None:
    def work(x: tl.Tensor, w: tl.Tensor) -> tl.Tensor:
        y = x * 2 + 1
        for _ in range(3):
            y = (y @ w) * 0.5 - x
        return tl.tanh(y)

    traced = tl.jit.trace(work, (tl.ones(2, 2), tl.ones(2, 2)))
    rng = np.random.default_rng(0)
    cases = []
    for n in range(1, 9):
        x, w = (tl.from_numpy(rng.standard_normal((n, n)).astype(np.float32)) for _ in range(2))
        cases.append((x, w, traced.interpret(x, w).numpy()))

    def run(k: int) -> None:
        for i in range(40):
            x, w, expected = cases[(k + (i if k % 2 else 0)) % len(cases)]
            np.testing.assert_allclose(traced(x, w).numpy(), expected, rtol=1e-5, atol=1e-6)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert len(traced.programs) == 8 + 1  # one for all sizes, until each was called often


# What it says of itself


def test_names_texts_and_signatures() -> None:
    scripted = tl.jit.script(scale)
    assert scripted.schema == "scale(Tensor x, float factor=2.0, int shift=1) -> Tensor"
    assert repr(scripted) == f"<scripted function {scripted.schema}>"
    assert (scripted.__name__, scripted.__qualname__, scripted.__module__) == ("scale", "scale", __name__)
    assert scripted.__doc__ == "A line."
    assert str(inspect.signature(scripted)) == "(x: 'Tensor', factor: 'float' = 2.0, shift: 'int' = 1)"
    assert repr(type(scripted)) == "<class 'tensorlab.jit.function.ScriptFunction'>"
    traced = tl.jit.trace(scale, (tl.ones(2),), name="other")
    assert repr(traced) == "<traced function other(Float(2) x) -> Float(2)>"
    assert str(inspect.signature(traced)) == "(x: 'Tensor')"
    assert traced.__doc__ == "A line."
    assert tl.jit.script(scripted) is scripted


def test_a_graph_read_from_its_text_can_be_called() -> None:
    graph = tl.jit.parse_ir(
        "graph(%x.1 : Tensor, %class : int):\n  %2 : Tensor = aten::mul(%x.1, %class)\n  return (%2)\n"
    )
    function = ScriptFunction(graph, kind="parsed")
    assert function(tl.ones(2), 3).tolist() == [3.0, 3.0]
    assert function(tl.ones(2), 4).tolist() == [4.0, 4.0]
    assert str(inspect.signature(function)) == "(*args: 'Any', **kwargs: 'Any') -> 'Any'"
    assert function(**{"class": 5}, x=tl.ones(1)).tolist() == [5.0]


# Archives


def test_a_scripted_function_comes_back(tmp_path: Path) -> None:
    scripted = tl.jit.script(parts)
    scripted.save(tmp_path / "parts.zip")
    loaded = tl.jit.load(tmp_path / "parts.zip")
    assert (loaded.kind, loaded.name) == ("loaded", "parts")
    assert loaded.schema == scripted.schema
    assert loaded.code == scripted.code
    x = tl.tensor([1.0, 2.0])
    for more in (None, 2.0):
        expected = parts([x, x], (x, 3), more)
        for call in (loaded, loaded.interpret):
            got = call([x, x], (x, 3), more)
            assert (got[0].tolist(), got[1]) == (expected[0].tolist(), expected[1])


def test_a_trace_comes_back_with_its_tensors_and_their_sharing(tmp_path: Path) -> None:
    base = tl.tensor([1.0, 2.0, 3.0, 4.0])
    head, tail = base[:2], base[2:]

    def f(x: tl.Tensor) -> tl.Tensor:
        head.add_(x)
        return base.sum() + tail * x

    traced = tl.jit.trace(f, (tl.zeros(2),), check_trace=False)
    traced.save(tmp_path / "f.zip")
    loaded = tl.jit.load(tmp_path / "f.zip")
    loaded.save(tmp_path / "again.zip")
    again = tl.jit.load(tmp_path / "again.zip")
    x = tl.tensor([1.0, 1.0])
    results = [[function(x).tolist() for _ in range(2)] for function in (traced, loaded, again)]
    assert results == [[[15.0, 16.0], [17.0, 18.0]]] * 3  # what is written through one is seen through the other
    assert base.tolist() == [3.0, 4.0, 3.0, 4.0]


# Switched off


def test_without_the_compiler_functions_come_back_as_they_are() -> None:
    code = (
        "import tensorlab as tl\n"
        "def f(x): return {x: 1}\n"
        "assert tl.jit.trace(f, (tl.ones(1),)) is f\n"
        "assert tl.jit.script(f) is f\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TENSORLAB_JIT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
