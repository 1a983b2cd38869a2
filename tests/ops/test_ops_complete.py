"""Every declared op is whole: one body, the rules that go with it, derivatives or a reason why there are none."""

import pytest

import tensorlab as tl
from tensorlab.autograd import Tensor
from tensorlab.core.op import Op, all_ops
from tensorlab.core.schema import parse_schema
from tensorlab.core.types import ListType, OptionalType, TensorType

assert tl.add  # loads all ops
# What reads or picks, and works nothing out.
STRUCTURAL = ("__getitem__.t", "unchecked_unwrap_optional.Tensor")
OPS = [op for op in all_ops() if op.name not in STRUCTURAL]
BODIES = {"scalar", "reduce", "view", "call", "composite"}
# What an op may have beside its body and its type rule.
BESIDE = {"scalar": {"check", "guard"}, "call": {"composite", "check"}}
INTEGERS = {
    *("isnan", "isinf", "isfinite", "isposinf", "isneginf", "allclose", "equal", "signbit", "isin", "nonzero"),
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift"),
    *("gcd", "lcm", "argmax", "argmin", "any", "all", "count_nonzero", "argsort", "searchsorted", "bucketize"),
    *("bincount", "one_hot", "multinomial", "eq", "ne", "lt", "le", "gt", "ge"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "poisson", "bernoulli", "histc"),
}
# Ops whose results are floats and which have no derivative, as in torch, each with the reason.
WITHOUT = {
    "heaviside": "flat wherever it is continuous; torch has none",
    "_unique2": "what is unique is chosen, not computed; torch has none",
    "unique_dim": "as _unique2",
    "unique_consecutive": "as _unique2",
    "nextafter": "torch has none",
    "view.dtype": "bytes are not numbers",
    "detach": "cuts the history, on purpose",
    "zeros_like": "does not read its argument's values",
    "ones_like": "does not read its argument's values",
    "full_like": "does not read its argument's values",
    "scatter.reduce": "torch has none: scatter_reduce is the one with a derivative",
    "scatter.value_reduce": "as scatter.reduce",
    "index_reduce": "left to scatter_reduce",
}
# Parameters that are asked for no gradient: conditions, places, statistics that are kept.
CONSTANT = {
    *("condition", "indices", "index", "mask", "target", "running_mean", "running_var", "sorter", "weights"),
    "boundaries",
}


def name_of(value: object) -> str | None:
    return value.name if isinstance(value, Op) else None


def writes_to_tensor(op: Op) -> bool:
    """Lists and dicts are written to as well, by ops that Python has; they have no derivatives."""
    return any(isinstance(op.schema.params[i].type, TensorType) for i in op.schema.writes)


def of_tensors(op: Op) -> bool:
    return bool(op.tensors or op.tensor_lists) and any(_holds_tensor(r.type) for r in op.schema.results)


def _holds_tensor(type_: object) -> bool:
    if isinstance(type_, (ListType, OptionalType)):
        return _holds_tensor(type_.element)
    return isinstance(type_, TensorType)


@pytest.mark.parametrize("op", OPS, ids=name_of)
def test_an_op_has_one_body_and_the_rules_that_go_with_it(op):
    bodies = BODIES & set(op.rules)
    assert len(bodies - {"composite"}) == 1 or bodies == {"composite"}
    (body,) = bodies - {"composite"} or {"composite"}
    beside = set(op.rules) - {body, "type"}
    assert beside <= BESIDE.get(body, set())
    assert op.evaluate is not None
    assert body == "composite" or "type" in op.rules or not of_tensors(op)


@pytest.mark.parametrize("op", [op for op in OPS if of_tensors(op)], ids=name_of)
def test_a_tensor_op_has_derivatives_or_a_reason(op):
    if "composite" in op.rules:
        assert not op.derivatives  # they would never be asked
        return
    base = op.schema.name.rstrip("_")
    if op.schema.writes or base in INTEGERS or op.name in WITHOUT or op.name.partition(".")[0] in WITHOUT:
        return
    params = [op.schema.params[i].name for i in (*op.tensors, *op.tensor_lists)]
    assert [p for p in params if p not in op.derivatives and p not in CONSTANT] == []


@pytest.mark.parametrize("op", [op for op in OPS if writes_to_tensor(op)], ids=name_of)
def test_an_op_that_writes_says_so_and_has_the_derivatives_of_its_twin(op):
    from tensorlab.autograd.record import derivatives_of

    assert op.schema.writes == (0,)
    assert op.schema.results[0].alias == op.schema.params[0].alias
    floats = op.schema.name.rstrip("_") not in INTEGERS
    if floats and op.name not in NO_TWIN:
        assert op.schema.params[0].name in derivatives_of(op)


# Writes that forget what was there: nothing flows back to it, and their sources are numbers or random.
NO_TWIN = {
    "random_": "draws integers",
    "index_reduce_": "left to scatter_reduce_",
    "scatter_.reduce": "as scatter.reduce",
    "scatter_.value_reduce": "as scatter.reduce",
    "heaviside_": "as heaviside",
}


@pytest.mark.parametrize("op", OPS, ids=name_of)
def test_a_schema_prints_as_what_it_was_read_from(op):
    assert str(parse_schema(str(op.schema))) == str(op.schema)


@pytest.mark.parametrize("op", [op for op in OPS if "view" in op.rules], ids=name_of)
def test_views_say_what_they_share(op):
    assert op.schema.params[0].alias is not None
    assert op.schema.results[0].alias == op.schema.params[0].alias
    assert op.schema.writes == ()


def test_tensors_are_plain_wherever_they_come_from():
    parameter = tl.nn.Parameter(tl.ones(2, 2))
    for result in (parameter + 1, parameter.t(), parameter[0], parameter.sum(), parameter @ parameter):
        assert type(result) is Tensor
