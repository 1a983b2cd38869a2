"""What a node of the tape is called: torch's names, ``MulBackward0``, by which its users know operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tensorlab.core.op import Op
from tensorlab.core.types import TensorType

# Torch numbers the derivatives of one name in the order in which it lists them; those that are not the first.
_NUMBERS = {
    "max": 1,
    "min": 1,
    "median.dim": 1,
    "nanmedian.dim": 1,
    "sum.dim_IntList": 1,
    "mean.dim": 1,
    "prod.dim_int": 1,
    "squeeze.dim": 1,
    "squeeze.dims": 2,
    "pow.Tensor_Tensor": 1,
    "pow.Scalar": 2,
    "rsub.Scalar": 1,
    "clamp": 1,
    "masked_fill.Tensor": 1,
    "fill.Tensor": 1,
    "scatter.value": 1,
    "lerp.Tensor": 1,
    "div.Tensor_mode": 2,
    "div.Scalar_mode": 2,
    "floor_divide": 2,
    "floor_divide.Scalar": 2,
    "trunc_divide": 2,
    "trunc_divide.Tensor": 2,
    "trunc_divide.Scalar": 2,
    "remainder.Tensor": 1,
    "fmod.Tensor": 1,
    "copysign.Scalar": 1,
    "xlogy.Scalar_Self": 1,
    "xlogy.Scalar_Other": 2,
    "clamp_min.Tensor": 1,
    "clamp_max.Tensor": 1,
    "sort.stable": 1,
    "index_fill.int_Tensor": 1,
}
# Names of the graph that are not the tape's.
_NAMES = {
    "nll_loss_forward": "NllLoss",
    "_kept": "Mul",
    "to": "ToCopy",
    "_to_copy": "ToCopy",
    "contiguous": "Clone",
    "floor_divide": "Div",
    "trunc_divide": "Div",
    "reshape": "View",
    "flatten": "View",
    "chunk": "Split",
    "tensor_split": "Slice",
    "norm": "LinalgVectorNorm",
    "selu": "Elu",
    "linalg_inv": "LinalgInvEx",
    "linalg_solve": "LinalgSolveEx",
    "linalg_cholesky": "LinalgCholeskyEx",
    "linalg_eigvalsh": "LinalgEigh",
    "linalg_svdvals": "LinalgSvd",
}
# Torch's matmul is one of several products, by the dimensions of what comes out.
_PRODUCTS = ("DotBackward0", "MvBackward0", "MmBackward0")


def shown_name(name: str, outputs: Sequence[TensorType | None]) -> str:
    """The name that a node goes by, of those of its operation: matmul has several."""
    if name != "MatmulBackward0" or not outputs or outputs[0] is None:
        return name
    ndim = len(outputs[0].shape or ())
    return _PRODUCTS[ndim] if ndim < len(_PRODUCTS) else "UnsafeViewBackward0"


@lru_cache(maxsize=1024)
def node_name(op: Op) -> str:
    """The name of a node of this op.

    >>> from tensorlab.ops import arithmetic
    >>> node_name(arithmetic.mul)
    'MulBackward0'
    """
    base = op.schema.name.rstrip("_") if op.schema.writes else op.schema.name
    camel = _NAMES.get(base) or "".join(part[:1].upper() + part[1:] for part in base.split("_"))
    camel = re.sub(r"(?<=\d)[a-z]", lambda letter: letter[0].upper(), camel)
    key = f"{base}.{op.schema.overload}" if op.schema.overload else base
    return f"{camel}Backward{_NUMBERS.get(key, 0)}"
