"""Every declared op is whole: schema, the rules that its kind needs and no others, an evaluator, a true type rule."""

import pytest

import tensorlab as tl
from tensorlab.core.op import Op, all_ops, infer
from tensorlab.core.schema import parse_schema
from tensorlab.core.types import ListType, OptionalType, TensorType
from tensorlab.ops import (
    arithmetic,
    bitwise,
    bounds,
    comparison,
    copying,
    create,
    division,
    elementary,
    extremes,
    finite,
    in_place,
    interpolation,
    logical,
    matmul,
    movement,
    number,
    reduce,
    rounding,
    signs,
    softmax,
)

# What an op of each kind has; a pointwise op may have a check and a guard beside.
KINDS = {
    "pointwise": (
        {"type", "scalar"},
        {"check", "guard"},
        (
            *(*arithmetic.ARITHMETIC, *division.DIVISIONS, *bounds.BOUNDS, *rounding.ROUNDINGS, *signs.SIGNS),
            *(*logical.LOGICAL, *bitwise.BITWISE, *interpolation.INTERPOLATION, *finite.FINITE),
            *(*elementary.ELEMENTARY, copying.clone),
        ),
    ),
    "comparison": ({"type", "scalar"}, {"check"}, comparison.COMPARISONS),
    "in place": ({"type", "scalar"}, {"guard"}, in_place.IN_PLACE),
    "reduction": ({"type", "reduce"}, set(), (*reduce.REDUCTIONS, *extremes.REDUCTIONS)),
    "view": ({"type", "view"}, set(), movement.VIEWS),
    "call": (
        {"type", "call"},
        set(),
        (*copying.COPYING, *create.CREATION, matmul.matmul, *softmax.SOFTMAX, movement.reshape, movement.flatten),
    ),
}
OPS = [(kind, op) for kind, (_, _, ops) in KINDS.items() for op in ops]


def name_of(value: object) -> str | None:
    return value.name if isinstance(value, Op) else value if isinstance(value, str) else None


@pytest.mark.parametrize(("kind", "op"), OPS, ids=name_of)
def test_an_op_has_exactly_the_rules_of_its_kind(kind, op):
    needed, allowed, _ = KINDS[kind]
    assert needed <= set(op.rules) <= needed | allowed
    assert op.evaluate is not None


def test_every_op_on_tensors_is_of_a_kind():
    """Ops on numbers are tested with `ops.number`, which declares them by their one rule."""
    listed = {op for _, op in OPS}
    numbers = {op for op in all_ops() if op not in listed}
    assert all(set(op.rules) == {"call"} for op in numbers)
    assert not [op.name for op in numbers if op.schema.kind.startswith("aten::") and _makes_tensors(op)]
    assert number.declare_number is not None


def _makes_tensors(op: Op) -> bool:
    takes = any(isinstance(p.type, TensorType) for p in op.schema.params)
    return takes and any(isinstance(r.type, TensorType) for r in op.schema.results)


@pytest.mark.parametrize("op", list(all_ops()), ids=name_of)
def test_a_schema_prints_as_what_it_was_read_from(op):
    assert str(parse_schema(str(op.schema))) == str(op.schema)


@pytest.mark.parametrize("op", in_place.IN_PLACE, ids=name_of)
def test_in_place_ops_say_what_they_write(op):
    assert op.schema.writes == (0,)
    assert op.schema.results[0].alias == op.schema.params[0].alias


@pytest.mark.parametrize("op", movement.VIEWS, ids=name_of)
def test_views_say_what_they_share(op):
    assert op.schema.params[0].alias is not None
    assert op.schema.results[0].alias == op.schema.params[0].alias
    assert op.schema.writes == ()


A = tl.arange(6).view(2, 3).float()
ARGUMENTS = {
    "other": {"Tensor": lambda: A + 1, "Scalar": lambda: 2},
    "exponent": {"Tensor": lambda: A, "Scalar": lambda: 2},
    "condition": {"Tensor": lambda: A > 2},
    "src": {"Tensor": lambda: A * 2},
    "self": {"Tensor": lambda: A.clone(), "Scalar": lambda: 1.5},
    "tensors": {"Tensor[]": lambda: [A, A]},
    "dim": {"int": lambda: 1, "int?": lambda: 1, "int[]?": lambda: (1,), "int[]": lambda: (1,)},
    "dimension": {"int": lambda: 1},
    "step": {"int": lambda: 1},
    "steps": {"int": lambda: 5},
    "n": {"int": lambda: 2},
    "m": {"int": lambda: 3},
    "dim0": {"int": lambda: 0},
    "dim1": {"int": lambda: 1},
    "dims": {"int[]": lambda: (1, 0)},
    "size": {"int[]": lambda: (2, 3), "int": lambda: 2},
    "shape": {"int[]": lambda: (3, 2)},
    "index": {"int": lambda: 1},
    "min": {"Scalar?": lambda: 1, "Scalar": lambda: 1, "Tensor": lambda: A, "Tensor?": lambda: A},
    "max": {"Scalar": lambda: 1, "Tensor": lambda: A},
    "weight": {"Scalar": lambda: 0.5, "Tensor": lambda: A / 8},
    "values": {"Tensor": lambda: A},
    "tensor1": {"Tensor": lambda: A},
    "tensor2": {"Tensor": lambda: A + 1},
    "value": {"Scalar": lambda: 3},
    "fill_value": {"Scalar": lambda: 2},
    "data": {"Scalar": lambda: True},
    "start": {"Scalar": lambda: 0, "int?": lambda: 1},
    "end": {"Scalar": lambda: 4, "int?": lambda: None, "Tensor": lambda: A * 2},
    "dtype": {"ScalarType": lambda: tl.float64},
}


def arguments(op: Op) -> list[object]:
    """Arguments of the kinds that the schema asks for, and defaults where it has them."""
    given = []
    for param in op.schema.params:
        of_name = ARGUMENTS.get(param.name, {})
        make = of_name.get(str(param.type))
        optional = isinstance(param.type, (OptionalType, ListType)) or param.required or param.name == "start"
        given.append(make() if make is not None and optional else param.default)
    return given


@pytest.mark.parametrize("op", [op for _, op in OPS], ids=name_of)
def test_the_type_rule_says_what_comes_out(op):
    given = arguments(op)
    if op.schema.name.removesuffix("_") in {o.schema.name for o in bitwise.BITWISE}:
        given = [a.long() if isinstance(a, tl.Tensor) else int(a) for a in given]
    if op is matmul.matmul:
        given[1] = given[1].t()
    types = [[x.type for x in a] if isinstance(a, list) else a.type if isinstance(a, tl.Tensor) else a for a in given]
    result = op(*given)
    results = result if isinstance(result, tuple) else (result,)
    assert infer(op, types) == tuple(r.type for r in results)
