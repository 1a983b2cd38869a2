"""Starting values of parameters, written over a tensor; each gives the tensor back.

Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; He, Zhang,
Ren, Sun, "Delving Deep into Rectifiers", 2015; Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of
learning in deep linear neural networks", 2014.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.autograd import Tensor, no_grad
from tensorlab.core.op import lookup
from tensorlab.errors import RangeError, ShapeError

_GAINS = {"linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3, "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a nonlinearity's inputs are to be scaled by; ``param`` is the slope of ``leaky_relu``.

    Raises: `RangeError` for an unknown one.
    """
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        takes = ", ".join([*_GAINS, "relu", "leaky_relu"])
        raise RangeError(f"calculate_gain: unsupported nonlinearity {nonlinearity}; takes one of {takes}")
    return _GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input.

    Raises: `ShapeError` for fewer than two dimensions.
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ShapeError("init: fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers between ``a`` and ``b``."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal numbers between ``a`` and ``b`` alone, by the inverse of the distribution."""

    def below(x: float) -> float:
        return (1 + math.erf(x / math.sqrt(2))) / 2

    low, high = 2 * below((a - mean) / std) - 1, 2 * below((b - mean) / std) - 1
    with no_grad():
        tensor.uniform_(low, high, generator=generator)
        (erfinv,) = lookup("aten::erfinv")
        tensor.copy_(erfinv.call((tensor.detach(),)))
        return tensor.mul_(std * math.sqrt(2)).add_(mean).clamp_(min=a, max=b)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Ones on the diagonal of a matrix, zeros elsewhere.

    Raises: `ShapeError` for another number of dimensions.
    """
    if len(tensor.shape) != 2:
        raise ShapeError("eye_: only tensors with 2 dimensions are supported")
    with no_grad():
        tensor.zero_()
        tensor.diagonal().fill_(1.0)
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution's weight that lets its channels through.

    Raises: `ShapeError` for a tensor that is no convolution's weight, or channels that don't divide into groups.
    """
    shape = tuple(tensor.shape)
    if len(shape) not in (3, 4, 5):
        raise ShapeError("dirac_: only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ShapeError("dirac_: dim 0 must be divisible by groups")
    each = shape[0] // groups
    middle = tuple(n // 2 for n in shape[2:])
    with no_grad():
        tensor.zero_()
        for g in range(groups):
            for d in range(min(each, shape[1])):
                tensor[(g * each + d, d, *middle)] = 1.0
    return tensor


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers whose variance is ``gain ** 2 * 2 / (fan in + fan out)``."""
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers whose variance is ``gain ** 2 * 2 / (fan in + fan out)``."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def _fan(tensor: Tensor, mode: str) -> int:
    chosen = mode.lower()
    if chosen not in ("fan_in", "fan_out"):
        raise RangeError(f"init: mode {mode} not supported, please use one of fan_in, fan_out")
    return fans(tensor)[chosen == "fan_out"]


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform numbers whose variance is ``gain ** 2 / fan``."""
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal numbers whose variance is ``gain ** 2 / fan``."""
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Rows (or columns, where there are more of them) that are orthogonal and of length ``gain``.

    Raises: `ShapeError` for fewer than two dimensions.
    """
    if len(tensor.shape) < 2:
        raise ShapeError("orthogonal_: only tensors with 2 or more dimensions are supported")
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    from tensorlab.core.tensor import empty

    drawn: Any = normal_(empty(tensor.dtype, (max(rows, columns), min(rows, columns))), generator=generator)
    (qr,) = lookup("aten::linalg_qr")
    q, r = qr.call((drawn, "reduced"))
    q = q * r.diagonal().sign()
    with no_grad():
        tensor.copy_((q.t() if rows < columns else q).reshape(tuple(tensor.shape))).mul_(gain)
    return tensor


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal numbers, of which a share in each column is 0.

    Raises: `ShapeError` for another number of dimensions than 2.
    """
    if len(tensor.shape) != 2:
        raise ShapeError("sparse_: only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    count = math.ceil(sparsity * rows)
    normal_(tensor, 0, std, generator)
    with no_grad():
        for column in range(columns):
            drawn = tensor.new_empty((rows,)).uniform_(generator=generator)
            tensor[drawn.argsort()[:count], column] = 0.0
    return tensor
