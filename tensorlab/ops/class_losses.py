"""The negative log-likelihood of classes, forward and back in one loop each."""

from __future__ import annotations

import math

from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import int64
from tensorlab.core.index_walk import first_outside
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.loss_loops import class_loss_loop
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.comparison import where_other
from tensorlab.ops.copying import contiguous, to
from tensorlab.ops.create import zeros_op
from tensorlab.ops.gather import gather
from tensorlab.ops.index_writes import index_add

MaybeTensor = Tensor | None
NONE, MEAN, SUM = 0, 1, 2

nll_loss_forward = declare(
    "nll_loss_forward(Tensor self, Tensor target, Tensor? weight, int reduction, int ignore_index)"
    " -> (Tensor output, Tensor total_weight)"
)
nll_loss_backward = declare(
    "nll_loss_backward(Tensor grad_output, Tensor self, Tensor target, Tensor? weight, int reduction, "
    "int ignore_index, Tensor total_weight) -> Tensor"
)


def class_dim(shape: Shape) -> int:
    """The dimension of classes: the second, of a single example the only one."""
    return 1 if len(shape) > 1 else 0


def check_classes(a: TensorType, target: TensorType, weight: TensorType | None) -> Shape:
    """``[N, C, ...] and [N, ...] -> [N, ...]``; without N for a single example.

    Raises: `ShapeError`, `DTypeError`.
    """
    shape, of_target = (t.sizes for t in (a, target))
    if not shape:
        raise ShapeError("nll_loss: takes an input of at least 1 dimension, got 0")
    if target.dtype is None or target.dtype.name not in ("int64", "uint8"):
        raise DTypeError(f"nll_loss: takes a target of int64, got {target.dtype.name if target.dtype else None}")
    classes = class_dim(shape)
    expected = (*shape[:classes], *shape[classes + 1 :])
    if of_target != expected:
        raise ShapeError(f"nll_loss: expected target size {list(expected)}, got {list(of_target)}")
    if weight is not None and weight.shape != (shape[classes],):
        raise ShapeError(
            f"nll_loss: weight tensor should be defined either for all {shape[classes]} classes or no classes but got "
            f"weight tensor of shape {list(weight.shape or ())}"
        )
    return expected


@nll_loss_forward.rule("type")
def nll_loss_forward_type(
    a: TensorType, target: TensorType, weight: TensorType | None, reduction: int, ignore_index: int
) -> tuple[TensorType, TensorType]:
    """A loss for each example, or one number; and the sum of the weights that count.

    Raises: `ShapeError`, `DTypeError`.
    """
    shape = check_classes(a, target, weight)
    if a.dtype is None or not a.dtype.is_floating_point:
        raise DTypeError(f"nll_loss: takes a floating point input, got {a.dtype.name if a.dtype else None}")
    return TensorType(a.dtype, shape if reduction == NONE else ()), TensorType(a.dtype, ())


def _sizes(shape: Shape) -> tuple[int, int, int]:
    at = class_dim(shape)
    return math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])


def _dense(a: Tensor, form: Layout) -> Tensor:
    """The tensor in the layout that the loop reads."""
    if a.layout is form:
        return a
    return contiguous.run((to.run((a, form.dtype, False, False)),))


@recurring(nll_loss_forward)
def nll_loss_forward_call(a: Tensor, target: Tensor, weight: MaybeTensor, reduction: int, ignore_index: int) -> Run:
    """The log-probability of each example's class, negated, weighed; examples of ``ignore_index`` count for nothing.

    Raises: `RangeError` for a target that is no class.
    """
    result, _ = nll_loss_forward_type(a.type, target.type, None if weight is None else weight.type, reduction, 0)
    if a.dtype.is_half:
        return widened(lambda *args: nll_loss_forward.run(args))
    text = class_loss_loop(a.dtype, backward=False)
    entry = compile_loop(text.source, text.signature, label=text.label).entry
    sizes = _sizes(tuple(a.shape))
    dense, places = layout(a.dtype, tuple(a.shape)), layout(int64, tuple(target.shape))
    vector, single = layout(a.dtype, (sizes[1],)), layout(a.dtype, ())
    form = layout(a.dtype, result.sizes)

    def run(a: Tensor, target: Tensor, weight: MaybeTensor, *_: object) -> tuple[Tensor, Tensor]:
        a, target = _dense(a, dense), _dense(target, places)
        held = None if weight is None else _dense(weight, vector)
        loss, total = fresh(form), fresh(single)
        addresses = (loss.address, total.address, a.address, target.address, 0 if held is None else held.address)
        try:
            entry(*sizes, reduction, ignore_index, *addresses)
        except RuntimeError:
            _refuse_classes(target, ignore_index, sizes[1])
            raise
        return loss, total

    return run


def _refuse_classes(target: Tensor, ignore_index: int, count: int) -> None:
    outside = first_outside(target, 0, count)
    if outside == ignore_index:
        outside = next((int(t) for t in borrowed(target).reshape(-1) if t != ignore_index and not 0 <= t < count), None)
    if outside is not None:
        raise RangeError(f"nll_loss: Target {outside} is out of bounds; takes classes from 0 to {count - 1}") from None


@nll_loss_backward.rule("type")
def nll_loss_backward_type(grad_output: TensorType, a: TensorType, *_: object) -> TensorType:
    return a


@recurring(nll_loss_backward)
def nll_loss_backward_call(
    grad_output: Tensor,
    a: Tensor,
    target: Tensor,
    weight: MaybeTensor,
    reduction: int,
    ignore_index: int,
    total_weight: Tensor,
) -> Run:
    """The weight of each example's class, negated, times the gradient; of a mean, over the sum of the weights."""
    if a.dtype.is_half:
        return widened(lambda *args: nll_loss_backward.run(args))
    text = class_loss_loop(a.dtype, backward=True)
    entry = compile_loop(text.source, text.signature, label=text.label).entry
    sizes = _sizes(tuple(a.shape))
    form, places = layout(a.dtype, tuple(a.shape)), layout(int64, tuple(target.shape))
    vector, flowing = layout(a.dtype, (sizes[1],)), layout(a.dtype, tuple(grad_output.shape))

    def run(g: Tensor, _a: Tensor, target: Tensor, weight: MaybeTensor, *rest: Tensor) -> Tensor:
        g, target = _dense(g, flowing), _dense(target, places)
        held = None if weight is None else _dense(weight, vector)
        result = fresh(form)
        addresses = (result.address, rest[-1].address, g.address, target.address, 0 if held is None else held.address)
        entry(*sizes, reduction, ignore_index, *addresses)
        return result

    return run


# Derivatives ----------------------------------------------------------------------------------------------------------


@nll_loss_forward.vjp("self")
def nll_loss_forward_vjp(
    g_output: MaybeTensor,
    self: Tensor,
    target: Tensor,
    weight: MaybeTensor,
    reduction: int,
    ignore_index: int,
    total_weight: Tensor,
) -> MaybeTensor:
    if g_output is None:
        return None
    return nll_loss_backward.call((g_output, self, target, weight, reduction, ignore_index, total_weight))


@nll_loss_backward.vjp("grad_output")
def nll_loss_backward_vjp(g: Tensor, target: Tensor, weight: MaybeTensor, reduction: int, ignore_index: int) -> Tensor:
    return nll_loss_forward.call((g, target, weight, reduction, ignore_index))[0]


@nll_loss_backward.vjp("self")
def nll_loss_backward_self_vjp() -> None:
    """The loss is linear in the log-probabilities."""


def _chosen(a: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """The element of each example's class, 0 for those that do not count; and the classes, 0 for those."""
    counted = target != ignore_index
    safe = where_other.call((counted, target.to(int64), 0))
    at = class_dim(tuple(a.shape))
    picked = gather.call((a, at, safe.unsqueeze(at), False)).squeeze(at)
    return where_other.call((counted, picked, 0.0)), safe


def _by_class(values: Tensor, classes: Tensor, count: int) -> Tensor:
    """Values of examples added up for each class."""
    flat = values.reshape(-1)
    return index_add.call((zeros_op.call(((count,), flat.dtype)), 0, classes.reshape(-1), flat, 1))


@nll_loss_forward.vjp("weight")
def nll_loss_forward_weight_vjp(
    g_output: MaybeTensor,
    g_total_weight: MaybeTensor,
    self: Tensor,
    target: Tensor,
    reduction: int,
    ignore_index: int,
    output: Tensor,
    total_weight: Tensor,
) -> MaybeTensor:
    """Each example's loss without its weight; of a mean, less the mean."""
    picked, classes = _chosen(self, target, ignore_index)
    counted = (target != ignore_index).to(self.dtype)
    values = None
    if g_output is not None:
        losses = -picked - output * counted if reduction == MEAN else -picked
        values = losses * (g_output / total_weight if reduction == MEAN else g_output)
    if g_total_weight is not None:
        values = counted * g_total_weight if values is None else values + counted * g_total_weight
    count = self.shape[class_dim(tuple(self.shape))]
    return None if values is None else _by_class(values, classes, count)


@nll_loss_backward.vjp("weight", "total_weight")
def nll_loss_backward_weight_vjp(
    g: Tensor,
    grad_output: Tensor,
    target: Tensor,
    weight: MaybeTensor,
    reduction: int,
    ignore_index: int,
    total_weight: Tensor,
    result: Tensor,
) -> tuple[MaybeTensor, MaybeTensor]:
    picked, classes = _chosen(g, target, ignore_index)
    flowing = grad_output / total_weight if reduction == MEAN else grad_output
    of_weight = None if weight is None else _by_class(-picked * flowing, classes, weight.shape[0])
    return of_weight, -(g * result).sum() / total_weight if reduction == MEAN else None


CLASS_LOSSES: tuple[Op, ...] = (nll_loss_forward, nll_loss_backward)
