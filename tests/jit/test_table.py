"""The table of small programs, run by tensorlab and by PyTorch, traced and scripted: values, kinds of nodes, errors.

All graphs of scripts are compared. A sixth of the rows runs and is traced by default, all of them with ``--whole``.
"""

from __future__ import annotations

import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import RunError, ScriptError, TensorlabError
from tensorlab.jit.parse import parse_graph
from tests.jit.scripting.program import Program
from tests.jit.scripting.programs import DIFFERS, PROGRAMS
from tests.jit.scripting.test_script_table import function_of, interpreter_of, plain
from tests.jit.table_kinds import (
    NOT_BY_TORCH,
    SCRIPT_REASONS,
    SPELLINGS,
    TRACE_REASONS,
    kinds_of,
    kinds_of_torch,
    scripted_kinds,
    unexplained,
)
from tests.jit.table_refusals import CATEGORIES, WHEN_COMPILED, WHEN_RUN
from tests.jit.table_rows import NUMBERS, Row, arguments
from tests.jit.table_tensors import TENSORS

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

SCRIPTED = (*(p for p in PROGRAMS if p.name not in DIFFERS), *(r.program for r in TENSORS))
BY_TORCH = [p for p in SCRIPTED if p.name not in NOT_BY_TORCH]


def _id(program: Program | Row) -> str:
    return program.name.replace(" ", "_").replace(":", "")


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Skips the rows that are not of this run's share: a name says which, the same in each run."""

    def check(row: Row) -> None:
        if not request.config.getoption("--whole") and zlib.crc32(row.name.encode()) % 6:
            pytest.skip("not of the share that runs without --whole")

    return check


def traced(row: Row, library: Any) -> Any:
    """The program traced: its numbers are part of it."""
    function = function_of(row.program, library)
    given = arguments(row.names, library)
    numbers = {n: v for n, v in given.items() if n in NUMBERS}
    tensors = [n for n in given if n not in NUMBERS]

    def numbers_fixed(*args: Any) -> Any:
        return function(**dict(zip(tensors, args, strict=True)), **numbers)

    return library.jit.trace(numbers_fixed, tuple(given[n] for n in tensors), check_trace=False)


def outcome(function: Callable[..., Any], row: Row, library: Any, *, turned: bool, tensors: bool = False) -> Any:
    """What a call gives, and what it leaves of its arguments."""
    given = arguments(row.names, library, turned=turned)
    if tensors:
        given = {n: v for n, v in given.items() if n not in NUMBERS}
        result = function(*given.values())
    else:
        result = function(**given)
    return repr((plain(result), [plain(v) for v in given.values()]))  # as text, where a NaN is a NaN


@pytest.mark.parametrize("row", TENSORS, ids=_id)
def test_values(row: Row, whole: Callable[[Row], None]) -> None:
    """Plain, scripted and traced, by the interpreter and compiled: as PyTorch, with arguments of either sign."""
    whole(row)
    theirs = function_of(row.program, torch)
    for turned in (False, True):
        expected = outcome(theirs, row, torch, turned=turned)
        assert outcome(function_of(row.program, tl), row, tl, turned=turned) == expected
        scripted = tl.jit.script(function_of(row.program, tl))
        assert outcome(scripted.interpret, row, tl, turned=turned) == expected
        assert outcome(scripted, row, tl, turned=turned) == expected
        if row.name not in NOT_BY_TORCH:
            assert outcome(torch.jit.script(theirs), row, torch, turned=turned) == expected


@pytest.mark.parametrize("row", [r for r in TENSORS if r.traceable], ids=_id)
def test_traces(row: Row, whole: Callable[[Row], None]) -> None:
    """Values and kinds of nodes of traces, and of PyTorch's read; with other arguments each does what it recorded."""
    whole(row)
    ours, theirs = traced(row, tl), traced(row, torch)
    read = interpreter_of(parse_graph(str(theirs.graph)))
    for turned in (False, True):
        expected = outcome(theirs, row, torch, turned=turned, tensors=True)
        for call in (ours.interpret, ours, read):
            assert outcome(call, row, tl, turned=turned, tensors=True) == expected
    left = unexplained(kinds_of(ours.graph), kinds_of_torch(theirs.graph, traced=True))
    assert (left != ({}, {})) == (row.name in TRACE_REASONS), left


@pytest.mark.parametrize("program", BY_TORCH, ids=_id)
def test_kinds_of_nodes(program: Program) -> None:
    """Before any pass, the graph of a script has PyTorch's kinds of nodes, each as often."""
    ours, theirs = (scripted_kinds(function_of(program, library), library) for library in (tl, torch))
    left = unexplained(ours, theirs)
    assert (left != ({}, {})) == (program.name in SCRIPT_REASONS), left


@pytest.mark.parametrize("row", WHEN_RUN, ids=_id)
def test_refused_when_it_runs(row: Row) -> None:
    """The plain call raises an error of the same category; a script's names the user's line and its carets."""
    scripted, theirs = tl.jit.script(function_of(row.program, tl)), torch.jit.script(function_of(row.program, torch))
    with pytest.raises(Exception) as plainly:
        function_of(row.program, torch)(**arguments(row.names, torch))
    category = plainly.type if plainly.type is not RuntimeError and row.name not in CATEGORIES else TensorlabError
    with pytest.raises(category):
        function_of(row.program, tl)(**arguments(row.names, tl))
    with pytest.raises(RuntimeError):
        theirs(**arguments(row.names, torch))
    lines = [line.strip() for line in row.program.source.splitlines()[1:]]
    for call in (scripted.interpret, scripted):
        with pytest.raises(RunError) as found:
            call(**arguments(row.names, tl))
        assert any(line in str(found.value) for line in lines)
        assert "^" in str(found.value)


@pytest.mark.parametrize(("line", "program"), WHEN_COMPILED, ids=[_id(p) for _, p in WHEN_COMPILED])
def test_refused_when_it_is_compiled(line: str, program: Program) -> None:
    with pytest.raises((RuntimeError, torch.jit.frontend.NotSupportedError)):  # a RecursionError is a RuntimeError
        torch.jit.script(function_of(program, torch))
    with pytest.raises(ScriptError) as found:
        tl.jit.script(function_of(program, tl))
    assert line in str(found.value)


def test_the_table_is_large_and_its_differences_have_reasons() -> None:
    names = Counter(
        p.name for p in (*PROGRAMS, *(r.program for r in (*TENSORS, *WHEN_RUN)), *(p for _, p in WHEN_COMPILED))
    )
    assert len(names) > 400 and set(names.values()) == {1}
    known = {*SCRIPT_REASONS, *TRACE_REASONS, *NOT_BY_TORCH, *CATEGORIES}
    assert known <= set(names)
    assert all(s.why for s in SPELLINGS)
