"""Writes that nobody told us of: NumPy, or whoever else shares the memory, changes what was saved for backward.

A version counts our own writes alone. Inside a block under `detect_foreign_writes` the bytes themselves are looked at.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tensorlab.autograd.tape import WATCHED, Saved, where
from tensorlab.core.interop import borrowed
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError

if TYPE_CHECKING:
    from tensorlab.autograd.node import Node


class _Digests:
    """A checksum of each saved tensor, by the identity of its record."""

    def __init__(self) -> None:
        self._by_record: dict[int, int] = {}  # a record's identity may come back: saving writes over what was there

    def saved(self, saved: Saved) -> None:
        self._by_record[id(saved)] = _digest(saved.tensor)

    def wanted(self, saved: Saved, node: Node) -> None:
        before = self._by_record.get(id(saved))  # none for what was saved before the block
        if before is None or before == _digest(saved.tensor):
            return
        layout = saved.tensor.layout
        kind = f"tensorlab.{layout.dtype.ir_name}Tensor {list(layout.shape)}"
        raise GradError(
            f"backward: the bytes of a variable needed for gradient computation, [{kind}], have changed, and no "
            "operation of tensorlab changed them: NumPy, or who else shares the memory, wrote to it.\n"
            f"  {node.name} saved it: {where(node.place)}\n"
            "  hint: save a copy, as tensor(array) makes it, or write after backward"
        )


def _digest(tensor: Tensor) -> int:
    return zlib.crc32(borrowed(tensor).tobytes()) if tensor.layout.numel else 0


@contextmanager
def detect_foreign_writes() -> Generator[None, None, None]:
    """Look at the bytes of what is saved inside the block, in all threads, and refuse what has changed by backward.

    Forward and backward both belong inside. NumPy's writes to an array that a tensor was made over, or to one that
    ``numpy()`` gave, raise no version: without this a gradient would be computed from the new values.

    Cost: a copy and a checksum of each saved tensor, when it is saved and when it is used: 0.4 ms a megabyte each time.

    Raises: `GradError` in backward, naming the line that saved the tensor.

    >>> import numpy as np, tensorlab as tl
    >>> array = np.ones(2)
    >>> x, w = tl.from_numpy(array), tl.ones(2, dtype=tl.float64, requires_grad=True)
    >>> with detect_foreign_writes():
    ...     y = (x * w).sum()
    ...     array += 1
    ...     try:
    ...         y.backward()
    ...     except tl.TensorlabError:
    ...         print("refused")
    refused
    """
    watch = _Digests()
    WATCHED.append(watch)
    try:
        yield
    finally:
        WATCHED.remove(watch)
