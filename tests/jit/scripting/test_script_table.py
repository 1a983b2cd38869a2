"""The table of programs: Python, the interpreter, the compiled program, the graph's own code, and TorchScript agree."""

from __future__ import annotations

import enum
import itertools
import linecache
import math
import sys
import typing
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import TensorlabError
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.interpret import run
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import FULL
from tensorlab.jit.scripting import compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.text import Style, format_graph
from tensorlab.jit.verify import verify
from tests.jit.scripting.program import Program, T
from tests.jit.scripting.programs import DIFFERS, PROGRAMS, WITHOUT_CODE
from tests.jit.scripting.test_script_errors import CASES

WITH_TEXT = [p for p in PROGRAMS if WITHOUT_CODE.get(p.name, "Python").startswith(("Python", "as ignored"))]
SAME = [p for p in PROGRAMS if p.name not in DIFFERS]

_counter = itertools.count()
_TYPES = {
    name: getattr(typing, name) for name in ("Any", "Dict", "Final", "List", "NamedTuple", "Optional", "Tuple", "Union")
}


def function_of(program: Program, library: Any) -> Callable[..., Any]:
    """The program's function, its source where both libraries look for it."""
    name = f"scripted_program_{next(_counter)}"
    filename = f"<{name}>"
    linecache.cache[filename] = (len(program.source), None, program.source.splitlines(keepends=True), filename)
    module = sys.modules[name] = ModuleType(name)  # where classes look for their source
    module.__file__ = filename
    names = vars(module)
    names |= {**_TYPES, "tl": library, "Tensor": library.Tensor, "math": math, "Enum": enum.Enum}
    exec(compile(program.source, filename, "exec", dont_inherit=True), names)
    return names["f"]


def given(value: Any, library: Any) -> Any:
    """An argument, tensors made by the library, containers anew."""
    if isinstance(value, T):
        return library.tensor(value.data)
    if isinstance(value, (list, tuple)):
        return type(value)(given(v, library) for v in value)
    if isinstance(value, dict):
        return {k: given(v, library) for k, v in value.items()}
    return value


def plain(value: Any) -> Any:
    """A value that compares: tensors as dtype and nested lists, each container under its kind."""
    if hasattr(value, "data_ptr"):
        return str(value.dtype).rpartition(".")[2], np.round(np.array(value.tolist(), dtype=float), 5).tolist()
    if isinstance(value, (list, tuple)):
        return "list" if isinstance(value, list) else "tuple", [plain(v) for v in value]
    if isinstance(value, dict):
        return "dict", [(plain(k), plain(v)) for k, v in value.items()]
    if isinstance(value, enum.Enum):
        return value.name
    return type(value).__name__, repr(value)


def outcome(function: Callable[..., Any], call: tuple[Any, ...], library: Any, raised: type[Exception]) -> Any:
    """What a call gives, and what it leaves of its arguments; or that it raised."""
    args = given(call, library)
    try:
        result = function(*args)
    except raised:
        return "raised"
    return plain(result), [plain(a) for a in args if hasattr(a, "data_ptr")]


def interpreter_of(graph: Any) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        results = run(graph, args)
        return results[0] if len(results) == 1 else results

    return call


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name.replace(" ", "_"))
def test_as_python_does(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    function = function_of(program, tl)
    scripted = tl.jit.script(function)
    verify(scripted.graph)
    others = [scripted.interpret, scripted]
    if program.name not in WITHOUT_CODE:
        code = graph_to_code(scripted.graph)
        again = compile_source(code, "forward", text_namespace(name_constants(scripted.graph)))
        verify(again)
        others.append(interpreter_of(again))
    for call in program.calls:
        expected = outcome(function, call, tl, Exception)
        printed = capsys.readouterr().out
        for other in others:
            assert outcome(other, call, tl, TensorlabError) == expected
            assert capsys.readouterr().out == printed


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name.replace(" ", "_"))
def test_by_the_full_pipeline_as_python_does(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    function = function_of(program, tl)
    compiled = ScriptFunction(tl.jit.script(function).graph, kind="scripted", pipeline=FULL)
    for call in program.calls:
        expected = outcome(function, call, tl, Exception)
        printed = capsys.readouterr().out
        assert outcome(compiled, call, tl, TensorlabError) == expected
        assert capsys.readouterr().out == printed
    verify(compiled.graph_for(*given(program.calls[0], tl)))


@pytest.mark.parametrize("style", ["2", "1.0"])
@pytest.mark.parametrize("program", WITH_TEXT, ids=lambda p: p.name.replace(" ", "_"))
def test_the_text_of_a_graph_reads_back(program: Program, style: Style) -> None:
    text = format_graph(tl.jit.script(function_of(program, tl)).graph, style=style, elide=False)
    again = parse_graph(text)
    verify(again)
    assert format_graph(again, style=style, elide=False) == text


@pytest.mark.torch
@pytest.mark.parametrize("program", SAME, ids=lambda p: p.name.replace(" ", "_"))
def test_as_torchscript_does(program: Program) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    scripted = tl.jit.script(function_of(program, tl))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.jit.script(function_of(program, torch))
        for call in program.calls:
            assert outcome(scripted, call, tl, TensorlabError) == outcome(theirs, call, torch, Exception)


# What we refuse and TorchScript takes, and why we do.
TAKEN_BY_TORCH = {
    "dict comprehension": "keys are compared by value, which a tensor is not",
    "other type tensor": "a tensor is no int unless int() asks it for its value",
    "attribute": "x.grad has no op of its own here",
    "annotation union": "there are no unions but with None",
    "starred target": "how many parts a list has is not known",
    "list types": "TorchScript makes a list of a union, with a warning, that nothing can be done with",
    "dict values": "as list types",
    "dict of tensor keys": "keys are compared by value, which a tensor is not",
    "sorted tensors": "a tensor has no order",
    "is": "only None and members of enumerations are compared by identity",
    "complex": "there are no complex numbers",
    "min tensors": "TorchScript's fails when it runs, unless the tensors have one element",
    "min one": "TorchScript's gives the number itself, where Python raises",
    "float text": "TorchScript's fails when it runs",
    "tensor of values": "a tensor of lists is made of numbers that are written out",
    "empty": "empty has no op of its own here",
    "percent few": "TorchScript's fails when it runs",
    "percent kind": "TorchScript's fails when it runs",
    "too many ways": "it would copy the rest of the function too often",
    "too many by position": "alpha is given by its name",
}


@pytest.mark.torch
def test_torchscript_refuses_what_we_refuse() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    taken: list[str] = []
    for name, source in CASES.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.jit.script(function_of(Program(name, source, ()), torch))
        except (RuntimeError, NameError, SyntaxError, torch.jit.frontend.NotSupportedError):
            continue
        taken.append(name)
    assert set(taken) <= set(TAKEN_BY_TORCH)
    assert len(CASES) - len(taken) > 80


def test_every_difference_is_of_a_program_and_has_a_reason() -> None:
    names = {p.name for p in PROGRAMS}
    assert len(names) == len(PROGRAMS)
    assert names >= set(DIFFERS)
    assert names >= set(WITHOUT_CODE)
    assert all((*DIFFERS.values(), *WITHOUT_CODE.values()))
