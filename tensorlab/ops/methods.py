"""Operations as methods of Tensor: the tables of all families, installed once when the ops are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tensorlab.core.reading import read_out
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import comparison_functions, families, indexing, movement, product_functions, reduce_functions
from tensorlab.ops import matmul as products
from tensorlab.ops.old_constructor import old_constructor as old_constructor  # which installs itself
from tensorlab.ops.operands import as_operand
from tensorlab.ops.product_entry import quick_product


@quick_product(products.matmul)
def _matmul(self: Tensor, other: Any) -> Any:
    if not isinstance(other, (Tensor, np.ndarray)):
        return NotImplemented
    matrix: Any = other
    return product_functions.matmul(self, matrix)


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self.layout.shape:
        raise ArgumentError("iter: iteration over a 0-d tensor")
    n = read_out(self, "iter", lambda: self.layout.shape[0])
    return iter([movement.select.call((self, 0, i)) for i in range(n)])


def _contains(self: Tensor, element: Any) -> bool:
    """Whether any element equals a number, or the tensor's one element."""
    return (
        bool(reduce_functions.max(comparison_functions.eq(self, as_operand(element, op="in"))))
        if self.layout.numel
        else False
    )


TABLE: dict[str, Any] = {
    "__matmul__": _matmul,
    "__getitem__": indexing.get,
    "__setitem__": indexing.put,
    "__iter__": _iter,
    "__contains__": _contains,
}

TABLE.update(families.table("METHODS"))

for _name, _method in TABLE.items():
    setattr(Tensor, _name, _method)
