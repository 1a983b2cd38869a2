"""In which pass over a row each step of a region is computed, and where what a later pass needs again comes from.

A reduction ends a pass: what depends on it is computed in the next. A step over whole rows that a later pass needs is
read back where it is a result. Else, where it costs more than a few instructions, it waits in the row of a result of
its dtype that is computed later; cheap ones, and those for which there is no such row, are computed again from the
inputs, which lie in the cache by then. So a loop needs no memory besides its results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tensorlab.core.region import Reduce, Ref, Region, Source, TypedStep
from tensorlab.core.row_form import Form, RowForm

# A value is kept for a later pass where computing it again takes more statements than this: a store and a load of a
# row in the cache cost about as much. An exponential has 14, a difference and a product 2.
CHEAP = 4
SPREADS = ("var", "std")


def passes_of(step: Reduce) -> int:
    """How many passes over its argument a reduction takes: a variance needs the mean first."""
    return 2 if step.op.schema.name in SPREADS else 1


@dataclass(slots=True)
class Schedule:
    """``at`` is the pass of a step over whole rows, and the first pass before which a number a row is known.

    ``kept`` says of steps in which output's row they lie from their own pass on. ``count`` is the number of passes.
    """

    region: Region
    form: RowForm
    at: list[int] = field(default_factory=list[int])
    kept: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def count(self) -> int:
        ends = [self.at[k] + (self.form.steps[k] is Form.FULL) for k in range(len(self.at))]
        return max(ends, default=0)

    def is_full(self, ref: Ref) -> bool:
        """Whether an argument has an element for each place in a row."""
        forms = {Source.INPUT: self.form.inputs, Source.STEP: self.form.steps}.get(ref.source)
        return forms is not None and forms[ref.index] is Form.FULL

    def folding(self, q: int) -> Iterator[tuple[int, Reduce, int]]:
        """The reductions that go on in a pass, and in which of their own passes they are."""
        for k, step in enumerate(self.region.steps):
            if isinstance(step, Reduce):
                stage = q - (self.at[k] - passes_of(step))
                if 0 <= stage < passes_of(step):
                    yield k, step, stage

    def stored(self, q: int) -> Iterator[tuple[int, int]]:
        """Steps that are written in a pass, and the output whose row they are written to."""
        for k, place in self.kept.items():
            if self.at[k] == q:
                yield k, place
        for place, k in enumerate(self.region.outputs):
            if self.form.steps[k] is Form.FULL and self.at[k] == q and self.kept.get(k) != place:
                yield k, place

    def needed(self, q: int) -> tuple[list[int], list[int], list[int]]:
        """What a pass works on, in order: inputs to read, steps to read back, steps to compute."""
        inputs: set[int] = set()
        back: set[int] = set()
        computed: set[int] = set()
        wanted = [step.args[0] for _, step, _ in self.folding(q)]
        wanted += [Ref(Source.STEP, k) for k, _ in self.stored(q)]
        while wanted:
            ref = wanted.pop()
            if not self.is_full(ref):
                continue
            if ref.source is Source.INPUT:
                inputs.add(ref.index)
            elif ref.index in self.kept and self.at[ref.index] < q:
                back.add(ref.index)
            elif ref.index not in computed:
                computed.add(ref.index)
                wanted += self.region.steps[ref.index].args
        return sorted(inputs), sorted(back), sorted(computed)


def schedule_of(region: Region, steps: Sequence[TypedStep], form: RowForm, weights: Sequence[int]) -> Schedule:
    """The schedule of a region; ``weights`` are the statements that each step takes."""
    found = Schedule(region, form)
    for step in region.steps:
        ready = max((found.at[r.index] for r in step.args if r.source is Source.STEP), default=0)
        found.at.append(ready + passes_of(step) if isinstance(step, Reduce) else ready)
    for place, k in enumerate(region.outputs):
        if form.steps[k] is Form.FULL:
            found.kept.setdefault(k, place)
    _keep_dear_ones(found, steps, weights)
    return found


def _keep_dear_ones(found: Schedule, steps: Sequence[TypedStep], weights: Sequence[int]) -> None:
    """Let what is dear and computed again wait in rows of results; the last steps first, which are made of others."""
    region, outputs = found.region, dict(enumerate(found.region.outputs))
    for k in reversed(range(len(region.steps))):
        last = max((q for q in range(found.at[k] + 1, found.count) if k in found.needed(q)[2]), default=0)
        if not last or found.form.steps[k] is not Form.FULL or _cost(found, k, weights) <= CHEAP:
            continue
        for place, output in outputs.items():
            same = steps[output].result.dtype is steps[k].result.dtype
            if same and found.form.steps[output] is Form.FULL and found.at[output] >= last:
                found.kept[k] = place
                del outputs[place]
                break


def _cost(found: Schedule, k: int, weights: Sequence[int]) -> int:
    """The statements that computing a step again takes, down to what lies in memory."""
    seen: set[int] = set()
    wanted = [k]
    while wanted:
        one = wanted.pop()
        if one in seen or (one != k and one in found.kept):
            continue
        seen.add(one)
        wanted += [r.index for r in found.region.steps[one].args if r.source is Source.STEP and found.is_full(r)]
    return sum(weights[one] for one in seen)
