"""Methods of tensors that are about their storage: its bytes, its size, who else has it."""

from __future__ import annotations

from typing import Any

from tensorlab.core.layout import layout
from tensorlab.core.memory_format import contiguous_format
from tensorlab.core.memory_format import memory_format as MemoryFormat
from tensorlab.core.reading import moves
from tensorlab.core.resizing_storage import resize_tensor
from tensorlab.core.shared_storage import is_shared as is_shared_storage
from tensorlab.core.shared_storage import share
from tensorlab.core.tensor import Tensor
from tensorlab.core.untyped_storage import UntypedStorage, shown
from tensorlab.errors import ArgumentError, GradError, RangeError, ShapeError
from tensorlab.ops.factories import sizes


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes behind the tensor."""
    return shown(self.storage())


def is_shared(self: Tensor) -> bool:
    """Whether other processes can have the tensor's bytes too."""
    return is_shared_storage(self.storage())


def share_memory_(self: Tensor) -> Tensor:
    """Move the storage's bytes to memory that other processes can have too, under all tensors over it.

    A tensor that is sent through ``multiprocessing`` does so by itself. A forked process shares what was shared before.

    Raises: `AliasError` for imported memory, or memory that is lent to NumPy or another library.
    """
    share(self.storage(), "share_memory_")
    return self


def resize_(self: Tensor, *size: Any, memory_format: MemoryFormat = contiguous_format) -> Tensor:
    """Have another shape, row-major, from where the tensor begins; new elements are uninitialised.

    The storage grows where it is too small, and stays the storage of all tensors over it.

    Raises: `GradError` for a tensor that requires a gradient, `AliasError` for a storage that would have to grow and is
            imported, shared or lent, `ShapeError` for negative sizes, `TraceError` in a trace.
    """
    if memory_format is not contiguous_format:
        raise RangeError(f"resize_: takes tensorlab.contiguous_format, got {memory_format}")
    wanted = sizes(size, "resize_")
    if min(wanted, default=0) < 0:
        raise ShapeError(f"resize_: takes sizes of at least 0, got {wanted}")
    if self.requires_grad:
        raise GradError("resize_: cannot resize variables that require grad")
    moves(self, "resize_")
    if tuple(self.shape) != wanted:
        resize_tensor(self, layout(self.dtype, wanted), "resize_")
        self.written()
    return self


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: MemoryFormat = contiguous_format) -> Tensor:
    """Have another tensor's shape."""
    if not isinstance(the_template, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"resize_as_: argument 'the_template' takes a Tensor, got {type(the_template).__name__}")
    return resize_(self, tuple(the_template.shape), memory_format=memory_format)


METHODS: dict[str, Any] = {
    "is_shared": is_shared,
    "resize_": resize_,
    "resize_as_": resize_as_,
    "share_memory_": share_memory_,
    "untyped_storage": untyped_storage,
}
