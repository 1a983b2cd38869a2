"""Declarations: schemas read and printed, overloads chosen by type, arguments bound; each refusal in full."""

import pytest

import tensorlab as tl
from tensorlab.core import op as op_module
from tensorlab.core.op import all_ops, bind, declare, infer, lookup, mismatch, resolve
from tensorlab.core.schema import REQUIRED, Alias, parse_schema
from tensorlab.core.types import (
    BOOL,
    DEVICE,
    DTYPE,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    STR,
    TENSOR,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    accepts,
    unify,
)
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError, ParseError

MATRIX = TensorType(tl.float32, (2, 3))


def test_a_schema_and_its_parts():
    schema = parse_schema("add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)")
    assert (schema.kind, schema.overload, schema.writes) == ("aten::add_", "Tensor", (0,))
    target, other, alpha = schema.params
    assert (target.alias, target.required, target.default) == (Alias("a", writes=True), True, REQUIRED)
    assert (other.alias, other.type, other.keyword_only) == (None, TENSOR, False)
    assert (alpha.default, alpha.required, alpha.keyword_only) == (1, False, True)
    assert schema.results[0].alias == Alias("a", writes=True)
    assert str(schema) == "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)"


@pytest.mark.parametrize(
    "text",
    [
        "aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
        "aten::sum(Tensor self, int[]? dim=None, *, ScalarType? dtype=None) -> Tensor",
        "prim::shape(Tensor(a) self, int[] size=[1, -1], float x=1.5) -> (Tensor(a))[]",
        "aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
        "aten::nothing() -> ()",
    ],
)
def test_schemas_print_as_they_are_written(text):
    if "(Tensor(a))[]" in text:
        text = text.replace("(Tensor(a))[]", "Tensor(a)[]")
    assert str(parse_schema(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("add", "schema 'add': takes 'name.overload(params) -> results'"),
        ("add(Tensor a)", "schema 'add(Tensor a)': '->' with results is missing"),
        ("add(Matrix a) -> Tensor", "schema 'add(Matrix a) -> Tensor': no type is named 'Matrix'"),
        ("add(Tensor a b c) -> Tensor", "schema 'add(Tensor a b c) -> Tensor': cannot read 'Tensor a b c'"),
    ],
)
def test_schemas_that_cannot_be_read(text, message):
    with pytest.raises(ParseError) as caught:
        parse_schema(text)
    assert str(caught.value) == message


@pytest.fixture
def registry(monkeypatch):
    """What is declared here is gone afterwards."""
    monkeypatch.setattr(op_module, "_REGISTRY", dict(op_module._REGISTRY))


def test_one_overload_is_declared_once(registry):
    declare("frobnicate.a(Tensor self) -> Tensor")
    declare("frobnicate.b(int self) -> int")
    assert [o.name for o in lookup("aten::frobnicate")] == ["frobnicate.a", "frobnicate.b"]
    with pytest.raises(ArgumentError, match=r"^frobnicate\.a: declared twice$"):
        declare("frobnicate.a(Tensor other) -> Tensor")


def test_one_rule_of_a_kind(registry):
    op = declare("frobnicate(Tensor self) -> Tensor")

    @op.rule("type")
    def frobnicate_type(a):
        return a

    with pytest.raises(ArgumentError, match=r"^frobnicate: has a type rule already, frobnicate_type$"):
        op.rule("type")
    with pytest.raises(ArgumentError) as caught:
        op.rule("colour")
    assert str(caught.value) == (
        "frobnicate: no rule kind 'colour'; takes one of type, scalar, check, guard, reduce, view, call, composite"
    )
    with pytest.raises(ArgumentError, match=r"^frobnicate: declared without an evaluator$"):
        op(tl.ones(1))
    assert repr(op) == "<op aten::frobnicate(Tensor self) -> Tensor>"


SCHEMA = parse_schema("f(Tensor self, int dim=0, *, Scalar alpha=1) -> Tensor")


@pytest.mark.parametrize(
    ("args", "kwargs", "bound"),
    [(("x",), {}, ("x", 0, 1)), (("x", 2), {"alpha": 3}, ("x", 2, 3)), ((), {"dim": 1, "self": "x"}, ("x", 1, 1))],
)
def test_arguments_are_bound_in_the_schemas_order(args, kwargs, bound):
    assert bind(SCHEMA, args, kwargs) == bound


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "f: argument 'self' is missing; takes aten::f(Tensor self, int dim=0, *, Scalar alpha=1) -> Tensor"),
        (("x", 1, 2, 3), {}, "f: takes 3 arguments, got 4"),
        (("x",), {"self": "y"}, "f: got argument 'self' twice"),
        (
            ("x",),
            {"axis": 1},
            "f: has no parameter 'axis'; takes aten::f(Tensor self, int dim=0, *, Scalar alpha=1) -> Tensor",
        ),
    ],
)
def test_arguments_that_do_not_bind(args, kwargs, message):
    with pytest.raises(ArgumentError) as caught:
        bind(SCHEMA, args, kwargs)
    assert str(caught.value) == message


def test_an_overload_is_chosen_by_types():
    assert resolve("aten::add", [MATRIX, MATRIX]).name == "add.Tensor"
    assert resolve("aten::add", [MATRIX, FLOAT]).name == "add.Scalar"
    assert resolve("aten::add", [INT, INT]).name == "add.int"
    assert resolve("aten::pow", [INT, MATRIX]).name == "pow.Scalar"


def test_a_call_that_no_overload_takes_lists_them():
    with pytest.raises(ArgumentError) as caught:
        resolve("aten::tanh", [STR], {"out": INT})
    first, *rest = str(caught.value).splitlines()
    assert first == "aten::tanh: arguments (str, out=int) are not valid; candidates:"
    assert rest[:2] == ["  aten::tanh(Tensor self) -> Tensor", "    has no parameter 'out'"]
    with pytest.raises(ArgumentError, match=r"^unknown builtin op aten::frobnicate$"):
        resolve("aten::frobnicate", [])


@pytest.mark.parametrize(
    ("types", "keywords", "why"),
    [
        ([TENSOR], {}, None),
        ([TENSOR, INT], {"alpha": FLOAT}, None),
        ([], {}, "argument 'self' is missing"),
        ([TENSOR, FLOAT], {}, "argument 'dim' takes int, got float"),
        ([TENSOR], {"alpha": STR}, "argument 'alpha' takes Scalar, got str"),
        ([TENSOR], {"beta": INT}, "has no parameter 'beta'"),
    ],
)
def test_why_a_schema_does_not_fit(types, keywords, why):
    assert mismatch(SCHEMA, types, keywords) == why


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        *(
            (True, BOOL),
            (3, INT),
            (2.5, FLOAT),
            (None, NONE),
            ("a", STR),
            (tl.float32, DTYPE),
            (tl.device("cpu"), DEVICE),
        ),
        *(([1, 2], ListType(INT)), ([], ListType(INT)), ([1, "a"], TupleType((INT, STR)))),
        (tl.ones(2, 3), MATRIX),
        ([tl.ones(1), tl.ones(2, 3)], ListType(TENSOR)),
    ],
    ids=str,
)
def test_types_of_values(value, type_):
    assert value_type(value) == type_


def test_a_value_of_no_type():
    with pytest.raises(ArgumentError, match=r"^a value of type object has no type in a graph$"):
        value_type(object())


def test_inferring_with_and_without_knowledge():
    (add,) = (o for o in all_ops() if o.name == "add.Tensor")
    assert infer(add, [MATRIX, TensorType(tl.float64, (3,)), 1]) == (TensorType(tl.float64, (2, 3)),)
    assert infer(add, [MATRIX, TENSOR, 1]) == (TENSOR,)
    (scalar,) = (o for o in all_ops() if o.name == "mul.Scalar")
    assert infer(scalar, [TensorType(tl.int64, (2,)), FLOAT]) == (TensorType(tl.float32, (2,)),)
    (cat,) = lookup("aten::cat")
    assert infer(cat, [[MATRIX, MATRIX], 0]) == (TensorType(tl.float32, (4, 3)),)
    assert infer(cat, [ListType(TENSOR), 0]) == (TENSOR,)


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        *(
            (TENSOR, MATRIX, True),
            (MATRIX, TENSOR, False),
            (TensorType(tl.float32), MATRIX, True),
            (SCALAR, FLOAT, True),
        ),
        *((TensorType(tl.float32, (None, 3)), MATRIX, True), (TensorType(tl.float32, (None, 4)), MATRIX, False)),
        *((OptionalType(INT), NONE, True), (OptionalType(INT), INT, True), (INT, OptionalType(INT), False)),
        *((OptionalType(SCALAR), OptionalType(FLOAT), True), (OptionalType(INT), OptionalType(FLOAT), False)),
        *((ListType(TENSOR), ListType(MATRIX), True), (INT, FLOAT, False), (INT, BOOL, False), (DTYPE, INT, True)),
        (TupleType((INT, TENSOR)), TupleType((INT, MATRIX)), True),
    ],
    ids=str,
)
def test_what_may_stand_where(wanted, given, fits):
    assert accepts(wanted, given) is fits


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        (INT, INT, INT),
        (INT, FLOAT, None),
        (MATRIX, TensorType(tl.float32, (4, 3)), TensorType(tl.float32, (None, 3))),
        (MATRIX, TensorType(tl.float32, (4,)), TensorType(tl.float32)),
        (MATRIX, TensorType(tl.int64, (2, 3)), TENSOR),
        (OptionalType(INT), NONE, OptionalType(INT)),
        (ListType(MATRIX), ListType(TENSOR), ListType(TENSOR)),
        (TupleType((INT, STR)), TupleType((INT, INT)), None),
        (INT, SCALAR, SCALAR),
    ],
    ids=str,
)
def test_what_two_branches_give_together(a, b, joined):
    assert unify(a, b) == unify(b, a) == joined


def test_types_print_as_graphs_do():
    types = [MATRIX, TensorType(tl.int64, (None,)), TensorType(tl.bool), TENSOR, ListType(INT), OptionalType(FLOAT)]
    assert [str(t) for t in types] == ["Float(2, 3)", "Long(*)", "Bool", "Tensor", "int[]", "float?"]
    assert (MATRIX.numel, TENSOR.numel, TensorType(tl.bool, (2, None)).numel) == (6, None, None)
