"""Pipelines: which passes run, in which order. A pipeline is data; running one leaves a record of each pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from tensorlab.errors import RangeError
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph
from tensorlab.jit.passes.constant import constant
from tensorlab.jit.passes.control import control
from tensorlab.jit.passes.cse import cse
from tensorlab.jit.passes.dce import dce
from tensorlab.jit.passes.fuse import fuse
from tensorlab.jit.passes.hoist import hoist
from tensorlab.jit.passes.peephole import peephole
from tensorlab.jit.passes.pool import pool
from tensorlab.jit.passes.shapes import shapes
from tensorlab.jit.passes.unroll import unroll
from tensorlab.jit.records import PassRecord
from tensorlab.jit.rewrite import OutOfRewrites, Pass, Rewriter
from tensorlab.jit.verify import verify as verify_graph


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Passes in the order in which they run; the methods give changed copies."""

    passes: tuple[Pass, ...]

    def run(self, graph: Graph, *, verify: bool = False, limit: int | None = None) -> tuple[PassRecord, ...]:
        """Run every pass over ``graph``, which changes; a record each, of those that changed nothing too.

        ``verify`` checks the graph before the first pass and after each; ``limit`` stops after so many rewrites, which
        finds the one that broke something.

        Raises: `GraphError` naming the pass, with ``verify``; `RangeError` for a negative limit.
        """
        if limit is not None and limit < 0:
            raise RangeError(f"limit: got {limit}; takes a number of rewrites, at least 0")
        if verify:
            verify_graph(graph)
        state, left = snapshot(graph), limit
        records: list[PassRecord] = []
        for pass_ in self.passes:
            if left == 0:
                records.append(_skipped(pass_, state, f"the limit of {limit} rewrites was reached"))
                continue
            record, left = _run(pass_, graph, state, left)
            state = record.after
            records.append(record)
            if verify:
                verify_graph(graph, after=pass_.name)
        return tuple(records)

    def without(self, *names: str) -> Pipeline:
        """The pipeline less the passes of these names.

        Raises: `RangeError` for a name that it does not have.
        """
        self._check(names)
        return Pipeline(tuple(p for p in self.passes if p.name not in names))

    def only(self, *names: str) -> Pipeline:
        """Just the passes of these names, in the pipeline's order.

        Raises: `RangeError` for a name that it does not have.
        """
        self._check(names)
        return Pipeline(tuple(p for p in self.passes if p.name in names))

    def then(self, *passes: Pass) -> Pipeline:
        """The pipeline, and more passes after it."""
        return Pipeline((*self.passes, *passes))

    def __iter__(self) -> Iterator[Pass]:
        return iter(self.passes)

    def __str__(self) -> str:
        return " -> ".join(map(str, self.passes)) or "(no passes)"

    def _check(self, names: tuple[str, ...]) -> None:
        have = tuple(dict.fromkeys(p.name for p in self.passes))
        for name in names:
            if name not in have:
                raise RangeError(f"no pass {name!r}; the pipeline has {', '.join(have) or 'none'}")


def _run(pass_: Pass, graph: Graph, before: Graph, limit: int | None) -> tuple[PassRecord, int | None]:
    rewriter = Rewriter(graph, limit=limit)
    start = perf_counter()
    try:
        pass_.run(rewriter, **pass_.options)
    except OutOfRewrites:
        rewriter.left = 0
    seconds = perf_counter() - start
    changed = any(not d.refused for d in rewriter.decisions)
    after = snapshot(graph) if changed else before
    counts = _count(before), _count(after)
    decisions = tuple(rewriter.decisions)
    record = PassRecord(pass_.name, dict(pass_.options), before, after, decisions, seconds, *counts)
    return record, rewriter.left


def _skipped(pass_: Pass, state: Graph, why: str) -> PassRecord:
    nodes = _count(state)
    return PassRecord(pass_.name, dict(pass_.options), state, state, (), 0.0, nodes, nodes, why)


def _count(graph: Graph) -> int:
    return sum(1 for _ in graph.nodes())


# In PyTorch's order: types first, because the rest believes them, and again where branches went; what is dead is not
# worth work; constants and patterns make more of it and of what is computed twice; fusion comes last, and leaves behind
# the constants that it copied.
DEFAULT = Pipeline((shapes, dce, cse, constant, shapes, peephole, cse, dce, fuse, dce))

# Every pass by name, for command lines and completion.
NAMES: dict[str, Pass] = {p.name: p for p in (shapes, dce, cse, constant, control, peephole, hoist, unroll, pool, fuse)}
