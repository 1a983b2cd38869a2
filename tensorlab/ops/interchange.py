"""The public functions by which memory comes in and goes out: NumPy, DLPack, buffers."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from tensorlab.core import dlpack
from tensorlab.core.buffers import from_buffer, to_memoryview
from tensorlab.core.device import device as device_type
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DType, default_float
from tensorlab.core.interop import from_numpy, to_numpy
from tensorlab.core.reading import brought_in, read_out
from tensorlab.core.sharing_native import entries
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, ExchangeError, GradError
from tensorlab.ops.data import as_tensor, tensor
from tensorlab.ops.operands import as_dtype, as_int


def from_dlpack(ext_tensor: Any, *, device: object = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of an object that has ``__dlpack__``, or of a capsule; by default nothing is copied.

    Raises: `ArgumentError` for what is neither, `ExchangeError` where the memory cannot be shared, `DTypeError` for an
            element type that tensors don't hold, `RangeError` for a device other than the CPU.
    """
    if device is not None:
        device_type(str(device))
    return dlpack.from_dlpack(ext_tensor, copy=copy)


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule over a tensor's memory, in the first form: for consumers that take no objects."""
    return tensor.__dlpack__()


def frombuffer(buffer: Any, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor of one dimension over the bytes of an object that exports a buffer; read-only where they are.

    Units:  ``offset`` in bytes, ``count`` in elements.
    Raises: `ArgumentError` for an object without a buffer, `RangeError` for a part that is not there.

    >>> import tensorlab as tl
    >>> data = bytearray(4)
    >>> tl.frombuffer(data, dtype=tl.uint8, offset=1).fill_(7)
    tensor([7, 7, 7], dtype=tensorlab.uint8)
    >>> data
    bytearray(b'\\x00\\x07\\x07\\x07')
    """
    if count == -1 and not (offset or requires_grad or MODES.get()):
        made = entries.from_bytes(buffer, dtype)
        if made is not None:
            return made
    wanted = as_dtype(dtype, op="frombuffer")
    if wanted is None:
        raise ArgumentError("frombuffer: argument 'dtype' takes a dtype, got None")
    parts = (as_int(count, op="frombuffer", name="count"), as_int(offset, op="frombuffer", name="offset"))
    made = brought_in(from_buffer(buffer, wanted, *parts))
    return made.requires_grad_() if requires_grad else made


def asarray(
    obj: Any,
    *,
    dtype: DType | None = None,
    device: object = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """A tensor of ``obj``: over its memory if it is a tensor, array, DLPack capsule or buffer, else of its values.

    ``copy=True`` makes a copy in any case, ``copy=False`` refuses one. A buffer is read as ``dtype``, or as floats.

    Raises: `ExchangeError` where ``copy=False`` cannot be kept; else as `as_tensor` and `frombuffer`.
    """
    if device is not None:
        device_type(str(device))
    wanted = as_dtype(dtype, op="asarray")
    seen = _over_memory(obj, wanted)
    if seen is None:
        if copy is False:
            what = "NumPy scalars" if isinstance(obj, np.generic) else "arbitrary sequence"
            raise ExchangeError(
                f"asarray: can't alias {what} into a tensor; takes an array or a buffer with copy=False"
            )
        result = tensor(obj, wanted)
    else:
        other = wanted is not None and wanted is not seen.dtype
        if other and copy is False:
            raise ExchangeError(
                f"asarray: can't alias tensor with dtype {seen.dtype.name!r} into dtype {cast(DType, wanted).name!r}"
            )
        result = seen.to(wanted) if other else seen.clone() if copy else seen
    if requires_grad is None:
        return result
    if requires_grad:
        return result if result.requires_grad else result.requires_grad_()
    return result.detach() if result.requires_grad else result


def _over_memory(obj: Any, wanted: DType | None) -> Tensor | None:
    """A tensor over an object's own memory; None for numbers and sequences of them."""
    if isinstance(obj, (np.generic, bool, int, float, list, tuple, range)):
        return None
    if isinstance(obj, (Tensor, np.ndarray)):
        return as_tensor(cast(Any, obj))
    if type(obj).__name__ == "PyCapsule":
        return dlpack.from_dlpack(obj)
    seen = as_tensor(obj) if hasattr(obj, "__dlpack__") or hasattr(obj, "__array_interface__") else None
    if seen is not None:
        return seen
    try:
        memoryview(obj).release()
    except TypeError:
        return as_tensor(obj) if hasattr(obj, "__array__") else None
    return from_buffer(obj, wanted or default_float(), -1, 0)


# Methods --------------------------------------------------------------------------------------------------------------


def numpy(self: Tensor, *, force: bool = False) -> np.ndarray[Any, Any]:
    """An ndarray over the same bytes: no copy; it keeps the storage alive.

    ``force`` takes the values of a tensor with a history, too.

    Raises: `GradError` for a tensor that requires a gradient, in torch's words.
    """
    if self.tape is not None and self.tape.requires_grad and not force:
        raise GradError("numpy: can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy()")
    return read_out(self, "numpy", lambda: to_numpy(self)) if MODES.get() else to_numpy(self)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's numbers for the CPU."""
    return dlpack.CPU


def python_buffer(self: Tensor, flags: int) -> memoryview:
    """What ``memoryview(tensor)`` asks for from Python 3.12 on; `memoryview` gives the same on each."""
    return to_memoryview(self)


FUNCTIONS: dict[str, Any] = {
    "asarray": asarray,
    "from_dlpack": from_dlpack,
    "from_numpy": from_numpy,
    "frombuffer": frombuffer,
}

METHODS: dict[str, Any] = {
    "__buffer__": python_buffer,
    "__dlpack__": dlpack.to_capsule,
    "__dlpack_device__": dlpack_device,
    "memoryview": to_memoryview,
    "numpy": numpy,
}
