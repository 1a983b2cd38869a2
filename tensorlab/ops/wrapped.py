"""Numbers where an op wants a tensor."""

from __future__ import annotations

from tensorlab.core.dtype import number_category, result_type
from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor


def beside(number: bool | float, other: Tensor) -> Tensor:  # noqa: FBT001 - numbers may be bools
    """A number as a tensor without dimensions, of the dtype that it has in an expression with ``other``."""
    dtype = result_type([other.dtype], (), [number_category(number)])
    full = next(op for op in lookup("aten::full") if not op.schema.overload)
    return full.call(((), number, dtype))
