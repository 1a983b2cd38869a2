"""In-place forms: ``add_`` is `add`, written over its first argument."""

from __future__ import annotations

from tensorlab.core.in_place import InPlacePointwise, check_fits
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import EagerPointwise
from tensorlab.core.schema import Alias, Param, Result
from tensorlab.core.types import TensorType
from tensorlab.ops import arithmetic, elementary


def in_place(functional: Op) -> Op:
    """Declare ``name_``: the same computation written over ``self``, whose dtype and shape stay."""
    schema = functional.schema
    written = Alias("a", writes=True)
    first, *rest = schema.params
    params = (Param(first.name, first.type, first.default, first.keyword_only, written), *rest)
    overload = f".{schema.overload}" if schema.overload else ""
    texts = _with_star(params)
    result = Result(schema.results[0].type, written)
    op = declare(f"{schema.name}_{overload}({', '.join(texts)}) -> {result}", promotion=functional.promotion)
    op.static.update(functional.static)
    op.rules["scalar"] = functional.rules["scalar"]
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
    *(elementary.exp, elementary.log, elementary.sqrt, elementary.tanh, elementary.sigmoid, elementary.relu),
    elementary.clamp,
)

IN_PLACE: tuple[Op, ...] = tuple(in_place(op) for op in _FORMS)
