"""What a function goes through, from its source to machine code, with what this function was in each phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tensorlab.errors import RangeError, ScriptError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.instructions import Instruction, translate
from tensorlab.jit.ir import Block, Graph, Node, Span
from tensorlab.jit.machine_code import code_nbytes, innermost
from tensorlab.jit.native_tier import WAIT, NativeTier
from tensorlab.jit.phase_records import Phase, PhaseLine, Phases, Task
from tensorlab.jit.specialisations import Specialisation
from tensorlab.jit.syntax_of_graph import outer_span, syntax_of_graph
from tensorlab.jit.syntax_tree import SyntaxTree
from tensorlab.jit.text import Names, format_node, name_params
from tensorlab.jit.uncollected import uncollected

EXCERPT = 6  # lines of each phase
_FOUND = {
    "scripted": "types are checked while the graph is built",
    "traced": "recorded while the function ran, with the types that came",
    "loaded": "read from an archive",
}
_DIFFERENTIATED = "calls that are differentiated run programs of their own: call {}(...) under no_grad()"


class _Row(NamedTuple):
    """A line of a phase before it is known which are shown: the user's lines that it is of, and how much it counts."""

    number: str
    text: str
    lines: frozenset[int]
    weight: int = 1


@uncollected()
def phases_of(function: ScriptFunction, name: str, *, line: int | None = None) -> Phases:
    """Every phase of a function, for the arguments of its latest call; before any call, up to the instructions.

    Cost:   the assembly of a loop that was read from the disk is made once more, which takes Numba up to a second.
    Raises: `RangeError` for a line that is not the function's.
    """
    try:
        tree = syntax_of_graph(function.graph, name)
    except ScriptError as error:
        tree, why = None, error.message
    else:
        why = ""
    if line is not None:
        _check(line, tree, name, why)
    latest = function.latest
    records = function.records
    optimised = latest.graph if latest is not None else records[-1].after if records else function.graph
    maker = _Maker(tree.filename if tree is not None else "", line)
    made = [
        *(maker.of_source(tree) if tree is not None else maker.without_source(why)),
        maker.of_graph("graph", "checking", function.graph, None, _FOUND.get(function.kind, "")),
        maker.of_graph(
            "optimised graph",
            "optimisation",
            optimised,
            None if latest is None else latest.seconds.passes,
            f"{sum(record.changed for record in records)} of {len(records)} passes changed it",
        ),
        maker.of_instructions(optimised),
        *maker.of_program(latest, name, with_gradients=bool(function.gradient_programs)),
    ]
    key = "" if latest is None else latest.key
    label = tree.label if tree is not None else ""
    differentiated = latest is None and bool(function.gradient_programs)
    return Phases(name, function.kind, label, key, line, tuple(made), differentiated)


def _check(line: int, tree: SyntaxTree | None, name: str, why: str) -> None:
    if tree is None:
        raise RangeError(f"phases: got line {line}, but {why}")
    if not tree.first_line <= line <= tree.last_line:
        raise RangeError(f"phases: got line {line}; {name} stands in lines {tree.first_line} to {tree.last_line}")


class _Maker:
    """Makes phases of rows, with one line of one file marked, and the same names in all graphs."""

    def __init__(self, filename: str, line: int | None) -> None:
        self.filename = filename
        self.line = line
        self.names = Names()

    def phase(
        self,
        name: str,
        task: Task,
        rows: Sequence[_Row],
        noun: str,
        *,
        count: int | None,
        seconds: float | None = None,
        note: str = "",
        marks: bool = True,
    ) -> Phase:
        """A phase with an excerpt: its first lines, or those of the line asked for.

        Without ``marks`` lines are of many of the user's lines at once, and nothing is said of the one.
        """
        found = [row for row in rows if self.line in row.lines] if self.line is not None else list(rows)
        marks = marks and self.line is not None
        marked = sum(row.weight for row in found) if marks else None
        shown = tuple(PhaseLine(row.number, row.text, marks) for row in found[:EXCERPT])
        return Phase(name, task, count, noun, shown, len(found), marked, seconds, note)

    # From the text

    def of_source(self, tree: SyntaxTree) -> Iterator[Phase]:
        numbers = range(tree.first_line, tree.last_line + 1)
        source = [_Row(str(n), text, frozenset([n])) for n, text in zip(numbers, tree.lines, strict=True)]
        yield self.phase("source", "", source, "line", count=len(source))
        by_line: dict[int, list[str]] = {}
        for token in tree.tokens:
            text = token.text if token.kind not in ("INDENT", "DEDENT", "NEWLINE") else ""
            by_line.setdefault(token.place.line, []).append(f"{token.kind} {text}".rstrip())
        tokens = [_Row(str(n), "  ".join(words), frozenset([n]), len(words)) for n, words in by_line.items()]
        yield self.phase("tokens", "parsing", tokens, "token", count=len(tree.tokens))
        nodes: list[_Row] = []
        for node in tree.nodes:
            fields = " ".join(f"{name}={text}" for name, text in node.fields)
            label = f"{node.label}: " if node.label else ""
            lines = frozenset([node.place.line]) if node.place is not None else frozenset[int]()
            nodes.append(_Row("", f"{'  ' * node.depth}{label}{node.kind} {fields}".rstrip(), lines))
        yield self.phase("syntax tree", "parsing", nodes, "node", count=len(nodes))

    def without_source(self, why: str) -> Iterator[Phase]:
        yield Phase("source", "", None, "line", note=why)
        yield Phase("tokens", "parsing", None, "token", note=why)
        yield Phase("syntax tree", "parsing", None, "node", note=why)

    # From graphs

    def of_graph(self, name: str, task: Task, graph: Graph, seconds: float | None, note: str) -> Phase:
        for value in graph.inputs:
            self.names.of(value)
        rows = list(self._nodes(graph.block, ""))
        count = sum(1 for _ in graph.nodes())
        inside = len(rows) - count
        more = "1 more node" if inside == 1 else f"{inside:,} more nodes"
        notes = [note, *([f"{more} inside groups that become one loop each"] if inside else [])]
        return self.phase(name, task, rows, "node", count=count, seconds=seconds, note="; ".join(notes))

    def _nodes(self, block: Block, indent: str, weight: int = 1) -> Iterator[_Row]:
        for node in block.nodes:
            yield _Row("", indent + format_node(node, self.names), self.lines_of_node(node), weight)
            for inner in node.blocks:
                for value in inner.params:
                    self.names.of(value)
                yield from self._nodes(inner, indent + "  ", weight)
            group = node.attributes.get("subgraph")
            if isinstance(group, Graph):
                name_params(node, self.names)
                yield from self._nodes(group.block, indent + "  ", 0)

    def lines_of_node(self, node: Node) -> frozenset[int]:
        """The user's lines that a node is of: of a group, those of what is in it."""
        group = node.attributes.get("subgraph")
        if isinstance(group, Graph):
            return frozenset[int]().union(*(self.lines_of_node(inner) for inner in group.nodes()))
        return self._lines([node.span])

    def _lines(self, spans: Sequence[Span | None]) -> frozenset[int]:
        outer = [outer_span(span) for span in spans if span is not None]
        return frozenset(span.line for span in outer if span.filename == self.filename)

    def of_instructions(self, graph: Graph) -> Phase:
        rows = [
            _Row(str(pc), str(one), self._lines_of_instruction(one))
            for pc, one in enumerate(translate(graph).instructions)
        ]
        note = "of the interpreter, a register machine; move empties a register at its last use"
        return self.phase("instructions", "translation", rows, "instruction", count=len(rows), note=note)

    def _lines_of_instruction(self, one: Instruction) -> frozenset[int]:
        if one.code is None:
            return self._lines([one.span])
        return frozenset[int]().union(*map(self._lines_of_instruction, one.code.instructions))

    # From the compilation

    def of_program(self, latest: Specialisation | None, name: str, *, with_gradients: bool) -> Iterator[Phase]:
        if latest is None:
            why = f"compiled for the arguments of a call: call {name}(...) once"
            if with_gradients:
                why = _DIFFERENTIATED.format(name)
            yield Phase("program", "translation", None, "line", note=why)
            yield Phase("native code", "execution", None, "byte", note=why)
            return
        program, seconds = latest.program, latest.seconds
        nothing = frozenset[int]()
        rows = [
            _Row(str(i), text, self.lines_of_node(program.nodes[i]) if i in program.nodes else nothing)
            for i, text in enumerate(program.python.splitlines(), 1)
        ]
        note = "Python that calls loops and libraries"
        if program.native is not None and program.native.function is not None:
            note += "; it ran until the native function took its place"
        yield self.phase("program", "translation", rows, "line", count=len(rows), seconds=seconds.lowering, note=note)
        if latest.calls:
            yield self._native(latest)
            return
        why = f"not called yet: call {name}(...) once"
        if with_gradients:
            why = _DIFFERENTIATED.format(name)
        yield Phase("native code", "execution", None, "byte", note=why)

    def _native(self, latest: Specialisation) -> Phase:
        tier = latest.program.native
        function = None if tier is None else tier.function
        loops = latest.program.compiled_loops()
        # In this process: of a loop that was on disk, what it took to read it.
        seconds = sum(loop.seconds.total for loop in loops) if loops else None
        if function is not None:
            everything = frozenset[int]().union(*map(self.lines_of_node, latest.graph.nodes()))
            of_loops = {loop.name: self._lines(one.spans) for one in latest.program.loops for loop in one.loops}
            lines = {loop.name: of_loops.get(loop.name, everything) for loop in loops}
            note = f"one function for the whole graph, {function.loop.name}"
            if len(loops) > 1:
                note += f", which calls {_counted(len(loops) - 1)} by address"
            if self.line is not None:
                note += "; which of its instructions are of the line is not recorded"
        else:
            lines = {loop.name: self._lines(fused.spans) for fused in latest.program.loops for loop in fused.loops}
            note = f"{_counted(len(loops))}; {_why(tier)}"
        sizes = [code_nbytes(loop) for loop in loops]
        known = sum(size for size in sizes if size is not None)
        count = known if loops and None not in sizes else None
        rows: list[_Row] = []
        chosen = [loop for loop in loops if self.line is None or self.line in lines[loop.name]]
        for loop, size in zip(loops, sizes, strict=True):
            told = "" if size is None else f", {size:,} bytes of instructions"
            rows.append(_Row("", f"{loop.name}{told}", lines[loop.name], 0 if size is None else size))
        if chosen:
            for text in innermost(chosen[0].asm()):
                rows.append(_Row("", f"  {text.strip()}" if text.startswith("\t") else text, lines[chosen[0].name], 0))
            note += f"; the innermost block of {chosen[0].name}"
        return self.phase(
            "native code",
            "execution",
            rows,
            "byte",
            count=count,
            seconds=seconds,
            note=note,
            marks=function is None,
        )


def _counted(loops: int) -> str:
    if not loops:
        return "no loop of its own so far: what is called are libraries"
    return "1 loop" if loops == 1 else f"{loops} loops"


def _why(tier: NativeTier | None) -> str:
    if tier is not None and tier.refusal is not None:
        return f"no native function: {tier.refusal.reason}"
    return f"a native function for the whole may follow after {WAIT if tier is None else tier.wait} calls"
