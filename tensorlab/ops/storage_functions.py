"""Methods of tensors that are about their storage: its bytes, its size, who else has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab import memory
from tensorlab.core.layout import Layout, layout
from tensorlab.core.memory_format import contiguous_format
from tensorlab.core.memory_format import memory_format as MemoryFormat
from tensorlab.core.reading import brought_in, moves
from tensorlab.core.resizing_storage import resize_storage, resize_tensor
from tensorlab.core.shape import is_dense
from tensorlab.core.shared_storage import is_shared as is_shared_storage
from tensorlab.core.shared_storage import share
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.untyped_storage import UntypedStorage, shown
from tensorlab.errors import ArgumentError, DTypeError, GradError, RangeError, ShapeError
from tensorlab.ops import movement
from tensorlab.ops.factories import sizes
from tensorlab.ops.operands import as_int, as_ints


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


def set_(
    self: Tensor,
    source: Tensor | UntypedStorage | Storage | None = None,
    storage_offset: int | None = None,
    size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Look at other memory from now on: a tensor's, as it does, or a storage's, as told; without a source, at none.

    Offset, size and stride come together; without a stride it is row-major. A storage that is too small grows, for all
    tensors over it. What autograd has saved of the tensor counts as written to; other tensors over the memory that it
    had, its views among them, stay as they are. Versions are a storage's, so that the tensor has its new one's.

    Units:  ``storage_offset`` and ``stride`` in elements; a tensor's place is counted from its first.
    Raises: `ArgumentError` for another combination, and for elements that would not lie at multiples of their size;
            `DTypeError` for a tensor of another dtype; `RangeError` and `ShapeError` for places that there are not;
            `AliasError` for a storage that would have to grow and cannot; `GradError` where a gradient would be
            needed: there is none for it; `TraceError` in a trace.

    >>> import tensorlab as tl
    >>> tl.zeros(1).set_(tl.arange(6.0).untyped_storage(), 1, (2, 2))
    tensor([[1., 2.],
            [3., 4.]])
    """
    storage, form, offset = _window(self, source, storage_offset, size, stride)
    moves(self, "set_")
    _check_history(self, source)
    needed = offset * form.dtype.itemsize + form.span[1]
    if form.numel and needed > storage.nbytes:
        resize_storage(storage, needed, "set_")
    self.written()
    self._storage, self.layout, self.offset, self.base = storage, form, offset, None
    self.address = storage.address + offset * form.dtype.itemsize
    return self


def _window(
    self: Tensor, source: object, offset: object, size: Sequence[int] | None, stride: Sequence[int] | None
) -> tuple[Storage, Layout, int]:
    """The storage, layout and offset that arguments of `set_` mean."""
    whole = offset is None and size is None and stride is None
    if source is None and whole:
        return Storage.empty(0), layout(self.dtype, (0,)), 0
    placed = offset is not None and size is not None
    if not isinstance(source, (Tensor, UntypedStorage, Storage)) or not (whole or placed):
        given = [type(source).__name__]
        given += [n for n, v in (("storage_offset", offset), ("size", size), ("stride", stride)) if v is not None]
        raise ArgumentError(
            "set_: takes nothing, a Tensor or a storage, or one of these with storage_offset and size, and stride or "
            f"none; got {', '.join(given)}"
        )
    if isinstance(source, Tensor):
        if source.dtype is not self.dtype:
            raise DTypeError(
                f"set_: Could not set tensor of type {source.dtype.name} to a tensor of type {self.dtype.name}"
            )
        if whole:
            return source.storage(), source.layout, source.offset
        storage = source.storage()
    else:
        storage = source if isinstance(source, Storage) else source.record
    past = storage.address % self.itemsize
    if past:
        raise ArgumentError(
            f"set_: the storage begins {past} bytes past a multiple of the item size {self.itemsize}; copy it first"
        )
    if whole:
        return storage, layout(self.dtype, (storage.nbytes // self.itemsize,)), 0
    first = source.offset if isinstance(source, Tensor) else 0
    return storage, _given(self, size, stride), first + _place(offset)


def _place(offset: object) -> int:
    place = as_int(offset, op="set_", name="storage_offset")
    if place < 0:
        raise RangeError(f"set_: Tensor: invalid storage offset {place}")
    return place


def _given(self: Tensor, size: object, stride: object) -> Layout:
    wanted = as_ints(size, op="set_", name="size")
    if min(wanted, default=0) < 0:
        raise ShapeError(f"set_: takes sizes of at least 0, got {wanted}")
    if stride is None:
        return layout(self.dtype, wanted)
    steps = as_ints(stride, op="set_", name="stride")
    if len(steps) != len(wanted):
        raise ShapeError(f"set_: unequal size length ({len(wanted)}) and stride length ({len(steps)})")
    if min(steps, default=0) < 0:
        raise RangeError(f"set_: takes strides of at least 0, got {steps}")
    return layout(self.dtype, wanted, steps)


def _check_history(self: Tensor, source: object) -> None:
    """Refuse where the change would have to be written down: it has no derivative.

    Whether anything is written down is asked of a view, which costs nothing.
    """
    others = (self, source) if isinstance(source, Tensor) else (self,)
    for tensor in others:
        if tensor.requires_grad and movement.unsqueeze.call((tensor, 0)).requires_grad:
            place: Any = tensor.tape
            if tensor is self and place.wanted:
                raise GradError("set_: a leaf Variable that requires grad is being used in an in-place operation.")
            raise GradError("set_: the derivative for 'set_' is not implemented; use detach() or no_grad()")


def is_pinned(self: Tensor, device: object = None) -> bool:
    """Whether the pages that the tensor's bytes are in are locked; ``device`` is taken and changes nothing."""
    return memory.is_pinned(self.storage().owner.pointer)


def pin_memory(self: Tensor, device: object = None) -> Tensor:
    """A copy in page-locked memory, or the tensor itself if it is there.

    CUDA locks the pages if it is here, else the system does. ``device`` is taken and changes nothing.

    Raises: `OutOfMemoryError` if no more pages may be locked, with the limit.
    """
    if is_pinned(self):
        return self
    allocator = memory.pinned_allocator()
    strides = self.strides if is_dense(self.shape, self.strides) else None
    form = layout(self.dtype, tuple(self.shape), strides)
    storage = Storage(allocator.allocate(form.nbytes), form.nbytes, allocator)
    return brought_in(Tensor(storage, form), blank=True).copy_(self)


METHODS: dict[str, Any] = {
    "is_pinned": is_pinned,
    "is_shared": is_shared,
    "pin_memory": pin_memory,
    "resize_": resize_,
    "resize_as_": resize_as_,
    "set_": set_,
    "share_memory_": share_memory_,
    "untyped_storage": untyped_storage,
}
