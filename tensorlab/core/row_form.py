"""What a region with reductions is as a walk over rows: which of its values vary along a row, and which do not.

All reductions fold the same last dimensions of one shape; those are the row. A pointwise step over whole rows has that
shape. One number a row is had in two forms: with the folded dimensions kept as 1, or without them. The first goes well
with whole rows, the second only with others like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tensorlab.core.reduction import reduced_dims
from tensorlab.core.region import Reduce, Ref, Region, Source, TypedStep
from tensorlab.core.shape import Shape
from tensorlab.core.types import TensorType


class Form(Enum):
    """How a value goes along the rows."""

    FULL = "an element for each place in a row"
    KEPT = "one number a row, the folded dimensions kept as 1"
    GONE = "one number a row, without the folded dimensions"


@dataclass(frozen=True, slots=True)
class RowForm:
    """The shape that is walked, how many of its last dimensions are the row, and the form of each input and step."""

    shape: Shape
    folded: int
    inputs: tuple[Form, ...]
    steps: tuple[Form, ...]

    @property
    def outer(self) -> Shape:
        """The dimensions that count rows."""
        return self.shape[: len(self.shape) - self.folded]


def folded_of(step: Reduce, ndim: int) -> int | None:
    """How many last dimensions of ``ndim`` a reduction folds; None where it folds others."""
    names = [p.name for p in step.op.schema.params]
    dim = step.rest[names.index("dim") - 1] if "dim" in names else None
    dims = reduced_dims(dim, ndim, op=step.op.schema.name)
    return len(dims) if dims and dims == tuple(range(ndim - len(dims), ndim)) else None


def row_form(region: Region, inputs: Sequence[TensorType], steps: Sequence[TypedStep]) -> RowForm | None:
    """The walk over rows of a region of these types; None where it is none."""
    shapes = [t.sizes for t in inputs]
    results = [s.result.sizes for s in steps]
    walked: tuple[Shape, int] | None = None
    for step in region.steps:
        if not isinstance(step, Reduce):
            continue
        shape = _of(step.args[0], shapes, results)
        folded = folded_of(step, len(shape))
        if folded is None or (walked is not None and walked != (shape, folded)):
            return None
        walked = shape, folded
    if walked is None:
        return None
    return _Forms(region, *walked, shapes, results).found()


def _of(ref: Ref, inputs: Sequence[Shape], steps: Sequence[Shape]) -> Shape:
    return inputs[ref.index] if ref.source is Source.INPUT else steps[ref.index]


class _Forms:
    """Finds the forms, step by step; what an input is shows where it is used."""

    def __init__(
        self, region: Region, shape: Shape, folded: int, inputs: Sequence[Shape], steps: Sequence[Shape]
    ) -> None:
        self.region = region
        self.shape, self.folded = shape, folded
        self.outer = shape[: len(shape) - folded]
        self.kept = (*self.outer, *(1,) * folded)
        self.input_shapes, self.step_shapes = inputs, steps
        self.inputs: list[Form | None] = [None] * len(inputs)
        self.steps: list[Form] = []

    def found(self) -> RowForm | None:
        for k, step in enumerate(self.region.steps):
            form = self.reduced(step, k) if isinstance(step, Reduce) else self.pointwise(step.args, k)
            if form is None:
                return None
            self.steps.append(form)
        inputs = tuple(Form.KEPT if form is None else form for form in self.inputs)
        return RowForm(self.shape, self.folded, inputs, tuple(self.steps))

    def reduced(self, step: Reduce, k: int) -> Form | None:
        (ref,) = step.args
        if self.take(ref, whole=True) is not Form.FULL:
            return None
        return self.one_a_row(self.step_shapes[k])

    def one_a_row(self, shape: Shape) -> Form | None:
        """The form of a result of one number a row; where both are the same, the one that goes with whole rows."""
        return Form.KEPT if shape in (self.kept, ()) else Form.GONE if shape == self.outer else None

    def pointwise(self, refs: Sequence[Ref], k: int) -> Form | None:
        tensors = [r for r in refs if r.source in (Source.INPUT, Source.STEP)]
        made = [self.steps[r.index] for r in tensors if r.source is Source.STEP]
        shape = self.step_shapes[k]
        if Form.GONE in made:
            fits = shape == self.outer and all(self.goes_without(r) for r in tensors)
            return Form.GONE if fits else None
        taken = [self.take(r, whole=shape == self.shape) for r in tensors]
        if None in taken:
            return None
        if Form.FULL in taken:
            return Form.FULL if shape == self.shape else None
        return self.one_a_row(shape)

    def take(self, ref: Ref, *, whole: bool) -> Form | None:
        """The form of an argument that stands beside whole rows, dimensions counted from the last."""
        if ref.source is Source.STEP:
            form, shape = self.steps[ref.index], self.step_shapes[ref.index]
            return None if form is Form.GONE and shape else form
        shape = self.input_shapes[ref.index]
        if len(shape) > len(self.shape):
            return None
        tail = shape[max(0, len(shape) - self.folded) :]
        varies = any(n != 1 for n in tail) or (whole and shape == self.shape)
        return self.use(ref.index, Form.FULL if varies else Form.KEPT)

    def goes_without(self, ref: Ref) -> bool:
        """Whether an argument stands beside numbers a row that have no folded dimensions."""
        if ref.source is Source.STEP:
            return self.steps[ref.index] is Form.GONE or not self.step_shapes[ref.index]
        shape = self.input_shapes[ref.index]
        form = Form.GONE if shape else Form.KEPT
        return len(shape) <= len(self.outer) and self.use(ref.index, form) is form

    def use(self, index: int, form: Form) -> Form | None:
        """Note the form of an input; None where it has another already."""
        if self.inputs[index] not in (None, form):
            return None
        self.inputs[index] = form
        return form
