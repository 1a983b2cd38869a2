"""``out=``: what is written over, what is resized, and what is refused."""

import inspect

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, DTypeError, GradError, ResizeWarning


def test_the_result_is_written_into_the_memory_that_is_there():
    a, out = tl.arange(3).float(), tl.zeros(3)
    address = out.data_ptr()
    assert tl.add(a, a, out=out) is out
    assert out.tolist() == [0.0, 2.0, 4.0]
    assert out.data_ptr() == address
    assert out._version == 1


def test_out_may_be_an_argument_too():
    a = tl.arange(6).float()
    tl.add(a[1:], a[:-1], out=a[1:])
    assert a.tolist() == [0.0, 1.0, 3.0, 5.0, 7.0, 9.0]


def test_a_view_as_out_keeps_its_strides():
    held = tl.zeros(2, 6)
    tl.mul(tl.ones(2, 3), 5, out=held[:, ::2])
    assert held.tolist() == [[5.0, 0.0] * 3] * 2


def test_an_empty_out_takes_the_shape_of_the_result():
    out = tl.empty(0)
    tl.sub(tl.ones(2, 3), 1, out=out)
    assert out.shape == (2, 3)
    assert out.tolist() == [[0.0] * 3] * 2


def test_an_out_of_another_shape_is_resized_with_a_warning():
    out = tl.zeros(2)
    with pytest.warns(ResizeWarning, match=r"was resized since it had shape \[2\], which does not match .* \[3\]"):
        tl.add(tl.ones(3), 1, out=out)
    assert out.tolist() == [2.0, 2.0, 2.0]


def test_the_dtype_of_out_stays():
    out = tl.zeros(3, dtype=tl.float64)
    tl.add(tl.arange(3), 1, out=out)
    assert out.dtype is tl.float64
    assert out.tolist() == [1.0, 2.0, 3.0]


def test_a_function_of_several_operations_does_not_write_too_early():
    a = tl.tensor([3.0, 4.0])
    tl.ldexp(a, a, out=a)
    assert a.tolist() == [24.0, 64.0]
    b = tl.tensor([1.26, 2.0])
    tl.round(b, decimals=1, out=b)
    assert b.tolist() == tl.tensor([1.3, 2.0]).tolist()


READ_ONLY = np.zeros(3, np.float32)
READ_ONLY.flags.writeable = False
X = tl.ones(3)
REFUSED = {
    "no tensor": (3, ArgumentError, "add: argument 'out' takes a Tensor, got int"),
    "integers": (
        tl.zeros(3, dtype=tl.int64),
        DTypeError,
        "add: result type Float can't be cast to the desired output type Long",
    ),
    "overlap": (
        tl.zeros(1).expand(3),
        AliasError,
        "add: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location: shape (3,), strides (0,). Please clone() the tensor first.",
    ),
    "read-only": (
        tl.from_numpy(READ_ONLY),
        AliasError,
        "add: the tensor's memory is read-only: it was imported from a read-only buffer",
    ),
    "tracked": (
        tl.zeros(3).requires_grad_(),
        GradError,
        "add: functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    out, error, message = REFUSED[case]
    with pytest.raises(error) as caught:
        tl.add(X, X, out=out)
    assert str(caught.value) == message


def test_a_tracked_argument_is_refused_but_not_where_no_gradient_is_kept():
    a, out = tl.ones(2).requires_grad_(), tl.zeros(2)
    with pytest.raises(GradError, match="one of the arguments requires grad"):
        tl.add(a, 1, out=out)
    assert out.tolist() == [0.0, 0.0]
    with tl.no_grad():
        tl.add(a, 1, out=out)
    assert out.tolist() == [2.0, 2.0]


def test_several_results_take_a_tuple():
    values, indices = tl.empty(2), tl.empty(2, dtype=tl.int64)
    found = tl.max(tl.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, indices))
    assert found[0] is values
    assert indices.tolist() == [1, 0]
    with pytest.raises(ArgumentError, match="argument 'out' takes 2 tensors, got 1"):
        tl.max(tl.ones(2, 2), 1, out=(values,))


def test_the_signature_shows_out():
    assert inspect.signature(tl.add).parameters["out"].kind is inspect.Parameter.KEYWORD_ONLY
