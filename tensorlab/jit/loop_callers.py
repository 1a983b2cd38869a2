"""The nodes behind each compiled loop of a program, looked up once a program: a loop may have thousands of callers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from tensorlab.core.compile import Loop
from tensorlab.jit.ir import Graph, Node, walk
from tensorlab.jit.native_function import NativeFunction
from tensorlab.jit.program import Program

_CALL = re.compile(r"\b(\w+)\(")
_ADDRESS = re.compile(r"\s+(\w+) = loops\[(\d+)\]")
_CALL_AT = re.compile(r"_at\((\w+), ")


class LoopCallers:
    """Which nodes call which loop, as the program stands now: later calls may compile more of it.

    ``nodes`` are those of the graph that a native function is made of, by their serials; none where there is none.

    Cost: linear in the lines of the program and in what is compiled.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.native: NativeFunction | None = None if program.native is None else program.native.function
        self.nodes: Mapping[int, Node] = {}
        self._found: dict[int, dict[int, Node]] = {}  # by the loops' identities: nodes in order, by their serials
        self.loops: tuple[Loop, ...] = tuple({id(loop): loop for loop in program.compiled_loops()}.values())
        if self.native is None or program.native is None:
            self._read_program()
            return
        self.nodes = {node.serial: node for node in _all_nodes(program.native.graph)}
        self._read_native(self.native)

    def of(self, loop: Loop) -> Sequence[Node]:
        """The nodes whose loop it is: of a fused loop the group, in the order of the text."""
        return list(self._found.get(id(loop), {}).values())

    def _read_program(self) -> None:
        """A line of the program is for a node, and calls loops by their names in it."""
        named = {fused.name: fused.loops for fused in self.program.loops}
        lines = self.program.python.splitlines()
        for number, node in self.program.nodes.items():
            for name in _CALL.findall(lines[number - 1]):
                for loop in named.get(name, ()):
                    self._found.setdefault(id(loop), {})[node.serial] = node

    def _read_native(self, native: NativeFunction) -> None:
        """A native function calls loops by their addresses, on the lines that a node has in it."""
        lines, called = native.loop.source.splitlines(), native.plan.loops
        names: dict[str, Loop] = {}
        for line in lines:
            match = _ADDRESS.match(line)
            if match is not None and int(match[2]) < len(called):
                names[match[1]] = called[int(match[2])]
        calls = [
            (n, names[name]) for n, line in enumerate(lines, 1) for name in _CALL_AT.findall(line) if name in names
        ]
        numbers = [number for number, _ in calls]
        for serial, (first, last) in native.plan.places.items():
            if serial not in self.nodes:
                continue
            for _, loop in calls[bisect_left(numbers, first) : bisect_left(numbers, last + 1)]:
                self._found.setdefault(id(loop), {})[serial] = self.nodes[serial]


def _all_nodes(graph: Graph) -> Iterator[Node]:
    for node in walk(graph.block):
        yield node
        subgraph = node.attributes.get("subgraph")
        if isinstance(subgraph, Graph):
            yield from _all_nodes(subgraph)
