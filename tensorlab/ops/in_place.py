"""In-place forms: ``add_`` is `add`, written over its first argument."""

from __future__ import annotations

from tensorlab.core.in_place import InPlacePointwise, check_fits
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import EagerPointwise
from tensorlab.core.schema import Alias, Param, Result
from tensorlab.core.types import TensorType
from tensorlab.ops import (
    arithmetic,
    bitwise,
    bounds,
    comparison,
    division,
    elementary,
    finite,
    interpolation,
    logical,
    rounding,
    signs,
)


def in_place(functional: Op) -> Op:
    """Declare ``name_``: the same computation written over ``self``, whose dtype and shape stay."""
    schema = functional.schema
    written = Alias("a", writes=True)
    first, *rest = schema.params
    params = (Param(first.name, first.type, first.default, first.keyword_only, written), *rest)
    overload = f".{schema.overload}" if schema.overload else ""
    texts = _with_star(params)
    result = Result(schema.results[0].type, written)
    text = f"{schema.namespace}::{schema.name}_{overload}({', '.join(texts)}) -> {result}"
    op = declare(text, promotion=functional.promotion, exempt=functional.exempt)
    op.static.update(functional.static)
    op.rules.update({kind: rule for kind, rule in functional.rules.items() if kind in ("scalar", "guard")})
    functional_type = functional.rules["type"]

    def written_type(target: TensorType, *args: object) -> TensorType:
        check_fits(op.schema.name, functional_type(target, *args), target)
        return target

    op.rule("type")(written_type)
    evaluator = functional.evaluate
    if not isinstance(evaluator, EagerPointwise):
        raise TypeError(f"{functional.name} is not pointwise")
    op.evaluate = InPlacePointwise(op, evaluator)
    return op


def _with_star(params: tuple[Param, ...]) -> list[str]:
    texts: list[str] = []
    for param in params:
        if param.keyword_only and "*" not in texts:
            texts.append("*")
        texts.append(str(param))
    return texts


_FORMS: tuple[Op, ...] = (
    *(arithmetic.add, arithmetic.add_number, arithmetic.sub, arithmetic.sub_number, arithmetic.mul),
    *(arithmetic.mul_number, arithmetic.div, arithmetic.div_number, arithmetic.pow_, arithmetic.pow_tensor),
    *(arithmetic.neg, arithmetic.absolute, arithmetic.reciprocal),
    *(op for op in division.DIVISIONS if op is not division.remainder_of_number),
    *(op for pair in comparison.ORDERS for op in pair),
    *logical.LOGICAL,
    *(bitwise.bitwise_and, bitwise.bitwise_and_number, bitwise.bitwise_or, bitwise.bitwise_or_number),
    *(bitwise.bitwise_xor, bitwise.bitwise_xor_number, bitwise.bitwise_not, bitwise.gcd, bitwise.lcm),
    *(bitwise.left_shift, bitwise.left_shift_number, bitwise.right_shift, bitwise.right_shift_number),
    *rounding.ROUNDINGS,
    *(signs.sign, signs.sgn, signs.copysign, signs.copysign_number, signs.heaviside, signs.hypot),
    *(bounds.clamp_tensor, bounds.clamp_min, bounds.clamp_min_tensor, bounds.clamp_max, bounds.clamp_max_tensor),
    *interpolation.INTERPOLATION,
    finite.nan_to_num,
    *(elementary.exp, elementary.log, elementary.sqrt, elementary.tanh, elementary.sigmoid, elementary.relu),
    elementary.clamp,
)

IN_PLACE: tuple[Op, ...] = tuple(in_place(op) for op in _FORMS)
