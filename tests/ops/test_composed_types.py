"""Ops made of other ops: their types are what the function gives of tensors without memory, where no value decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.core.op import infer, lookup
from tensorlab.core.types import INT, TENSOR, ListType, TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.assertions import assert_op, check_values
from tensorlab.ops.composed_types import element_types, types_of_call


def shaped(*shape: int, dtype: Any = tl.float32) -> TensorType:
    return TensorType(dtype, shape)


def first(kind: str) -> Any:
    return lookup(kind)[0]


@pytest.mark.parametrize(
    ("kind", "args", "expected"),
    [
        ("aten::hstack", ([shaped(2), shaped(3)],), shaped(5)),
        ("aten::kron", (shaped(2, 3), shaped(4, dtype=tl.int64)), shaped(2, 12)),
        ("aten::tile", (shaped(3), (2, 2)), shaped(2, 6)),
        ("aten::rot90", (shaped(2, 3), 1, (0, 1)), shaped(3, 2)),
        ("aten::as_strided", (shaped(2, 3), (2, 2), (1, 1), None), shaped(2, 2)),
        ("aten::cartesian_prod", ([shaped(2), shaped(3)],), shaped(6, 2)),
        ("aten::meshgrid", ([shaped(2), shaped(3)], "ij"), ListType(TENSOR)),
    ],
)
def test_types_are_what_the_function_gives(kind: str, args: Sequence[Any], expected: object) -> None:
    assert infer(first(kind), args) == (expected,)


def test_what_the_function_refuses_the_type_rule_refuses() -> None:
    with pytest.raises(ShapeError, match=r"^cat: "):
        infer(first("aten::vstack"), ([shaped(2), shaped(3)],))


def test_a_value_that_decides_leaves_the_declared_type() -> None:
    op = first("aten::flipud")

    def looks(a: tl.Tensor) -> tl.Tensor:
        return a if a.sum().item() > 0 else a[:1]

    def counts(a: tl.Tensor) -> tl.Tensor:
        return a.nonzero()[0]

    def measures(a: tl.Tensor) -> tl.Tensor:
        return a[: len(a) - 1]

    assert types_of_call(op, looks, (shaped(3),)) == TENSOR
    assert types_of_call(op, counts, (shaped(3),)) == TENSOR
    assert types_of_call(op, measures, (shaped(3),)) == shaped(2)
    assert types_of_call(op, measures, (TensorType(tl.float32),)) == TENSOR


def test_elements_of_lists() -> None:
    chunk = first("aten::chunk")
    assert element_types(chunk, (shaped(5, 2), 2, 0)) == (shaped(3, 2), shaped(2, 2))
    assert element_types(chunk, (shaped(5, 2), INT, 0)) == ()
    assert element_types(first("aten::meshgrid"), ([shaped(2), shaped(3)], "xy")) == (shaped(3, 2), shaped(3, 2))


def test_a_check_of_values() -> None:
    check_values(tl.tensor(True), "never said")
    with pytest.raises(RangeError, match=r"^take: no$"):
        check_values(tl.tensor([[False]]), "take: no")
    with pytest.raises(ShapeError, match=r"^_assert_async: takes a tensor of one element, got Bool\(2\)$"):
        assert_op(tl.tensor([True, True]), "take: no")
