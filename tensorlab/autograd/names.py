"""What a node of the tape is called: torch's names, ``MulBackward0``, by which its users know operations."""

from __future__ import annotations

from functools import lru_cache

from tensorlab.core.op import Op

# Torch numbers the derivatives of one name in the order in which it lists them; those that are not the first.
_NUMBERS = {
    "max": 1,
    "min": 1,
    "median": 1,
    "nanmedian": 1,
    "sum.dim_IntList": 1,
    "mean.dim": 1,
    "prod.dim_int": 1,
    "squeeze.dim": 1,
    "squeeze.dims": 2,
    "pow.Tensor_Tensor": 1,
    "pow.Scalar": 2,
    "rsub.Scalar": 1,
    "clamp": 1,
    "norm.ScalarOpt_dim": 1,
    "masked_fill.Tensor": 1,
    "fill.Tensor": 1,
    "scatter.value": 1,
    "lerp.Tensor": 1,
    "div.Tensor_mode": 1,
}
# Names of the graph that are not the tape's.
_NAMES = {"to": "ToCopy", "_to_copy": "ToCopy", "transpose": "Transpose", "alias": "Alias", "std": "Std", "var": "Var"}


@lru_cache(maxsize=1024)
def node_name(op: Op) -> str:
    """The name of a node of this op.

    >>> from tensorlab.ops import arithmetic
    >>> node_name(arithmetic.mul)
    'MulBackward0'
    """
    base = op.schema.name.rstrip("_") if op.schema.writes else op.schema.name
    camel = _NAMES.get(base) or "".join(part[:1].upper() + part[1:] for part in base.split("_"))
    key = f"{base}.{op.schema.overload}" if op.schema.overload else base
    return f"{camel}Backward{_NUMBERS.get(key, 0)}"
