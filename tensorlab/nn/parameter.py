"""Tensors that a module knows as its own when they are assigned to it: parameters and buffers."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import default_float
from tensorlab.core.tensor import empty
from tensorlab.errors import ArgumentError


class Parameter(Tensor):
    """A tensor over the same storage as ``data``, that requires a gradient unless said otherwise.

    Assigned to an attribute of a `Module`, it is one of the module's parameters. Operations on it give plain tensors.
    It takes attributes of the user's own.

    Raises: `ArgumentError` for what is no Tensor, `DTypeError` for integers that are to require a gradient.
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:  # noqa: FBT001 - torch's
        given = _given(data, "Parameter")
        super().__init__(given.storage(), given.layout, given.offset)
        self.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """Another parameter with bytes of its own; a gradient stays behind, as in torch."""
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self.detach(), self.requires_grad), self.__dict__ or None

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor over the same storage as ``data`` that, assigned to an attribute of a `Module`, is one of its buffers.

    ``persistent`` says whether it is part of the module's state.
    """

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        given = _given(data, "Buffer")
        super().__init__(given.storage(), given.layout, given.offset)
        self.persistent = persistent

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        """Another buffer with bytes of its own."""
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), persistent=self.persistent)
        return memo[id(self)]


def _given(data: Any, kind: str) -> Tensor:
    if data is None:
        return empty(default_float(), (0,))
    if not isinstance(data, Tensor):
        raise ArgumentError(f"{kind}: argument 'data' takes a Tensor, got {type(data).__name__}")
    return data
