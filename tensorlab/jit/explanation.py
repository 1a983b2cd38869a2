"""What a trace made of the source: each expression recorded, baked in, decided one way, or never run.

Read off what really ran: the instructions of the user's functions (`watch`), the places of the nodes, and the values
that left for Python (`escapes`).
"""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, TracerWarning
from tensorlab.jit.check import first_difference
from tensorlab.jit.escapes import described
from tensorlab.jit.explain_marks import Mark, Reading, Recorded, codes_in
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import CONSTANT, Graph, Node, Span
from tensorlab.jit.scripting.source import Source, label_of
from tensorlab.jit.sizes import iterated, tree_of
from tensorlab.jit.subject import Origin
from tensorlab.jit.text import Names, format_node, name_graph
from tensorlab.jit.tracing import Trace
from tensorlab.jit.uncollected import uncollected
from tensorlab.jit.watch import Run, Watch, positions
from tensorlab.ops.generator import get_rng_state, set_rng_state

if TYPE_CHECKING:
    from tensorlab.jit.explain_search import Search

_MODULE = "<module>"  # what Python calls the code of a file, or of a notebook's cell


@dataclass(frozen=True, slots=True)
class ExplainedFunction:
    """One of the user's functions that ran: its lines from ``first_line`` on, and what became of them."""

    name: str
    filename: str
    label: str
    first_line: int
    lines: tuple[str, ...]
    calls: int
    marks: tuple[Mark, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "filename": self.filename,
            "label": self.label,
            "first_line": self.first_line,
            "lines": list(self.lines),
            "calls": self.calls,
            "marks": [m.to_dict() for m in self.marks],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a trace made of its function and of those that it called; ``str`` gives it as text.

    ``elsewhere`` are the texts of nodes without a place in these functions. ``note`` says where the function did
    something else when it ran again.
    """

    name: str
    inputs: tuple[str, ...]
    functions: tuple[ExplainedFunction, ...]
    elsewhere: tuple[str, ...]
    note: str = ""
    traced: ScriptFunction | None = field(default=None, repr=False, compare=False)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks of all functions."""
        return tuple(m for f in self.functions for m in f.marks)

    def of(self, kind: str) -> tuple[Mark, ...]:
        """The marks of one kind."""
        return tuple(m for m in self.marks if m.kind == kind)

    def search(self, *, budget: int = 200, seed: int = 0, tolerance: float = 1e-5) -> Search:
        """Look for an input on which trace and function disagree; see `find_disagreement`."""
        from tensorlab.jit.explain_search import find_disagreement

        if self.traced is None:
            raise ArgumentError(f"search: the explanation of {self.name} has no traced function")
        return find_disagreement(self.traced, budget=budget, seed=seed, tolerance=tolerance)

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "inputs": list(self.inputs),
            "functions": [f.to_dict() for f in self.functions],
            "elsewhere": list(self.elsewhere),
            "note": self.note,
        }

    def __str__(self) -> str:
        from tensorlab.jit.explain_text import explanation_text

        return explanation_text(self)


def explain(traced: ScriptFunction) -> Explanation:
    """What a trace recorded of its function, what it baked in, which branches it took, and what it never ran.

    The function runs once more under the trace, on copies of its example inputs, with the buffers of a module brought
    back; with ``trace(..., watch=True)`` it does not, and the run that was traced is told.

    Raises: `ArgumentError` for anything but a function that `trace` gave.
    """
    origin = origin_of(traced, "explain")
    if origin.watch is not None:
        return explanation(origin.trace, traced.graph, origin.watch, traced)
    watch = Watch()
    again = retraced(origin, watch)
    difference = first_difference(traced.graph, again.graph)
    note = "" if difference is None else f"{traced.name} did something else when it ran again\n{difference}"
    return explanation(again, traced.graph if difference is None else again.graph, watch, traced, note)


def origin_of(traced: object, what: str) -> Origin:
    """Where a traced function comes from.

    Raises: `ArgumentError` for anything else.
    """
    origin = getattr(traced, "origin", None)
    if isinstance(origin, Origin):
        return origin
    kind = f"a {traced.kind} function" if isinstance(traced, ScriptFunction) else type(traced).__name__
    raise ArgumentError(f"{what}: takes a function that tl.jit.trace gave, got {kind}")


def retraced(origin: Origin, watch: Watch, call: Any = None) -> Trace:
    """The trace of another run, on the example inputs or on others, which leaves buffers as they were."""
    chance = get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TracerWarning)
            return origin.subject.record((call or origin.call).copy(), watch=watch, undo=True)
    finally:
        set_rng_state(chance)


@uncollected()
def explanation(
    trace: Trace, graph: Graph, watch: Watch, traced: ScriptFunction | None = None, note: str = ""
) -> Explanation:
    """The record of one watched trace; ``graph`` is the one whose nodes are named, node by node as the trace's."""
    nodes = dict(zip((n.serial for n in trace.graph.nodes()), graph.nodes(), strict=True))
    names = Names()
    name_graph(graph, names)
    recorded, made = _places(trace, nodes, names)
    functions = tuple(_function(roots, runs, recorded, made, trace) for roots, runs in _groups(watch))
    told = {serial for f in functions for m in f.marks for serial in m.nodes}
    rest = [n for n in graph.nodes() if n.kind != CONSTANT and n.serial not in told and n.owner is graph.block]
    elsewhere = tuple(_text(n, names) for n in rest if n.span is not None)
    inputs = tuple(f"{v.name}: {v.type}" for v in graph.inputs)
    return Explanation(graph.name, inputs, functions, elsewhere, note, traced)


def _places(trace: Trace, nodes: dict[int, Node], names: Names) -> tuple[dict[Span, Recorded], dict[Span, str]]:
    """What was recorded at each place, and the tensors that were made of data there."""
    at: dict[Span, list[int]] = {}
    made: dict[Span, str] = {}
    for serial, node in nodes.items():
        if node.span is None:
            continue
        if serial in trace.made:
            held = node.attributes["value"]
            made[node.span] = described(held) if isinstance(held, Tensor) else str(held)
        elif node.kind != CONSTANT:
            at.setdefault(_piece(node.span), []).append(serial)
    for span, serials in trace.calls:
        if span is not None:
            at.setdefault(_piece(span), []).extend(s for s in serials if s in nodes and nodes[s].kind != CONSTANT)
    found = {
        span: Recorded(tuple(nodes[s].serial for s in serials), tuple(_text(nodes[s], names) for s in serials))
        for span, serials in at.items()
    }
    return found, made


def _piece(span: Span) -> Span:
    """The place of a node; of a row that a loop took, what the loop goes over, not all that is done with the row."""
    line = linecache.getline(span.filename, span.line)
    return iterated(span) if line[span.column :].startswith("for ") else span


def _text(node: Node, names: Names) -> str:
    return format_node(node, names)


def _groups(watch: Watch) -> list[tuple[list[CodeType], list[Run]]]:
    """The outermost functions that ran, each with the runs of all that is defined in it.

    A cell is one, though a notebook runs its statements and its last expression one after the other.
    """
    inner = {c for code in watch.runs for c in codes_in(code) if c is not code}
    groups: dict[object, list[CodeType]] = {}
    for code in watch.runs:
        if code not in inner:
            groups.setdefault(code.co_filename if code.co_name == _MODULE else code, []).append(code)
    return [
        (roots, [watch.runs[c] for root in roots for c in codes_in(root) if c in watch.runs])
        for roots in groups.values()
    ]


def _function(
    roots: Sequence[CodeType], runs: Sequence[Run], recorded: dict[Span, Recorded], made: dict[Span, str], trace: Trace
) -> ExplainedFunction:
    root = roots[0]
    lines = tuple(linecache.getlines(root.co_filename))
    source = Source(root.co_filename, lines, root.co_name)
    tree = tree_of(root.co_filename)
    definition = None if tree is None else _definition(tree, root)
    marks: Sequence[Mark] = ()
    first, last = root.co_firstlineno, root.co_firstlineno - 1
    if definition is not None:
        body = definition.body if isinstance(definition.body, list) else [definition.body]
        marks = Reading(source, body, roots, runs).marks(recorded, made, trace.escapes)
        first, last = getattr(definition, "lineno", 1), body[-1].end_lineno or 0
    shown = tuple(line.rstrip("\r\n") for line in lines[first - 1 : last])
    calls = next(run.calls for run in runs if run.code is root)
    return ExplainedFunction(
        root.co_name, root.co_filename, label_of(root.co_filename), first, shown, calls, tuple(marks)
    )


def _definition(
    tree: ast.Module, code: CodeType
) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module | None:
    """The syntax of a code object: the innermost of its name that all of its instructions lie in."""
    if code.co_name == _MODULE:
        return tree if tree.body else None
    found: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None
    where = [p for p in positions(code) if p is not None and p[2:] != (0, 0)]
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if getattr(node, "name", "<lambda>") != code.co_name:
            continue
        body = node.body if isinstance(node.body, list) else [node.body]
        start = (body[0].lineno, body[0].col_offset)
        end = (body[-1].end_lineno or 0, body[-1].end_col_offset or 0)
        if where and all(start <= (p[0], p[2]) and (p[1], p[3]) <= end for p in where):
            found = node  # walked from the outside in
    return found
