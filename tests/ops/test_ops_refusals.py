"""Values, memory and arguments that are refused, and in which words: each message in full."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, ArgumentError, DimError, DTypeError, RangeError

X = tl.arange(6).float().view(2, 3)
I = tl.arange(3)  # noqa: E741 - an integer tensor
B = tl.tensor([True, False])
READ_ONLY = np.zeros(3)
READ_ONLY.flags.writeable = False

CASES = {
    # Values
    "negative power": (
        lambda: I**-1,
        RangeError,
        "pow: integers to negative integer powers are not allowed, got int64 to -1",
    ),
    "large number": (
        lambda: I * 2**70,
        RangeError,
        "mul: got the integer 1180591620717411303424; takes integers from -2**63 to 2**63 - 1",
    ),
    "large number in place": (
        lambda: I.add_(2**63),
        RangeError,
        "add: got the integer 9223372036854775808; takes integers from -2**63 to 2**63 - 1",
    ),
    "clamp": (
        lambda: tl.tensor([1], dtype=tl.uint8).clamp(max=300),
        RangeError,
        "clamp: argument 'max' takes what uint8 can hold, got 300",
    ),
    "fill": (
        lambda: tl.zeros(2, dtype=tl.uint8).fill_(300),
        RangeError,
        "fill_: value 300 cannot be converted to uint8 without overflow",
    ),
    "fill nan": (
        lambda: I.__setitem__(0, float("nan")),
        RangeError,
        "fill_: value nan cannot be converted to int64 without overflow",
    ),
    "tensor": (lambda: tl.tensor(2**63), RangeError, "tensor: got an integer outside -2**63 to 2**63 - 1"),
    "tensor dtype": (
        lambda: tl.tensor([300], dtype=tl.uint8),
        RangeError,
        "tensor: value 300 cannot be converted to uint8 without overflow",
    ),
    "backwards": (lambda: X[::-1], RangeError, "slice: step must be greater than zero, got -1"),
    "arange": (lambda: tl.arange(0, 5, 0), RangeError, "arange: step must be nonzero"),
    "arange sign": (
        lambda: tl.arange(5, 0),
        RangeError,
        "arange: upper bound and lower bound inconsistent with step sign: 5 -> 0 by 1",
    ),
    "arange nan": (lambda: tl.arange(float("nan")), RangeError, "arange: unsupported range: 0 -> nan by 1"),
    "device": (lambda: X.to("cuda"), RangeError, "device: got 'cuda'; takes 'cpu'"),
    # Memory
    "expanded": (
        lambda: tl.ones(1).expand(3).add_(1),
        AliasError,
        "add_: unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location: shape (3,), strides (0,). Please clone() the tensor first.",
    ),
    "read-only": (
        lambda: tl.from_numpy(READ_ONLY).add_(1),
        AliasError,
        "add_: the tensor's memory is read-only: it was imported from a read-only buffer",
    ),
    # Arguments
    "add": (lambda: tl.add(X, "a"), ArgumentError, "add: argument 'other' takes a Tensor or a number, got str"),
    "add numbers": (lambda: tl.add(1, 2), ArgumentError, "add: argument 'self' takes a Tensor, got int"),
    "eq first": (lambda: tl.eq(1, X), ArgumentError, "eq: argument 'self' takes a Tensor, got int"),
    "tanh": (lambda: tl.tanh(1.5), ArgumentError, "tanh: argument 'self' takes a Tensor, got float"),
    "pow numbers": (lambda: tl.pow(2, 3), ArgumentError, "pow: argument 'self' takes a Tensor, got int"),
    "where condition": (
        lambda: tl.where(True, 1, 2),
        ArgumentError,
        "where: argument 'condition' takes a Tensor, got bool",
    ),
    "where value": (
        lambda: tl.where(B, None, 2),
        ArgumentError,
        "where: argument 'self' takes a Tensor or a number, got NoneType",
    ),
    "clamp none": (lambda: X.clamp(), ArgumentError, "clamp: at least one of 'min' or 'max' must not be None"),
    "clamp str": (
        lambda: X.clamp("a"),
        ArgumentError,
        "clamp: argument 'min' takes a Tensor or a number, got str",
    ),
    "sum dim": (lambda: X.sum("a"), ArgumentError, "sum: argument 'dim' takes an integer, got str"),
    "sum dtype": (lambda: X.sum(dtype="f4"), ArgumentError, "sum: argument 'dtype' takes a dtype, got 'f4'"),
    "max of a name": (lambda: X.max("x"), ArgumentError, "max: argument 'dim' takes an integer, got str"),
    "view float": (lambda: X.view(1.5), ArgumentError, "view: argument 'size' takes an integer, got float"),
    "transpose float": (
        lambda: X.transpose(0, 1.0),
        ArgumentError,
        "transpose: argument 'dim' takes an integer, got float",
    ),
    "cat number": (
        lambda: tl.cat([X, 1]),
        ArgumentError,
        "cat: argument 'tensors' takes Tensors, got int at position 1",
    ),
    "cat tensor": (lambda: tl.cat(X), ArgumentError, "cat: argument 'tensors' takes a list of Tensors, got Tensor"),
    "matmul number": (lambda: tl.matmul(X, 2), ArgumentError, "matmul: argument 'other' takes a Tensor, got int"),
    "index float": (
        lambda: X[1.0],
        DimError,
        "index: only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        "(got float)",
    ),
    "index tensor": (
        lambda: X[tl.tensor([0.5])],
        DimError,
        "index: tensors used as indices must be long, int, byte or bool tensors, got float32",
    ),
    "slice float": (lambda: X[1.5:], ArgumentError, "slice: argument 'bound' takes an integer, got float"),
    "set None": (
        lambda: X.__setitem__(0, None),
        ArgumentError,
        "setitem: argument 'value' takes a Tensor or a number, got NoneType",
    ),
    "to": (lambda: X.to([]), ArgumentError, "to: takes a dtype, a Tensor or a device, got []"),
    "from_numpy list": (lambda: tl.from_numpy([1]), ArgumentError, "from_numpy: got list; takes a numpy.ndarray"),
    "misaligned": (
        lambda: tl.from_numpy(np.zeros(9, np.uint8)[1:].view(np.float32)),
        ArgumentError,
        "from_numpy: got an array whose elements lie (4,) bytes apart, the first at 1 bytes past a multiple of 4; "
        "takes multiples of the item size 4: copy it first",
    ),
    "zeros": (lambda: tl.zeros(), ArgumentError, "zeros: argument 'size' is missing; takes sizes, or one list of them"),
    "zeros float": (lambda: tl.zeros(1.5), ArgumentError, "zeros: argument 'size' takes an integer, got float"),
    "zeros_like": (lambda: tl.zeros_like(5), ArgumentError, "zeros_like: argument 'input' takes a Tensor, got int"),
    "requires_grad": (
        lambda: tl.tensor(1, requires_grad=True),
        DTypeError,
        "requires_grad_: only Tensors of floating point dtype can require gradients, got int64",
    ),
    "len": (lambda: len(tl.tensor(1)), ArgumentError, "len: len() of a 0-d tensor"),
    "iter": (lambda: list(tl.tensor(1)), ArgumentError, "iter: iteration over a 0-d tensor"),
    "index of a list": (
        lambda: [1, 2][tl.tensor(1.0)],
        ArgumentError,
        "index: only integer tensors of a single element can be converted to an index",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case):
    call, error, message = CASES[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
    assert type(caught.value) is error


@pytest.mark.parametrize("case", ["large number", "large number in place"])
def test_a_number_that_is_too_large_is_refused_by_the_short_cut_too(case):
    _ = I * 3
    I.clone().add_(3)
    test_message(case)


def test_an_argument_that_no_overload_takes_names_its_place():
    with pytest.raises(ArgumentError, match=r"^sum: has no parameter 'axis'; takes aten::sum\("):
        from tensorlab.ops.reduce import sum_

        sum_(X, axis=1)
