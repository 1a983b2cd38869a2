"""torch's old constructor: ``Tensor(2, 3)`` of sizes, ``Tensor([1, 2])`` of data; `empty` and `tensor` say which."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dtype import default_float
from tensorlab.core.shape import Size
from tensorlab.core.tensor import Tensor, constructors
from tensorlab.errors import ArgumentError
from tensorlab.ops import factories, movement
from tensorlab.ops.data import tensor


def old_constructor(given: tuple[Any, ...]) -> Tensor:
    """Uninitialised elements of the default dtype for sizes, a copy in that dtype for lists, a tensor itself again.

    ``given`` ends with None for each argument that is not there.

    Raises: `ArgumentError` for what is neither sizes nor data, as well as `empty` and `tensor` do.
    """
    data, *rest = given
    while rest and rest[-1] is None:
        rest.pop()
    if rest or _is_size(data):
        return factories.empty(data, *rest)
    if isinstance(data, Size):
        return factories.empty(data)
    if isinstance(data, Tensor):
        return movement.alias.call((data,))
    if not isinstance(data, (list, tuple, range, np.ndarray)):
        raise ArgumentError(f"Tensor: data must be a sequence (got {type(data).__name__})")
    return tensor(data, dtype=default_float())


def _is_size(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


constructors[:] = [old_constructor]
