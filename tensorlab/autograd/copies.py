"""Copies of tensors by Python's own protocols: ``copy.copy``, ``copy.deepcopy`` and pickle."""

from __future__ import annotations

import copy
import ctypes
from typing import Any

from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError


def deep_copy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """The tensor over a copy of its storage, with a copy of its gradient; tensors that share bytes share the copy.

    Raises: `GradError` for a tensor with a history, in torch's words.
    """
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise GradError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
            "If you want a copy of the values alone, use detach().clone()."
        )
    storage = _storage_copy(self.storage().owner, memo)
    result = memo[id(self)] = Tensor(storage, self.layout, self.offset)
    if self.requires_grad:
        result.requires_grad_()
    if self.grad is not None:
        result.grad = copy.deepcopy(self.grad, memo)
    return result


def _storage_copy(storage: Storage, memo: dict[int, Any]) -> Storage:
    if id(storage) not in memo:
        copied = memo[id(storage)] = Storage.empty(storage.nbytes)
        ctypes.memmove(copied.address, storage.address, storage.nbytes)
    return memo[id(storage)]


def shallow_copy(self: Tensor) -> Tensor:
    """Another tensor over the same bytes: a leaf, as the original is.

    Raises: `GradError` for a tensor with a history.
    """
    if not self.is_leaf:
        raise GradError("copy: takes a graph leaf, got a Tensor with a history; use detach() or clone()")
    result = self.detach()
    return result.requires_grad_() if self.requires_grad else result


def reduce(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    """What pickle keeps: values and whether a gradient is asked for; a history stays behind."""
    return rebuild, (self.detached_numpy(), self.requires_grad)


def rebuild(array: Any, requires_grad: bool) -> Tensor:  # noqa: FBT001 - pickle passes no keywords
    """The tensor that `reduce` took apart."""
    from tensorlab.core.interop import from_numpy

    result = from_numpy(array).clone()
    return result.requires_grad_() if requires_grad else result


METHODS: dict[str, Any] = {
    "__copy__": shallow_copy,
    "__deepcopy__": deep_copy,
    "__reduce_ex__": reduce,
}
