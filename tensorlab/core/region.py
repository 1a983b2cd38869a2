"""Regions: pointwise computations as data, and the types that each of their steps works in.

An eager op is a region of one step; a fusion group is a region of many. Both become loops in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tensorlab.core.dtype import Category, DType, default_float, number_category, result_type
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, Promotion
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.types import BOOL, INT, SCALAR, OptionalType, ScalarType, TensorType
from tensorlab.errors import DTypeError

Number = bool | int | float
FACTORS = ("alpha", "value")


class Source(Enum):
    """Where an argument of a step comes from."""

    INPUT = "input"  # a tensor, by position among the region's inputs
    STEP = "step"  # the result of an earlier step
    PARAM = "param"  # a number known at the call, by position among the region's parameters
    LITERAL = "literal"  # a number, or None, that is part of the region


@dataclass(frozen=True, slots=True)
class Ref:
    """An argument of a step."""

    source: Source
    index: int = 0
    literal: Number | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One pointwise op with one `Ref` a parameter of its schema."""

    op: Op
    args: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Reduce(Step):
    """One reduction of one argument; ``rest`` are the op's other arguments, all of them known.

    A region with such a step is no walk over elements but one over rows: see `rows`.
    """

    rest: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """Steps in order over ``inputs`` tensors and ``params`` numbers; ``outputs`` are indices of steps."""

    inputs: int
    params: int
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    @property
    def is_copy(self) -> bool:
        """Whether all that is done is to copy the one input."""
        return self.inputs == 1 and len(self.steps) == 1 and self.steps[0].op.kind == "aten::clone"


@dataclass(frozen=True, slots=True)
class TypedStep:
    """What a step computes in, and what it gives."""

    compute: DType
    result: TensorType


def type_region(region: Region, inputs: Sequence[TensorType], params: Sequence[Category]) -> tuple[TypedStep, ...]:
    """Types of every step for inputs of these types and parameters of these categories.

    Raises: `ShapeError` or `DTypeError` as the op itself does.
    """
    numbers = [_CATEGORY_TYPE[p] for p in params]
    typed: list[TypedStep] = []
    for step in region.steps:
        args = step_arguments(step, inputs, typed, numbers)
        if isinstance(step, Reduce):
            typed.append(_reduced(step, args[0]))
        else:
            typed.append(TypedStep(*pointwise_types(step.op, args)))
    return tuple(typed)


def step_arguments(
    step: Step, inputs: Sequence[object], typed: Sequence[TypedStep], numbers: Sequence[object]
) -> list[object]:
    """What a step is given of a region's inputs, of the results of the steps before it, and of its numbers."""
    args: list[object] = []
    for ref in step.args:
        match ref.source:
            case Source.INPUT:
                args.append(inputs[ref.index])
            case Source.STEP:
                args.append(typed[ref.index].result)
            case Source.PARAM:
                args.append(numbers[ref.index])
            case Source.LITERAL:
                args.append(ref.literal)
    return args


def _reduced(step: Reduce, argument: object) -> TypedStep:
    """The types of a reduction: it folds elements of its argument's dtype.

    Raises: as the op's type rule does; `DTypeError` for what is no tensor.
    """
    if not isinstance(argument, TensorType):
        raise DTypeError(f"{step.op.schema.name}: got {argument}; takes a tensor")
    dtype, _ = _complete(argument)
    return TypedStep(dtype, step.op.rules["type"](argument, *step.rest))


_CATEGORY_TYPE = {Category.BOOL: BOOL, Category.INT: INT, Category.FLOAT: ScalarType("float")}
_TYPE_CATEGORY = {t: c for c, t in _CATEGORY_TYPE.items()}


def category(argument: object) -> Category:
    """The category of a number argument, given as a value or as its type."""
    if isinstance(argument, ScalarType):
        return _TYPE_CATEGORY[argument]
    return number_category(argument)  # pyright: ignore[reportArgumentType] - schema matching let only numbers through


def pointwise_types(op: Op, args: Sequence[object]) -> tuple[DType, TensorType]:
    """The dtype that a pointwise op computes in, and the type of its result.

    Factors (``alpha``, ``value``) do not take part in promotion, nor do exempt tensors (a condition).
    Raises: `DTypeError` or `ShapeError`; `RangeError` for a known number that the op does not take.
    """
    dims: list[DType] = []
    zero_dims: list[DType] = []
    numbers: list[Category] = []
    shapes: list[tuple[int, ...]] = []
    for param, arg in zip(op.schema.params, args, strict=True):
        if isinstance(arg, TensorType):
            dtype, shape = _complete(arg)
            shapes.append(shape)
            if param.name not in op.exempt:
                (dims if shape else zero_dims).append(dtype)
        elif arg is not None and param.name not in FACTORS and _takes_number(param.type):
            numbers.append(category(arg))
    common = result_type(dims, zero_dims, numbers)
    for kind in ("check", "guard"):
        rule = op.rules.get(kind)
        if rule is not None:
            rule(common, *args)
    shape = broadcast_shapes(*shapes, op=op.schema.name) if len(shapes) > 1 else shapes[0]
    match op.promotion:
        case Promotion.DEFAULT:
            return common, TensorType(common, shape)
        case Promotion.INT_TO_FLOAT:
            wide = common if common.is_floating_point else default_float()
            return wide, TensorType(wide, shape)
        case Promotion.COMPARE:
            return common, TensorType(bool_dtype, shape)


def _takes_number(type_: object) -> bool:
    return type_ == SCALAR or (isinstance(type_, OptionalType) and type_.element == SCALAR)


def _complete(type_: TensorType) -> tuple[DType, tuple[int, ...]]:
    if type_.dtype is None or type_.shape is None:
        raise DTypeError(f"type of a pointwise result: got {type_}; takes a tensor of known dtype and shape")
    return type_.dtype, tuple(n for n in type_.shape if n is not None)
