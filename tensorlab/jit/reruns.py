"""Passes that ran already are not run again: a pass does to a graph what it did to that graph before.

>>> import tensorlab as tl
>>> from tensorlab.jit.reruns import rerun
>>> f = tl.jit.trace(lambda x: (x * 1).exp(), (tl.ones(3),))
>>> found = rerun(f.pipeline.without("dce"), f.records)
>>> [theirs is ours for theirs, ours in zip(found.records, f.records)][:3]
[True, True, True]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.jit.build import snapshot
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.pipeline import Pipeline, run_pass, skipped
from tensorlab.jit.program import Program, without_native
from tensorlab.jit.records import PassRecord
from tensorlab.jit.rewrite import Pass
from tensorlab.jit.sample_inputs import SampleInputs
from tensorlab.jit.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class Run:
    """What a pipeline did: the graph that it left, which nobody may change, and a record of each pass. ``begin`` is the
    graph before any, ``program`` the one made of what is left, if there is one already: without a native function.
    """

    begin: Graph
    graph: Graph
    records: tuple[PassRecord, ...]
    program: Program | None = None

    def ended_as(self, other: Run) -> bool:
        """Whether a rerun left what this run did, as everything that changed the graph was known from it."""
        return other.graph is self.graph or (bool(self.records) and other.graph is self.records[-1].after)


def run_as_called(function: ScriptFunction, sample: SampleInputs) -> Run:
    """What the passes of a function do to its graph for some inputs: as its latest call has it, where that was compiled
    for inputs of the same types, else they run over a copy.
    """
    latest, pipeline = function.latest, function.pipeline
    if latest is not None and tuple(latest.types) == sample.types and _did(function.records, pipeline):
        records = function.records
        return Run(records[0].before, latest.graph, records, without_native(latest.program))
    with uncollected():
        graph = sample.graph(function)
        records = pipeline.run(graph)
    return Run(records[0].before if records else graph, graph, records)


def rerun(pipeline: Pipeline, known: Sequence[PassRecord], begin: Graph | None = None) -> Run:
    """Run a pipeline over the graph with which ``known`` begin, or over ``begin`` where nothing is known; what one of
    them did to the same state of the graph is not done again.

    Cost:   that of the passes that no record tells.
    Raises: `GraphError`, as passes do.
    """
    begin = known[0].before if begin is None else begin
    state, left = begin, pipeline.limit
    graph: Graph | None = None  # is changed by passes: a copy of the state, made when it is needed
    records: list[PassRecord] = []
    with uncollected():
        for pass_ in pipeline:
            if left == 0:
                records.append(skipped(pass_, state, pipeline.limit))
                continue
            record = _known(pass_, state, (*known, *records), left)
            if record is None:
                graph = snapshot(state) if graph is None else graph
                record, left = run_pass(pass_, graph, state, left)
            else:
                graph = graph if record.after is state else None
                left = None if left is None else left - record.count
            state = record.after
            records.append(record)
    return Run(begin, state if graph is None else graph, tuple(records))


def _did(records: Sequence[PassRecord], pipeline: Pipeline) -> bool:
    """Whether these are the records of a pipeline, and not of one that stood in its place before."""
    return (
        pipeline.limit is None
        and bool(records)
        and len(records) == len(pipeline.passes)
        and all(_is_of(record, pass_) for record, pass_ in zip(records, pipeline.passes, strict=True))
    )


def _known(pass_: Pass, state: Graph, records: Sequence[PassRecord], left: int | None) -> PassRecord | None:
    """What a pass did to a state of the graph before, if it may do all of it."""
    for record in records:
        if record.before is state and _is_of(record, pass_) and (left is None or record.count <= left):
            return record
    return None


def _is_of(record: PassRecord, pass_: Pass) -> bool:
    return not record.skipped and record.run is pass_.run and dict(record.options) == dict(pass_.options)
