"""Parameters: leaf tensors that a module knows as its own."""

from __future__ import annotations

from tensorlab.autograd import Tensor
from tensorlab.core.tensor import empty
from tensorlab.errors import ArgumentError


class Parameter(Tensor):
    """A tensor over the same storage as ``data``, that requires a gradient unless said otherwise.

    Assigned to an attribute of a `Module`, it is one of the module's parameters. Operations on it give plain tensors.

    Raises: `ArgumentError` for what is no Tensor.
    """

    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:  # noqa: FBT001 - torch's
        if data is None:
            from tensorlab.core.dtype import float32

            data = empty(float32, (0,))
        if not isinstance(data, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
            raise ArgumentError(f"Parameter: argument 'data' takes a Tensor, got {type(data).__name__}")
        super().__init__(data.storage(), data.layout, data.offset)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
