"""Pipelines: which passes run, in which order. A pipeline is data; running one leaves a record of each pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from tensorlab.errors import RangeError
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph
from tensorlab.jit.passes.constant import constant
from tensorlab.jit.passes.control import control
from tensorlab.jit.passes.cse import cse
from tensorlab.jit.passes.dce import dce
from tensorlab.jit.passes.decompose import decompose
from tensorlab.jit.passes.freeze import drop_dropout, fold_norm
from tensorlab.jit.passes.fuse import fuse
from tensorlab.jit.passes.fuse_rows import fuse_rows
from tensorlab.jit.passes.hoist import hoist
from tensorlab.jit.passes.inline import inline
from tensorlab.jit.passes.lists import lists
from tensorlab.jit.passes.mutation import functional, inplace
from tensorlab.jit.passes.peephole import peephole
from tensorlab.jit.passes.pool import pool
from tensorlab.jit.passes.shapes import shapes
from tensorlab.jit.passes.tuples import tuples
from tensorlab.jit.passes.unroll import unroll
from tensorlab.jit.pipeline_text import format_line, parse_line
from tensorlab.jit.records import PassRecord
from tensorlab.jit.rewrite import OutOfRewrites, Pass, Rewriter
from tensorlab.jit.verify import verify as verify_graph


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Passes in the order in which they run, and how many rewrites they may do together.

    The methods give changed copies.
    """

    passes: tuple[Pass, ...]
    limit: int | None = None

    @staticmethod
    def parse(text: str, *, passes: Mapping[str, Pass] | None = None) -> Pipeline:
        """The pipeline that a line like ``dce,cse,(constant,peephole)*2 first 12`` says; see `line`.

        ``passes`` are passes of one's own, by the names that the line has for them.

        Raises: `RangeError` for a line that cannot be read, or a name or option that is not known.
        """
        return Pipeline(*parse_line(text, {**NAMES, **(passes or {})}))

    @property
    def line(self) -> str:
        """One line that `parse` reads as this pipeline again.

        Raises: `RangeError` for an option that no line can hold.
        """
        return format_line(self.passes, self.limit, NAMES)

    def run(
        self, graph: Graph, *, verify: bool = False, limit: int | None = None, check: Sequence[Any] | None = None
    ) -> tuple[PassRecord, ...]:
        """Run every pass over ``graph``, which changes; a record each, of those that changed nothing too.

        ``verify`` checks the graph before the first pass and after each; ``limit`` stops after so many rewrites, which
        finds the one that broke something. ``check`` is a sample of the graph's inputs: after each pass the graph
        before it and the graph after it run on the sample and on inputs at the edges of its types (`equivalence`).

        Raises: `GraphError` naming the pass, with ``verify``; `EquivalenceError` naming the rewrite, with ``check``;
                `RangeError` for a negative limit, or a sample of another number of inputs.
        """
        limit = _least(limit, self.limit)
        if limit is not None and limit < 0:
            raise RangeError(f"limit: got {limit}; takes a number of rewrites, at least 0")
        if verify:
            verify_graph(graph)
        state, left = snapshot(graph), limit
        watch = None
        if check is not None:
            from tensorlab.jit.equivalence import Watch

            watch = Watch(state, check)
        records: list[PassRecord] = []
        for pass_ in self.passes:
            if left == 0:
                records.append(skipped(pass_, state, limit))
                continue
            record, left = run_pass(pass_, graph, state, left)
            state = record.after
            records.append(record)
            if verify:
                verify_graph(graph, after=pass_.name)
            if watch is not None and record.changed:
                watch.check(pass_, record)
        return tuple(records)

    # -- other pipelines

    def first(self, limit: int | None) -> Pipeline:
        """The same passes, which stop after so many rewrites together; `None` takes that back."""
        return replace(self, limit=limit)

    def repeat(self, times: int) -> Pipeline:
        """All passes in turn, several times.

        Raises: `RangeError` for a negative number.
        """
        if times < 0:
            raise RangeError(f"repeat: got {times}; takes a number of times, at least 0")
        return replace(self, passes=self.passes * times)

    def insert(self, *passes: Pass, before: str = "", after: str = "") -> Pipeline:
        """More passes, before the first one or after the last one of a name; without a name, at the end.

        Raises: `RangeError` for a name that the pipeline does not have, or two of them.
        """
        if before and after:
            raise RangeError("insert: got before and after; takes one of them")
        self._check(tuple(filter(None, (before, after))))
        names = [p.name for p in self.passes]
        place = len(names)
        if before:
            place = names.index(before)
        elif after:
            place -= names[::-1].index(after)
        return replace(self, passes=(*self.passes[:place], *passes, *self.passes[place:]))

    def reordered(self, *names: str) -> Pipeline:
        """The same passes in the order of these names, each named as often as it runs.

        Raises: `RangeError` for names that are not those of the passes.
        """
        self._check(names)
        have = [p.name for p in self.passes]
        if Counter(names) != Counter(have):
            raise RangeError(f"reordered: got {', '.join(names)}; takes each of {', '.join(have)}")
        waiting = list(self.passes)
        ordered = [waiting.pop([p.name for p in waiting].index(name)) for name in names]
        return replace(self, passes=tuple(ordered))

    def without(self, *names: str) -> Pipeline:
        """The pipeline less the passes of these names.

        Raises: `RangeError` for a name that it does not have.
        """
        self._check(names)
        return replace(self, passes=tuple(p for p in self.passes if p.name not in names))

    def only(self, *names: str) -> Pipeline:
        """Just the passes of these names, in the pipeline's order.

        Raises: `RangeError` for a name that it does not have.
        """
        self._check(names)
        return replace(self, passes=tuple(p for p in self.passes if p.name in names))

    def then(self, *passes: Pass) -> Pipeline:
        """The pipeline, and more passes after it."""
        return replace(self, passes=(*self.passes, *passes))

    def __iter__(self) -> Iterator[Pass]:
        return iter(self.passes)

    def __str__(self) -> str:
        return " -> ".join(map(str, self.passes)) or "(no passes)"

    def _check(self, names: tuple[str, ...]) -> None:
        have = tuple(dict.fromkeys(p.name for p in self.passes))
        for name in names:
            if name not in have:
                raise RangeError(f"no pass {name!r}; the pipeline has {', '.join(have) or 'none'}")


def _least(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else min(a, b)


def run_pass(pass_: Pass, graph: Graph, before: Graph, limit: int | None) -> tuple[PassRecord, int | None]:
    """Run one pass over ``graph``, of which ``before`` is a snapshot; its record, and how many rewrites are left."""
    rewriter = Rewriter(graph, limit=limit)
    start = perf_counter()
    try:
        pass_.run(rewriter, **pass_.options)
    except OutOfRewrites:
        rewriter.left = 0
    seconds = perf_counter() - start
    changed = any(not d.refused for d in rewriter.decisions)
    after = snapshot(graph) if changed else before
    nodes = _count(before)
    decisions = tuple(rewriter.decisions)
    record = PassRecord(
        *(pass_.name, dict(pass_.options), before, after, decisions, seconds, nodes),
        nodes_after=_count(after) if changed else nodes,
        count=rewriter.count,
        run=pass_.run,
    )
    return record, rewriter.left


def skipped(pass_: Pass, state: Graph, limit: int | None) -> PassRecord:
    """The record of a pass that did not run, as the limit of rewrites was reached before it."""
    nodes, why = _count(state), f"the limit of {limit} rewrites was reached"
    return PassRecord(pass_.name, dict(pass_.options), state, state, (), 0.0, nodes, nodes, why, run=pass_.run)


def _count(graph: Graph) -> int:
    return sum(1 for _ in graph.nodes())


# In PyTorch's order: types first, because the rest believes them, and again where branches went; what is dead is not
# worth work; constants and patterns make more of it and of what is computed twice; fusion comes last, and leaves behind
# the constants that it copied. Tuples and lists that are put together only to be taken apart stand in the way of all of
# it, writes in that of joining and fusing, and what a loop repeats is best computed before it: these four change no
# value and no gradient, and take 2 % of the time of a graph of 600 nodes on which they find nothing. What does change
# values in the last bits is asked for (`decompose`, `fold_norm`, `drop_dropout`), as is what makes graphs longer
# (`inline`, `unroll`), and `inplace`, after which a function has no fused gradients.
DEFAULT = Pipeline(
    (
        *(shapes, tuples, lists, dce, cse, constant, shapes, functional, peephole, cse, dce),
        *(hoist, fuse_rows, fuse, dce),
    )
)

# With what a longer compilation buys: structure first, so that the rest sees through calls, tuples and lists; then
# writes give way to new tensors, which may be moved, joined and fused; loops come last before fusion, and what they
# repeated is computed once again. Results are those of the interpreter, as with `DEFAULT`, but that a loop rounds once
# where a product is summed up at once (a fused multiply-add), and the interpreter twice.
FULL = Pipeline(
    (
        *(inline, shapes, tuples, lists, control),
        *(dce, cse, constant, shapes, functional, peephole, cse, dce),
        *(hoist, unroll, constant, control, shapes, peephole, cse, pool, dce, fuse_rows, fuse, dce),
    )
)

# Every pass by name, for command lines and completion.
NAMES: dict[str, Pass] = {
    p.name: p
    for p in (
        *(shapes, dce, cse, constant, control, peephole),
        *(inline, tuples, lists, fold_norm, drop_dropout, decompose),
        *(hoist, unroll, functional, inplace, pool, fuse_rows, fuse),
    )
}
