"""Regions of several steps: typed, planned once a layout, run into new tensors or into given ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.core import pointwise
from tensorlab.core.dtype import Category
from tensorlab.core.in_place import write_region
from tensorlab.core.layout import layout
from tensorlab.core.pointwise import Plan, RegionRunner, make_plan
from tensorlab.core.reduction import find_walk
from tensorlab.core.region import Ref, Region, Source, Step, pointwise_types, type_region
from tensorlab.core.shape import contiguous_strides
from tensorlab.core.types import BOOL, FLOAT, INT, TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops import arithmetic, comparison, elementary

ONE = Ref(Source.LITERAL, literal=1)


def taken(index):
    return Ref(Source.INPUT, index)


def step(index):
    return Ref(Source.STEP, index)


# (a + b) * p, and whether that is above a
REGION = Region(
    2,
    1,
    (
        Step(arithmetic.add, (taken(0), taken(1), ONE)),
        Step(arithmetic.mul_number, (step(0), Ref(Source.PARAM, 0))),
        Step(comparison.gt, (step(1), taken(0))),
    ),
    (1, 2),
)


def test_a_region_gives_its_outputs_in_one_loop():
    a, b = tl.arange(6).view(2, 3).float(), tl.tensor([1, 2, 3])
    product, above = RegionRunner(REGION)([a, b], [0.5])
    expected = (a.numpy() + b.numpy()) * np.float32(0.5)
    np.testing.assert_array_equal(product.numpy(), expected)
    np.testing.assert_array_equal(above.numpy(), expected > a.numpy())
    assert (product.dtype, above.dtype) == (tl.float32, tl.bool)


def test_plans_are_kept_by_layouts_and_kinds_of_numbers():
    runner = RegionRunner(REGION)
    a, b = tl.ones(2, 3), tl.ones(3)
    plans = [runner.plan([a.layout, b.layout], [p]) for p in (0.5, 2.5, 3, 4)]
    assert plans[0] is plans[1]
    assert plans[2] is plans[3]
    assert plans[0] is not plans[2]
    assert runner.plan([a.t().layout, b.view(3, 1).layout], [0.5]) is not plans[0]
    assert len(runner.plans) == 3


def test_a_program_with_ever_new_layouts_starts_the_table_over(monkeypatch):
    monkeypatch.setattr(pointwise, "PLAN_LIMIT", 3)
    runner = RegionRunner(REGION)
    for n in range(2, 9):
        (result, _) = runner([tl.ones(n), tl.ones(n)], [1.0])
        assert result.tolist() == [2.0] * n
    assert len(runner.plans) <= 3


def test_a_plan_fills_memory_that_is_there():
    a = tl.arange(4).float()
    out, flags = np.zeros(4, np.float32), np.zeros(4, bool)
    plan = RegionRunner(REGION).plan([a.layout, a.layout], [2.0])
    assert isinstance(plan, Plan)
    plan.fill([out.ctypes.data, flags.ctypes.data], [a.address, a.address], [2.0])
    assert (out.tolist(), flags.tolist()) == ([0, 4, 8, 12], [False, True, True, True])


def test_no_elements_need_no_loop():
    plan = RegionRunner(REGION).plan([layout(tl.float32, (0, 3)), layout(tl.float32, (3,))], [1.0])
    assert plan.loop is None
    assert [tuple(r.shape) for r in plan.results] == [(0, 3), (0, 3)]
    plan.fill([0, 0], [0, 0], [1.0])


def test_a_number_of_more_than_64_bits_is_refused_by_the_loop():
    with pytest.raises(RangeError) as caught:
        RegionRunner(REGION)([tl.ones(2), tl.ones(2)], [2**64])
    assert (
        str(caught.value) == "add_mul_gt: got the integer 18446744073709551616; takes integers from -2**63 to 2**63 - 1"
    )


def test_types_of_steps():
    matrix, row = TensorType(tl.float32, (2, 3)), TensorType(tl.int64, (3,))
    steps = type_region(REGION, [row, row], [Category.FLOAT])
    assert [(s.compute, s.result.dtype) for s in steps] == [
        *((tl.int64, tl.int64), (tl.float32, tl.float32), (tl.float32, tl.bool)),
    ]
    assert type_region(REGION, [matrix, row], [Category.INT])[-1].result == TensorType(tl.bool, (2, 3))
    assert pointwise_types(arithmetic.mul_number, [row, FLOAT])[1] == TensorType(tl.float32, (3,))
    assert pointwise_types(arithmetic.mul_number, [row, INT])[1] == row
    assert pointwise_types(arithmetic.pow_, [row, BOOL])[0] is tl.int64
    assert pointwise_types(elementary.exp, [row])[1] == TensorType(tl.float32, (3,))


def test_what_is_not_known_has_no_type():
    with pytest.raises(DTypeError) as caught:
        pointwise_types(elementary.exp, [TensorType(tl.float32)])
    assert str(caught.value) == ("type of a pointwise result: got Float; takes a tensor of known dtype and shape")


def test_outputs_of_one_loop_have_one_shape():
    region = Region(2, 0, (Step(elementary.relu, (taken(0),)), Step(elementary.relu, (taken(1),))), (0, 1))
    with pytest.raises(ShapeError) as caught:
        make_plan(region, [layout(tl.float32, (2, 3)), layout(tl.float32, (3,))], [], None)
    assert str(caught.value) == "region: outputs of shapes [(2, 3), (3,)] in one loop over (2, 3)"


def test_writing_a_region_over_a_tensor():
    target = tl.arange(4).float()
    region = Region(2, 0, REGION.steps[:1], (0,))
    runner = RegionRunner(region)
    assert write_region("test", runner, [target, tl.ones(4)], [], target) is not None
    assert target.tolist() == [1, 2, 3, 4]
    assert write_region("test", runner, [target[:3], target[1:]], [], target[1:]) is None  # after a copy
    assert target.tolist() == [1, 3, 5, 7]
    assert target._version == 2


@settings(deadline=None)
@given(st.permutations(range(3)), st.sets(st.integers(0, 2), min_size=1), st.booleans())
def test_a_walk_over_a_permuted_tensor_visits_every_element(order, dims, ordered):
    shape, strides = (2, 3, 4), [0] * 3
    for d, s in zip(order, contiguous_strides([shape[d] for d in order]), strict=True):
        strides[d] = s
    form = layout(tl.float32, shape, tuple(strides))
    walk = find_walk(form, tuple(sorted(dims)), ordered=ordered)
    assert walk.outer * walk.n * walk.inner == 24
    folded = np.prod([shape[d] for d in dims])
    assert walk.n == folded
    if walk.moved is not None:
        assert walk.inner == 1
        assert walk.moved.numel == 24
