"""Every way to run a program, and what they must agree on: results, arguments afterwards, memory, prints, gradients."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from random import Random
from typing import Any

import numpy as np
from fuzz_programs import FuzzProgram, function_of
from fuzz_writer import samples

import tensorlab as tl
from tensorlab.core.types import FLOAT, INT, Type
from tensorlab.errors import TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.build import snapshot
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT, FULL, NAMES, Pipeline
from tensorlab.jit.scripting import compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.stepper import Stepper
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

Arguments = dict[str, Any]
ULPS = 256  # between tensorlab and torch, and between gradients of ours, in units of the largest number of a tensor
# What plain Python raises for a program that is no program: an index outside of a list, a name without a value.
PYTHON_REFUSES = (TensorlabError, ArithmeticError, LookupError, NameError, TypeError, ValueError)
# Reading what overlaps the place that is written is allowed here; so is a gradient that nothing flows into through a
# tensor that was written to.
TORCH_REFUSES = ("refer to a single memory location", "has been modified by an inplace operation")


class RefusedError(Exception):
    """Plain Python with the eager library refuses a program: there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: tensors (results, then arguments), how they lie, which share memory, other results, prints."""

    arrays: list[np.ndarray]
    strides: list[list[int]]
    shared: set[tuple[int, int]]
    others: list[Any]
    printed: str
    grads: list[np.ndarray | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run a program; ``exact`` if it shares memory just as plain Python does."""

    name: str
    run: Callable[..., Any]
    same_memory: bool = True
    torch: bool = False


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def run(function: Callable[..., Any], arguments: Arguments, *, gradients: bool = False, lib: Any = tl) -> Outcome:
    """Run a function, and backwards too.

    Raises: what the function raises.
    """
    given, floats = arguments, []
    if gradients:
        floats = [v for v in arguments.values() if isinstance(v, lib.Tensor) and v.dtype.is_floating_point]
        # Not leaves, so that the program may write to them; what was given twice still is.
        copies = {id(v): v.requires_grad_() * 1 for v in floats}
        given = {n: copies.get(id(v), v) for n, v in arguments.items()}
    printed = StringIO()
    with redirect_stdout(printed):
        result = function(**given)
    flat = list(leaves(result))
    tensors = [t for t in (*flat, *given.values()) if isinstance(t, lib.Tensor)]
    grads: list[np.ndarray | None] = []
    if gradients:
        weighed = [
            (t * lib.linspace(0.5, 1.5, t.numel(), dtype=t.dtype).reshape(t.shape)).sum()
            for t in tensors
            if t.requires_grad
        ]
        if weighed:
            sum(weighed[1:], weighed[0]).backward()
        grads = [None if t.grad is None else t.grad.numpy().copy() for t in floats]
        tensors = [t.detach() for t in tensors]
    places = [t.untyped_storage().data_ptr() for t in tensors]
    return Outcome(
        [t.numpy().copy() for t in tensors],
        [[s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1 and t.numel()] for t in tensors],
        {(i, j) for i in range(len(places)) for j in range(i) if places[i] == places[j]},
        [v for v in flat if not isinstance(v, lib.Tensor)],
        printed.getvalue(),
        grads,
    )


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal, zeros with their signs; any NaN is any other."""
    if (a.shape, a.dtype) != (b.shape, b.dtype) or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return False
    return a.dtype.kind != "f" or bool((np.signbit(a) == np.signbit(b))[~np.isnan(a)].all())


def close(a: np.ndarray, b: np.ndarray, ulps: int = ULPS) -> bool:
    """Equal but for rounding: within so many units in the last place of the largest number."""
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return False
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    finite = b[np.isfinite(b)]
    allowed = ulps * np.finfo(b.dtype).eps * max(1.0, float(np.abs(finite).max(initial=0)))
    return bool(np.allclose(a, b, rtol=0, atol=allowed, equal_nan=True))


def difference(got: Outcome, expected: Outcome, way: Way) -> str:
    """In what two outcomes differ, or an empty text."""
    alike = close if way.torch else same_bits
    for what, ours, theirs in (("tensor", got.arrays, expected.arrays), ("gradient", got.grads, expected.grads)):
        if len(ours) != len(theirs):
            return f"{len(ours)} {what}s instead of {len(theirs)}"
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if a is None or b is None:
                zero = way.torch and not any(x is not None and x.any() for x in (a, b))  # PyTorch writes zeros out
                if a is not b and not zero:
                    return f"{what} {i}: {shown(a)} instead of {shown(b)}"
            elif not (close if what == "gradient" else alike)(a, b):
                return f"{what} {i}: {shown(a)} instead of {shown(b)}"
    if got.others != expected.others or got.printed != expected.printed:
        return f"{got.others}, {got.printed!r} instead of {expected.others}, {expected.printed!r}"
    if way.same_memory and not way.torch and got.strides != expected.strides:
        return f"strides {got.strides} instead of {expected.strides}"
    if got.shared != expected.shared and (way.same_memory or got.shared - expected.shared):
        return f"memory shared by {sorted(got.shared)} instead of {sorted(expected.shared)}"
    return ""


def shown(a: np.ndarray | None) -> str:
    return "none" if a is None else f"{a.dtype}{list(a.shape)} {a.tolist()}"


# Arguments ------------------------------------------------------------------------------------------------------------


def strided(lib: Any) -> Arguments:
    arguments = samples(lib) | {"n": 4}
    return arguments | {"a": arguments["a"].t().contiguous().t(), "b": lib.cat([arguments["b"]] * 2, 1)[:, ::2]}


def aliased(lib: Any) -> Arguments:
    arguments = samples(lib)
    return arguments | {"b": arguments["a"]}


def overlapping(lib: Any) -> Arguments:
    """``c`` is a row of ``a``."""
    arguments = samples(lib)
    return arguments | {"c": arguments["a"][1]}


def others(lib: Any) -> Arguments:
    arguments = samples(lib) | {"n": 0, "s": 2.0}
    return arguments | {"a": arguments["a"] * -2, "d": arguments["d"].flip(0) + 1}


VARIANTS: dict[str, Callable[[Any], Arguments]] = {
    "samples": samples,
    "others": others,
    "strided": strided,
    "aliased": aliased,
    "overlapping": overlapping,
}


def types_of(arguments: Arguments) -> list[Type]:
    return [v.type if isinstance(v, tl.Tensor) else INT if isinstance(v, int) else FLOAT for v in arguments.values()]


# Ways -----------------------------------------------------------------------------------------------------------------


def of_graph(graph: Graph) -> Callable[..., Any]:
    """A function that interprets a graph."""

    def call(*args: Any, **kwargs: Any) -> Any:
        results = interpret.run(graph, [*args, *kwargs.values()])
        return results[0] if len(results) == 1 else results

    return call


def optimised(graph: Graph, pipeline: Pipeline, arguments: Arguments) -> Graph:
    """A copy that a pipeline changed for arguments of these types, verified after each pass."""
    own = snapshot(graph)
    for value, known in zip(own.inputs, types_of(arguments), strict=True):
        value.type = known
    pipeline.run(own, verify=True)
    return own


def some_passes(seed: int) -> Pipeline:
    """Passes in a random order, some of them twice."""
    random = Random(seed)
    names = [name for name, known in NAMES.items() if not known.tolerance]
    return Pipeline(tuple(NAMES[n] for n in random.choices(names, k=random.randint(3, 10))))


def read_back(graph: Graph) -> Graph:
    """The graph of its own text."""
    again = parse_graph(format_graph(graph, elide=False))
    verify(again)
    return again


def from_code(graph: Graph) -> Graph:
    """The graph of its own code."""
    again = compile_source(graph_to_code(graph), "forward", text_namespace(name_constants(graph)))
    verify(again)
    return again


def interpreted_ways(scripted: Any, arguments: Arguments, seed: int) -> Iterator[tuple[str, Callable[[], Way]]]:
    """Ways that compile no loop of their own."""
    graph = scripted.graph
    yield "interpreter", lambda: Way("interpreter", scripted.interpret)
    yield "text", lambda: Way("text", of_graph(read_back(graph)))
    yield "code", lambda: Way("code", of_graph(from_code(graph)))
    for name, pipeline in (("DEFAULT", DEFAULT), ("FULL", FULL), (some_passes(seed).line, some_passes(seed))):
        make = partial(optimised, graph, pipeline, arguments)
        label = f"passes {name}"
        yield label, lambda make=make, label=label: Way(label, of_graph(make()), same_memory=False)


def back_and_forth(graph: Graph) -> Callable[..., Any]:
    """A function that runs a graph to its end, back to its beginning, and to its end again."""

    def call(*args: Any, **kwargs: Any) -> Any:
        stepper = Stepper(graph, [*args, *kwargs.values()])
        stepper.end()
        sys.stdout.write(stepper.printed)
        stepper.at(0)
        results = stepper.end()
        return results[0] if len(results) == 1 else results

    return call


def natively(function: Any) -> Callable[..., Any]:
    """Calls of a function that wait no longer for the one native function of the whole graph, where there is one."""

    def call(**kwargs: Any) -> Any:
        native = function.specialisation_for(**kwargs).program.native
        if native is not None:
            native.compiled()
        return function(**kwargs)

    return call


def compiled_ways(scripted: Any, seed: int) -> Iterator[tuple[str, Callable[[], Way]]]:
    """Ways that compile loops; each is called twice, for the second call takes a shorter way."""
    full = ScriptFunction(scripted.graph, kind="scripted", pipeline=FULL)
    for name, function in (("program", scripted), ("program of FULL", full)):
        for again in ("", ", again"):
            label, same = name + again, function is scripted
            yield label, lambda f=function, label=label, same=same: Way(label, f, same_memory=same)
    function = (scripted, full)[seed % 2]
    yield "native", lambda: Way("native", natively(function), same_memory=function is scripted)


def traced_way(plain: Callable[..., Any], make: Callable[[Any], Arguments]) -> Callable[..., Any]:
    """The function traced with these very arguments; its numbers are part of it."""
    numbers = {n: v for n, v in make(tl).items() if not isinstance(v, tl.Tensor)}

    def numbers_fixed(a: tl.Tensor, b: tl.Tensor, c: tl.Tensor, d: tl.Tensor) -> Any:
        return plain(a, b, c, d, **numbers)

    examples = tuple(v for v in make(tl).values() if isinstance(v, tl.Tensor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tl.jit.trace(numbers_fixed, examples, check_trace=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """Two ways that disagree about a program, with these arguments."""

    program: FuzzProgram
    variant: str
    way: str
    what: str
    gradients: bool

    @property
    def kind(self) -> tuple[str, str]:
        """What a smaller program must keep: the way, and the error's class or that there is none."""
        return self.way, self.what.partition(":")[0] if self.what.startswith("raised") else "differs"


def failure(
    program: FuzzProgram,
    *,
    variants: Sequence[str] = ("samples",),
    compiled: bool = False,
    gradients: bool = False,
    torch: Any = None,
    only: str = "",
) -> Failure | None:
    """The first way that disagrees with plain Python over the eager library; ``only`` looks at that way alone.

    Raises: `RefusedError` where plain Python refuses the program with the first of the arguments.
    """
    try:
        plain = function_of(program.source)
    except SyntaxError as error:  # of a smaller program: a `continue` whose loop is gone
        raise RefusedError(str(error)) from error
    scripted: Any = None
    for variant in variants:
        make = VARIANTS[variant]
        try:
            expected = run(plain, make(tl), gradients=gradients)
        except (
            TensorlabError,
            IndexError,
            ZeroDivisionError,
            OverflowError,
            ValueError,
            TypeError,
            NameError,
        ) as error:
            if variant == variants[0]:
                raise RefusedError(str(error)) from error
            continue
        found = partial(Failure, program, variant, gradients=gradients)
        if scripted is None:
            try:
                scripted = tl.jit.script(plain)
                verify(scripted.graph)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
                return found("script", f"raised {type(error).__name__}: {error}")
        ways = list(interpreted_ways(scripted, make(tl), program.seed))
        if not gradients:  # a run that goes backwards has no tape
            ways += [("stepper", lambda graph=scripted.graph: Way("stepper", back_and_forth(graph)))]
        if compiled:
            ways += compiled_ways(scripted, program.seed)
        ways += [("trace", lambda make=make: Way("trace", traced_way(plain, make).interpret))]
        if compiled:
            ways += [("traced program", lambda make=make: Way("traced program", traced_way(plain, make)))]
        if torch is not None:
            theirs = function_of(program.source, torch)
            ways += [("torch", lambda theirs=theirs: Way("torch", theirs, torch=True))]
        for name, build in ways:
            if only and name.removesuffix(", again") != only.removesuffix(", again"):
                continue
            try:
                way = build()
                arguments = make(torch if way.torch else tl)
                if name.startswith("trace"):
                    arguments = {n: v for n, v in arguments.items() if not isinstance(v, (int, float))}
                got = run(way.run, arguments, gradients=gradients, lib=torch if way.torch else tl)
            except Exception as error:  # noqa: BLE001 - as above
                if name == "torch" and any(words in str(error) for words in TORCH_REFUSES):
                    continue
                return found(name, f"raised {type(error).__name__}: {error}")
            told = difference(got, expected, way)
            if told:
                return found(name, told)
    return None
