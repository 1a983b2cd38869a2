"""Losses, written in plain operations: what is differentiated is what ran."""

from __future__ import annotations

import math

from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.class_losses import MEAN as MEAN
from tensorlab.ops.class_losses import NONE as NONE
from tensorlab.ops.class_losses import SUM as SUM
from tensorlab.ops.class_losses import check_classes, nll_loss_forward
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.softmax import log_softmax

MaybeTensor = Tensor | None

_NAMES = {"none": NONE, "mean": MEAN, "sum": SUM}


def reduction_code(name: object, op: str) -> int:
    """Torch's number for a ``reduction``.

    Raises: `RangeError` for an unknown one.
    """
    code = _NAMES.get(name) if isinstance(name, str) else None
    if code is None:
        raise RangeError(f"{op}: {name} is not a valid value for reduction; takes 'none', 'mean' or 'sum'")
    return code


def reduced(values: Tensor, reduction: int) -> Tensor:
    """Losses as they are, their mean, or their sum."""
    return values if reduction == NONE else values.mean() if reduction == MEAN else values.sum()


def _reduced_type(values: TensorType, reduction: int) -> TensorType:
    return values if reduction == NONE else TensorType(values.dtype, ())


# nll_loss and cross_entropy -------------------------------------------------------------------------------------------

nll_loss = declare(
    "nll_loss_nd(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, int ignore_index=-100) -> Tensor"
)


@nll_loss.rule("type")
def nll_loss_type(
    a: TensorType, target: TensorType, weight: TensorType | None, reduction: int, ignore_index: int
) -> TensorType:
    """``[N, C, ...] and [N, ...] -> [N, ...]``, or a number; without N for a single example.

    Raises: `ShapeError`, `DTypeError`.
    """
    return _reduced_type(TensorType(a.dtype, check_classes(a, target, weight)), reduction)


@nll_loss.rule("composite")
def nll_loss_composite(a: Tensor, target: Tensor, weight: MaybeTensor, reduction: int, ignore_index: int) -> Tensor:
    """The log-probability of each example's class, negated, weighed; examples of ``ignore_index`` count for nothing.

    Raises: `RangeError` for a target that is no class.
    """
    return nll_loss_forward.call((a, target, weight, reduction, ignore_index))[0]


cross_entropy = declare(
    "cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, int ignore_index=-100, "
    "float label_smoothing=0.0) -> Tensor"
)


@cross_entropy.rule("type")
def cross_entropy_type(
    a: TensorType,
    target: TensorType,
    weight: TensorType | None,
    reduction: int,
    ignore_index: int,
    label_smoothing: float,
) -> TensorType:
    if target.shape == a.shape and target.dtype is not None and target.dtype.is_floating_point:
        shape = a.sizes
        classes = 1 if len(shape) > 1 else 0
        return _reduced_type(TensorType(a.dtype, (*shape[:classes], *shape[classes + 1 :])), reduction)
    return nll_loss_type(a, target, weight, reduction, ignore_index)


@cross_entropy.rule("composite")
def cross_entropy_composite(
    a: Tensor,
    target: Tensor,
    weight: MaybeTensor,
    reduction: int,
    ignore_index: int,
    label_smoothing: float,
) -> Tensor:
    """``nll_loss(log_softmax(x))``; with probabilities as target, or smoothed labels, their weighed sum.

    Raises: `RangeError` for smoothing outside [0, 1]; as `nll_loss`.
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RangeError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if not a.shape:
        raise ShapeError("cross_entropy: takes an input of at least 1 dimension, got 0")
    shape = a.layout.shape
    classes = 1 if len(shape) > 1 else 0
    logged = log_softmax.call((a, classes, None))
    if target.layout.shape == shape and (target.dtype.is_floating_point or len(shape) != 1):
        return _of_probabilities(a, logged, target, weight, reduction, label_smoothing, classes)
    plain = nll_loss_forward.call((logged, target, weight, reduction, ignore_index))[0]
    if not label_smoothing:
        return plain
    counted = target != ignore_index
    along = [1] * len(a.shape)
    along[classes] = -1
    spread = -(logged if weight is None else logged * weight.reshape(along)).sum(classes) * counted.to(a.dtype)
    share = label_smoothing / a.shape[classes]
    if reduction == MEAN:
        if weight is None:
            smooth = spread.sum() / counted.to(a.dtype).sum()
        else:
            total = nll_loss.call((logged.detach() * 0 - 1, target, weight, SUM, ignore_index))
            smooth = spread.sum() / total
    else:
        smooth = reduced(spread, reduction)
    return (1 - label_smoothing) * plain + share * smooth


def _of_probabilities(
    a: Tensor,
    logged: Tensor,
    target: Tensor,
    weight: MaybeTensor,
    reduction: int,
    label_smoothing: float,
    classes: int,
) -> Tensor:
    if not target.dtype.is_floating_point:
        raise DTypeError(
            f"cross_entropy: expected floating point type for target with class probabilities, got {target.dtype.name}"
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / a.shape[classes]
    products = logged * target
    if weight is not None:
        along = [1] * len(a.shape)
        along[classes] = -1
        products = products * weight.reshape(along)
    if reduction == MEAN:
        examples = math.prod(a.shape) // a.shape[classes] if a.numel() else 0
        return -products.sum() / max(examples, 1) if examples else -products.sum() / 0.0
    return -products.sum() if reduction == SUM else -products.sum(classes)


LOSSES: tuple[Op, ...] = (nll_loss, cross_entropy)

for _o in LOSSES:
    call_evaluator(_o)
