"""Tensors that a trace takes for constants although they lie over memory of its own.

A view of an input that was made before the trace, or an import of a NumPy array over an input, is not known to the
trace: at the next call it would still be the example's memory. In-place writes are where that shows.
"""

from __future__ import annotations

from tensorlab.core.tensor import Tensor


class Strangers:
    """The storages that a trace has met: whose memory it is, and what is there that it cannot follow."""

    def __init__(self) -> None:
        self._own: dict[int, bool] = {}  # by the first byte's address; False for memory of constants
        self._strange: dict[int, int] = {}  # how many constants lie over memory of the trace's own
        self._written: set[int] = set()

    def met(self, tensor: Tensor, *, constant: bool) -> bool:
        """A tensor got a value; whether it is a constant over memory that the trace has written to already."""
        if not tensor.layout.numel:
            return False
        memory = _memory(tensor)
        if not (self._own.setdefault(memory, not constant) and constant):
            return False
        self._strange[memory] = self._strange.get(memory, 0) + 1
        return memory in self._written

    def written(self, tensor: Tensor) -> int:
        """A tensor is written to in place; gives how many constants lie over its memory, or none for a constant's."""
        memory = _memory(tensor)
        self._written.add(memory)
        return self._strange.get(memory, 0)


def _memory(tensor: Tensor) -> int:
    return tensor.storage().address
