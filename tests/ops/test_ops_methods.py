"""Tensor's methods: those that the stubs name are those that are installed, and what may stand beside a tensor."""

import ast
import inspect

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.autograd.methods import METHODS
from tensorlab.core.operations import Operations
from tensorlab.core.tensor import Tensor
from tensorlab.ops.methods import TABLE as OPERATIONS

TABLE = {**OPERATIONS, **METHODS}
A = tl.tensor([1.5, 2.5])


def stubs() -> dict[str, ast.FunctionDef]:
    """What type checkers are told that a tensor has."""
    definitions = [ast.parse(inspect.getsource(part)).body[0] for part in Operations.__bases__]
    return {f.name: f for d in definitions for f in d.body if isinstance(f, ast.FunctionDef)}


def test_stubs_and_methods_are_the_same():
    assert set(stubs()) == set(TABLE)


@pytest.mark.parametrize("name", [n for n in TABLE if not isinstance(TABLE[n], property)])
def test_a_stub_has_the_parameters_of_its_method(name):
    stub = stubs()[name].args
    method = inspect.signature(TABLE[name]).parameters
    positional = [p for p in method.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(stub.args) == len(positional)
    assert [a.arg for a in stub.args][1:] == [p.name for p in positional][1:]
    assert len(stub.defaults) == sum(p.default is not p.empty for p in positional)
    assert {a.arg for a in stub.kwonlyargs} == {p.name for p in method.values() if p.kind is p.KEYWORD_ONLY}
    assert (stub.vararg is None) == (not any(p.kind is p.VAR_POSITIONAL for p in method.values()))


@pytest.mark.parametrize("name", [n for n in TABLE if not n.startswith("__")])
def test_a_method_says_what_it_does(name):
    doc = inspect.getdoc(TABLE[name])
    assert doc
    assert doc.splitlines()[0].endswith((".", "``;", "."))


def test_methods_are_hidden_from_completion_where_they_are_for_ops_only():
    shown = dir(A)
    assert {"add_", "view", "tolist", "T"} <= set(shown)
    assert not {"as_view", "written", "check_writable", "detached_numpy"} & set(shown)


@pytest.mark.parametrize(
    "scalar",
    [np.float64(2), np.float32(2), np.int64(2), np.uint8(2), np.bool_(True)],
    ids=lambda s: type(s).__name__,
)
def test_numpy_scalars_count_as_python_numbers(scalar):
    plain = scalar.item()
    for left, right in (
        (A * scalar, A * plain),
        (scalar * A, plain * A),
        (A + scalar, A + plain),
        (scalar / A, plain / A),
    ):
        assert isinstance(left, Tensor)
        assert (left.dtype, left.tolist()) == (right.dtype, right.tolist())
    assert (scalar < A).tolist() == (plain < A).tolist()
    assert (scalar < A).tolist() == (plain < A).tolist()
    assert (A.clone().mul_(scalar)).tolist() == (A * plain).tolist()


def test_arrays_on_the_right_are_tensors_over_their_bytes():
    array = np.array([1.0, 2.0])
    assert (A * array).dtype is tl.float64
    assert (A + np.array(2.0)).tolist() == [3.5, 4.5]
    assert (np.array([1.5, 0.0]) == A).tolist() == [True, False]
    assert (tl.ones(1, 2, dtype=tl.float64) @ array).tolist() == [3.0]
    with pytest.raises(TypeError, match="unsupported operand"):
        array * A


@pytest.mark.parametrize("other", [None, "a", [1.5, 2.5], object(), 1j], ids=lambda o: type(o).__name__)
def test_what_is_no_operand_is_left_to_python(other):
    assert (other == A) is False
    assert (other != A) is True
    for call in (lambda: A + other, lambda: other + A, lambda: other > A, lambda: A / other, lambda: A @ other):
        with pytest.raises(TypeError):
            call()
    target = A.clone()
    with pytest.raises(TypeError):
        target += other
    assert target._version == 0


def test_a_tensor_has_no_place_on_the_right_of_matmul_with_a_number():
    with pytest.raises(TypeError, match="unsupported operand type"):
        A @ 2


def test_membership():
    assert 2.5 in A
    assert 3 not in A
    assert tl.tensor(1.5) in A
    assert 1 not in tl.zeros(0)
    with pytest.raises(tl.TensorlabError, match=r"^in: argument 'other' takes a Tensor or a number, got str$"):
        assert "a" in A


def test_iteration_and_its_reverse():
    rows = tl.arange(6).view(3, 2)
    assert [r.tolist() for r in rows] == [[0, 1], [2, 3], [4, 5]]
    assert [r.tolist() for r in reversed(rows)] == [[4, 5], [2, 3], [0, 1]]
    first, *_ = rows
    first.add_(10)
    assert rows[0].tolist() == [10, 11]


def test_what_max_and_min_give_prints_as_in_torch():
    values = tl.tensor([[3.0, 1.0], [2.0, 5.0]])
    assert repr(values.max(1)) == ("tensorlab.return_types.max(\nvalues=tensor([3., 5.]),\nindices=tensor([0, 1]))")
    assert repr(values.min(0)) == ("tensorlab.return_types.min(\nvalues=tensor([2., 1.]),\nindices=tensor([1, 0]))")
    largest, at = values.max(dim=1, keepdim=True)
    assert (largest.tolist(), at.tolist()) == ([[3.0], [5.0]], [[0], [1]])


def test_functions_take_their_arguments_by_name():
    assert tl.add(input=A, other=A, alpha=2).tolist() == [4.5, 7.5]
    assert tl.pow(A, exponent=2).tolist() == [2.25, 6.25]
    assert A.clamp(max=2).tolist() == [1.5, 2.0]
    assert tl.where(condition=A > 2, input=A, other=0).tolist() == [0.0, 2.5]
    assert tl.softmax(input=A * 0, dim=0).tolist() == [0.5, 0.5]
    assert A.sum(dim=0, keepdim=True).tolist() == [4.0]
    assert tl.transpose(A.view(1, 2), dim0=0, dim1=1).tolist() == [[1.5], [2.5]]


def test_short_cuts_give_what_the_long_way_gives():
    from tensorlab.ops import arithmetic, elementary

    a = tl.arange(33).view(3, 11).double()  # of a layout that nothing has met: what recurs is kept elsewhere too
    for op, args in ((arithmetic.mul, (a, a)), (arithmetic.mul_number, (a, 2.5)), (elementary.tanh, (a,))):
        op.plans.clear()
        long = op.run(args)
        (short,) = op.plans.values()
        assert short(*args).tolist() == long.tolist()
    arithmetic.pow_.plans.clear()
    assert [(A**n).tolist() for n in (2, 3, 2)] == [[2.25, 6.25], [3.375, 15.625], [2.25, 6.25]]
    assert not arithmetic.pow_.plans  # an exponent may be part of the loop


def test_a_short_cut_in_place_still_sees_overlap_and_read_only_memory():
    row = np.arange(6.0)
    whole = tl.from_numpy(row)
    a, b = whole[:3], whole[3:]
    a.add_(b)
    a.add_(b)  # by the short cut
    assert row.tolist() == [6, 9, 12, 3, 4, 5]
    whole[1:4].add_(whole[2:5])
    assert row.tolist() == [6, 9 + 12, 12 + 3, 3 + 4, 4, 5]
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    with pytest.raises(tl.TensorlabError, match=r"^add_: the tensor's memory is read-only"):
        tl.from_numpy(fixed).add_(b)
    with pytest.raises(tl.TensorlabError, match=r"^mul_: the tensor's memory is read-only"):
        tl.from_numpy(fixed).mul_(2)
    assert fixed.tolist() == [0, 1, 2]
