"""Tensor: a storage, an offset and a layout.

Methods that are operations are installed by `tensorlab.ops.methods`, the floor above; this file holds what a tensor is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, overload

from tensorlab.core.device import CPU, device
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DType
from tensorlab.core.layout import Layout, layout
from tensorlab.core.reading import first_element, read_out
from tensorlab.core.shape import Size, contiguous_strides, wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.types import TensorType
from tensorlab.errors import AliasError, ArgumentError, ShapeError
from tensorlab.memory import current

if TYPE_CHECKING:
    import numpy as np

    from tensorlab.core.operations import Operations

    Array = np.ndarray[Any, Any]
else:
    Operations = object  # installed by `tensorlab.ops.methods`, the floor above


class Tape(Protocol):
    """A tensor's place in autograd's record; what stands there is autograd's own."""

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow back to or through the tensor."""
        ...

    @property
    def grad_fn_name(self) -> str | None:
        """How the tensor's ``grad_fn`` prints; None for a leaf."""
        ...


constructors: list[Callable[[tuple[Any, ...]], Tensor]] = []  # torch's old one, once the operations are loaded


class Tensor(Operations):
    """A view of a storage: element type, shape and strides (the layout) from an offset on.

    ``base`` is the tensor that this one was made a view of, itself no view; ``tape`` is its place in autograd's record,
    None for a tensor that needs no gradient.

    Units: ``offset`` and strides in elements; ``address`` in bytes.
    """

    __slots__ = ("__weakref__", "_storage", "address", "base", "layout", "offset", "tape")

    @overload
    def __init__(self, storage: Storage, layout: Layout, offset: int = 0, base: Tensor | None = None) -> None: ...
    @overload
    def __init__(self, *sizes: int) -> None: ...
    @overload
    def __init__(self, data: Sequence[Any] | Array | Tensor, /) -> None: ...
    def __init__(
        self, storage: Any = (), layout: Any = None, offset: Any = None, base: Any = None, *sizes: Any
    ) -> None:
        """A view of a storage; of sizes or of data, torch's old constructor (see `ops.old_constructor`)."""
        self.tape: Tape | None = None
        first: int = 0 if offset is None else offset
        try:
            self.address: int = storage.address + first * layout.dtype.itemsize
        except AttributeError:  # no storage, or no layout
            self._become(constructors[0]((storage, layout, offset, base, *sizes)))
            return
        self.base: Tensor | None = base
        self._storage: Storage = storage
        self.layout: Layout = layout
        self.offset = first

    def _become(self, other: Tensor) -> None:
        self.tape, self.base, self._storage = other.tape, other.base, other._storage
        self.layout, self.offset, self.address = other.layout, other.offset, other.address

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self.layout.dtype

    @property
    def shape(self) -> Size:
        """Sizes of the dimensions."""
        return self.layout.shape

    @property
    def strides(self) -> tuple[int, ...]:
        """Steps between neighbours along each dimension, in elements."""
        return self.layout.strides

    @property
    def type(self) -> TensorType:
        """The logical type: dtype and shape."""
        return self.layout.type

    @property
    def device(self) -> device:
        """Where the bytes are."""
        return CPU

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.layout.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the elements, counted once an index."""
        return self.layout.nbytes

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.layout.dtype.itemsize

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow back to or through this tensor."""
        return self.tape is not None and self.tape.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def _base(self) -> Tensor | None:
        """The tensor that this one is a view of."""
        return self.base

    @property
    def _version(self) -> int:
        """How many in-place writes the storage has seen; views of one storage share it."""
        return self._storage.version

    def dim(self) -> int:
        """Number of dimensions."""
        return len(self.layout.shape)

    def size(self, dim: int | None = None) -> Size | int:
        """The shape, or the size of one dimension."""
        shape = self.layout.shape
        return shape if dim is None else shape[wrap_dim(dim, len(shape), op="size")]

    def stride(self, dim: int | None = None) -> tuple[int, ...] | int:
        """The strides, or the stride of one dimension, in elements."""
        strides = self.layout.strides
        return strides if dim is None else strides[wrap_dim(dim, len(strides), op="stride")]

    def numel(self) -> int:
        """Number of elements."""
        return self.layout.numel

    nelement = numel
    ndimension = dim

    def is_set_to(self, tensor: Tensor) -> bool:
        """Whether both are the same window of the same storage."""
        same = self.layout.shape == tensor.layout.shape and self.layout.strides == tensor.layout.strides
        return same and self._storage.owner is tensor._storage.owner and self.offset == tensor.offset

    def storage_offset(self) -> int:
        """Position of the first element in the storage, in elements."""
        return self.offset

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.layout.dtype.itemsize

    def is_contiguous(self) -> bool:
        """Whether the elements lie row-major without gaps."""
        return self.layout.is_contiguous

    def storage(self) -> Storage:
        """The storage behind the tensor."""
        return self._storage

    def data_ptr(self) -> int:
        """Address of the first element."""
        return self.address

    def as_view(self, layout: Layout, offset: int) -> Tensor:
        """The same storage seen through another layout, from an absolute offset in elements: a view of this tensor."""
        view = _new(Tensor)  # as `fresh` does: a call of the constructor would cost half of a view
        view.tape = None
        view.base = self if self.base is None else self.base
        view._storage = storage = self._storage
        view.layout = layout
        view.offset = offset
        view.address = storage.address + offset * layout.dtype.itemsize
        return view

    def written(self) -> None:
        """Raise the version: called by every in-place operation after its checks."""
        self._storage.written()

    def check_writable(self, op: str) -> None:
        """Raise `AliasError` if the bytes are read-only."""
        if self._storage.readonly:
            raise AliasError(f"{op}: the tensor's memory is read-only: it was imported from a read-only buffer")

    def item(self) -> bool | int | float:
        """The value of a tensor of one element, as a Python number.

        Raises: `ShapeError` for any other number of elements, in torch's words.
        """
        if self.layout.numel != 1:
            raise ShapeError(f"item: a Tensor with {self.layout.numel} elements cannot be converted to Scalar")
        return read_out(self, "item", lambda: first_element(self)) if MODES.get() else first_element(self)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return read_out(self, "tolist", lambda: self.detached_numpy().tolist())

    def detached_numpy(self) -> Array:
        """An ndarray over the same bytes, unseen by a trace: for printing and for our own loops over NumPy."""
        from tensorlab.core.interop import to_numpy

        return to_numpy(self)

    # NumPy leaves operators with one of its scalars on the left to the tensor.
    __array_priority__ = 1000

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        import numpy as np

        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        if self.layout.numel != 1:
            what = "no values" if self.layout.numel == 0 else "more than one value"
            raise ShapeError(f"bool: Boolean value of Tensor with {what} is ambiguous")
        return read_out(self, "bool", lambda: bool(first_element(self)))

    def __int__(self) -> int:
        _check_single(self, "int")
        return read_out(self, "int", lambda: int(first_element(self)))

    def __float__(self) -> float:
        _check_single(self, "float")
        return read_out(self, "float", lambda: float(first_element(self)))

    def __complex__(self) -> complex:
        _check_single(self, "complex")
        return read_out(self, "float", lambda: complex(first_element(self)))

    def __index__(self) -> int:
        if self.layout.numel != 1 or self.layout.dtype.is_floating_point:
            raise ArgumentError("index: only integer tensors of a single element can be converted to an index")
        return read_out(self, "index", lambda: int(first_element(self)))

    def __len__(self) -> int:
        if not self.layout.shape:
            raise ArgumentError("len: len() of a 0-d tensor")
        return read_out(self, "len", lambda: self.layout.shape[0])

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        from tensorlab.core.format import format_tensor

        return format_tensor(
            self.detached_numpy(),
            dtype_name=self.layout.dtype.name,
            requires_grad=self.requires_grad,
            grad_fn=None if self.tape is None else self.tape.grad_fn_name,
        )

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and not self.layout.shape else format(repr(self), spec)

    def __dir__(self) -> list[str]:
        return [n for n in object.__dir__(self) if n not in ("as_view", "written", "check_writable", "detached_numpy")]


def _check_single(tensor: Tensor, what: str) -> None:
    if tensor.layout.numel != 1:
        raise ShapeError(f"{what}: only one element tensors can be converted to Python scalars")


def empty(dtype: DType, shape: tuple[int, ...], strides: tuple[int, ...] | None = None) -> Tensor:
    """A tensor of uninitialised elements in a storage of its own."""
    return fresh(layout(dtype, shape, strides))


def fresh(form: Layout) -> Tensor:
    """As `empty`, for a layout that begins at its first element; what each eager call makes its result with.

    Written out attribute by attribute, since a call of each constructor costs as much as a small loop.
    """
    allocator, nbytes = current.allocator, form.nbytes
    storage = _new(Storage)
    storage.pointer = pointer = allocator.allocate(nbytes)
    storage.address = address = pointer.address
    storage.nbytes = nbytes
    storage.allocator = allocator
    storage.readonly = False
    storage.version = 0
    storage.writes = None
    tensor = _new(Tensor)
    tensor.tape = tensor.base = None
    tensor._storage = storage  # pyright: ignore[reportPrivateUsage] - of this file
    tensor.layout = form
    tensor.offset = 0
    tensor.address = address
    return tensor


_new = object.__new__


def strides_in_order(shape: tuple[int, ...], order: tuple[int, ...]) -> tuple[int, ...]:
    """Dense strides for dimensions ordered from the outermost to the innermost."""
    dense = contiguous_strides([shape[d] for d in order])
    strides = [0] * len(shape)
    for d, s in zip(order, dense, strict=True):
        strides[d] = s
    return tuple(strides)
