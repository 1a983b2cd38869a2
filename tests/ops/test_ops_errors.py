"""Shapes, dimensions and dtypes that are refused, and in which words: each message in full."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import DimError, DTypeError, ShapeError

DTYPES = "bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64"
X = tl.arange(6).float().view(2, 3)
I = tl.arange(3)  # noqa: E741 - an integer tensor
B = tl.tensor([True, False])
READ_ONLY = np.zeros(3)
READ_ONLY.flags.writeable = False

CASES = {
    # Shapes
    "shapes": (
        lambda: X + tl.ones(4),
        ShapeError,
        "add: the size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1: got shapes "
        "(2, 3) and (4,)",
    ),
    "where shapes": (
        lambda: tl.where(B, I, 1),
        ShapeError,
        "where: the size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0: got shapes "
        "(2,) and (3,)",
    ),
    "matmul": (
        lambda: X @ X,
        ShapeError,
        "matmul: mat1 and mat2 shapes cannot be multiplied: (2, 3) and (2, 3): 3 != 2",
    ),
    "matmul 0-d": (
        lambda: X @ tl.tensor(1.0),
        ShapeError,
        "matmul: both arguments need at least 1 dimension, got 2D and 0D",
    ),
    "view": (lambda: X.view(4), ShapeError, "view: shape (4,) is invalid for input of size 6"),
    "view strides": (
        lambda: X.t().view(6),
        ShapeError,
        "view: view size is not compatible with input tensor's size and stride (at least one dimension spans across "
        "two contiguous subspaces): got shape (3, 2), strides (1, 3), asked for (6,). Use .reshape(...) instead.",
    ),
    "view two -1": (lambda: X.view(-1, -1), ShapeError, "view: only one dimension can be inferred, got (-1, -1)"),
    "view -2": (lambda: X.view(-2, 3), ShapeError, "view: invalid shape dimension -2 in (-2, 3)"),
    "view 0 -1": (
        lambda: tl.zeros(0).view(0, -1),
        ShapeError,
        "view: cannot infer -1 in (0, -1): the other sizes have 0 elements",
    ),
    "reshape": (lambda: X.reshape(5, -1), ShapeError, "reshape: shape (5, -1) is invalid for input of size 6"),
    "expand": (
        lambda: X.expand(3, 3),
        ShapeError,
        "expand: the expanded size of the tensor (3) must match the existing size (2) at non-singleton dimension 0: "
        "target sizes [3, 3], tensor sizes [2, 3]",
    ),
    "expand few": (lambda: X.expand(3), ShapeError, "expand: got 1 sizes for a tensor of 2 dimensions"),
    "expand new -1": (
        lambda: X.expand(-1, 2, 3),
        ShapeError,
        "expand: the expanded size (-1) isn't allowed in a leading, non-existing dimension 0",
    ),
    "permute": (lambda: X.permute(0, 0), ShapeError, "permute: takes each of the 2 dimensions once, got (0, 0)"),
    "t": (
        lambda: tl.ones(1, 1, 1).t(),
        ShapeError,
        "t: t() expects a tensor with <= 2 dimensions, but self is 3D",
    ),
    "cat sizes": (
        lambda: tl.cat([X, tl.ones(2, 2)]),
        ShapeError,
        "cat: sizes of tensors must match except in dimension 0: expected (2, 3), got (2, 2) for tensor number 1 in "
        "the list",
    ),
    "cat dims": (lambda: tl.cat([X, I]), ShapeError, "cat: tensors must have same number of dimensions: got 2 and 1"),
    "cat 0-d": (
        lambda: tl.cat([tl.tensor(1)]),
        ShapeError,
        "cat: zero-dimensional tensor (at position 0) cannot be concatenated",
    ),
    "cat none": (lambda: tl.cat([]), ShapeError, "cat: expected a non-empty list of Tensors"),
    "in place": (
        lambda: I.add_(tl.ones(2, 3).long()),
        ShapeError,
        "add_: output with shape [3] doesn't match the broadcast shape [2, 3]",
    ),
    "copy": (
        lambda: I.copy_(tl.ones(2, 3)),
        ShapeError,
        "copy_: output with shape [3] doesn't match the broadcast shape [2, 3]",
    ),
    "set": (
        lambda: X.__setitem__(0, tl.ones(2)),
        ShapeError,
        "copy_: the size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0: got shapes "
        "(3,) and (2,)",
    ),
    "sum twice": (lambda: X.sum((0, 0)), ShapeError, "sum: dim 0 appears multiple times in the list of dims"),
    "ragged": (lambda: tl.tensor([[1, 2], [3]]), ShapeError, "tensor: expected sequence of length 2 at dim 1 (got 1)"),
    "ragged depth": (
        lambda: tl.tensor([[1, 2], 3]),
        ShapeError,
        "tensor: expected sequence of length 2 at dim 1 (got a number)",
    ),
    "ragged deeper": (
        lambda: tl.tensor([1, [2]]),
        ShapeError,
        "tensor: expected a number at dim 1 (got sequence of length 1)",
    ),
    "zeros -1": (lambda: tl.zeros(2, -1), ShapeError, "zeros: negative dimension -1 in size (2, -1)"),
    "item": (lambda: I.item(), ShapeError, "item: a Tensor with 3 elements cannot be converted to Scalar"),
    "bool": (lambda: bool(I), ShapeError, "bool: Boolean value of Tensor with more than one value is ambiguous"),
    "bool none": (
        lambda: bool(tl.zeros(0)),
        ShapeError,
        "bool: Boolean value of Tensor with no values is ambiguous",
    ),
    "int": (lambda: int(I), ShapeError, "int: only one element tensors can be converted to Python scalars"),
    "float": (lambda: float(I), ShapeError, "float: only one element tensors can be converted to Python scalars"),
    # Dimensions and indices
    "dim": (
        lambda: X.sum(2),
        DimError,
        "sum: dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "dim 0-d": (
        lambda: tl.tensor(1.0).softmax(1),
        DimError,
        "softmax: dimension out of range (expected to be in range of [-1, 0], but got 1)",
    ),
    "transpose": (
        lambda: X.transpose(0, 2),
        DimError,
        "transpose: dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "unsqueeze": (
        lambda: X.unsqueeze(-4),
        DimError,
        "unsqueeze: dimension out of range (expected to be in range of [-3, 2], but got -4)",
    ),
    "size": (
        lambda: X.size(2),
        DimError,
        "size: dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "flatten": (lambda: X.flatten(1, 0), DimError, "flatten: start_dim 1 comes after end_dim 0"),
    "index": (lambda: X[2], DimError, "select: index 2 is out of bounds for dimension 0 with size 2"),
    "index later": (lambda: X[0, -4], DimError, "select: index -4 is out of bounds for dimension 0 with size 3"),
    "too many": (lambda: X[0, 0, 0], DimError, "index: too many indices for tensor of dimension 2"),
    "0-d": (
        lambda: tl.tensor(1)[0],
        DimError,
        "index: invalid index of a 0-dim tensor. Use .item() to convert a 0-dim tensor to a number",
    ),
    "max of none": (
        lambda: tl.zeros(0).max(),
        DimError,
        "max: expected reduction dim to be specified for input.numel() == 0, got shape (0,)",
    ),
    "argmax of none": (
        lambda: tl.zeros(2, 0).argmax(1),
        DimError,
        "argmax: expected reduction dim 1 to have non-zero size, got shape (2, 0)",
    ),
    # Dtypes
    "sub bool": (
        lambda: B - B,
        DTypeError,
        "sub: subtraction with a bool tensor or number is not supported; takes numbers",
    ),
    "neg bool": (lambda: -B, DTypeError, "neg: takes no bool tensor"),
    "relu bool": (lambda: tl.relu(B), DTypeError, "relu: takes no bool tensor"),
    "clamp bool": (lambda: B.clamp(False, True), DTypeError, "clamp: takes no bool tensor"),
    "pow bool": (
        lambda: B**B,
        DTypeError,
        "pow: takes a number on one side at least, got bool and bool",
    ),
    "argmax bool": (lambda: B.argmax(), DTypeError, "argmax: takes no bool tensor"),
    "matmul bool": (lambda: B @ B, DTypeError, "matmul: takes no bool tensor"),
    "matmul dtypes": (
        lambda: X @ tl.ones(3, dtype=tl.float64),
        DTypeError,
        "matmul: expected both to have the same dtype, but got float32 and float64",
    ),
    "mean": (
        lambda: I.mean(),
        DTypeError,
        "mean: could not infer output dtype. Input dtype must be a floating point dtype. Got: Long",
    ),
    "mean dtype": (
        lambda: X.mean(dtype=tl.int64),
        DTypeError,
        "mean: could not infer output dtype. Optional dtype must be a floating point dtype. Got: Long",
    ),
    "softmax": (lambda: I.softmax(0), DTypeError, "softmax: takes a floating point dtype, got int64"),
    "where": (
        lambda: tl.where(I, 1, 2),
        DTypeError,
        "where: expected condition to be a boolean tensor, but got int64",
    ),
    "alpha": (
        lambda: tl.add(I, I, alpha=1.0),
        DTypeError,
        "add: for integral input tensors, argument alpha must not be a floating point number",
    ),
    "alpha bool": (
        lambda: tl.sub(X, X, alpha=True),
        DTypeError,
        "sub: boolean alpha only supported for boolean results",
    ),
    "in place float": (
        lambda: I.add_(1.5),
        DTypeError,
        "add_: result type Float can't be cast to the desired output type Long",
    ),
    "in place div": (
        lambda: I.div_(2),
        DTypeError,
        "div_: result type Float can't be cast to the desired output type Long",
    ),
    "string array": (
        lambda: tl.from_numpy(np.array(["ab"])),
        DTypeError,
        f"from_numpy: got an array of dtype <U2 (<U2); takes native {DTYPES}",
    ),
    "object array": (
        lambda: tl.from_numpy(np.array([None])),
        DTypeError,
        f"from_numpy: got an array of dtype |O (object); takes native {DTYPES}",
    ),
    "byte order": (
        lambda: tl.from_numpy(np.ones(2, ">f4")),
        DTypeError,
        f"from_numpy: got an array of dtype >f4 (>f4); takes native {DTYPES}",
    ),
    "tensor of an object array": (
        lambda: tl.tensor(np.array([None])),
        DTypeError,
        f"tensor: got an array of dtype |O (object); takes native {DTYPES}",
    ),
    "tensor of a string": (
        lambda: tl.tensor("abc"),
        DTypeError,
        "tensor: got str; takes numbers, nested lists of them, arrays or tensors",
    ),
    "tensor of strings": (
        lambda: tl.tensor([[1, "a"]]),
        DTypeError,
        "tensor: got list with str in it; takes numbers, nested lists of them, arrays or tensors",
    ),
    "rand": (lambda: tl.rand(2, dtype=tl.int64), DTypeError, "rand: takes a floating point dtype, got int64"),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case):
    call, error, message = CASES[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
    assert type(caught.value) is error
