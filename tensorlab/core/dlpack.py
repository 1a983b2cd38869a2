"""DLPack in and out: the bytes of other libraries' tensors, and ours for them, without a copy.

NumPy makes and takes the capsules, so that what a capsule holds is freed by C code whenever it goes, also while the
interpreter ends. What NumPy has no word for, bfloat16, travels past it as uint16: the element type in the capsule is
set before it goes out, and after it came in.
"""

from __future__ import annotations

import ctypes
from typing import Any, cast

import numpy as np

from tensorlab.core.dispatch import MODES
from tensorlab.core.dlpack_exchange import HOST_KINDS, from_exchange
from tensorlab.core.dtype import DTYPES, bfloat16
from tensorlab.core.interop import Array, from_numpy, to_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError, ExchangeError

CPU = (1, 0)  # DLPack's numbers for main memory
_VERSION = (1, 0)  # the highest that NumPy reads

# Out ------------------------------------------------------------------------------------------------------------------


def to_capsule(
    tensor: Tensor,
    *,
    stream: object = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A DLPack capsule over a tensor's bytes; it, and then its consumer, keeps the storage alive.

    Without ``max_version`` it is one of the first form, which cannot say that memory is read-only.

    Raises: `ExchangeError` for a stream, for another device than the CPU, for a tensor that requires a gradient, and
            for what a consumer could not be told: read-only memory in the first form, negative strides.
    """
    if stream is not None:
        raise ExchangeError(f"__dlpack__: stream should be None on cpu, got {stream!r}")
    if dl_device is not None and tuple(dl_device) != CPU:
        raise ExchangeError(f"__dlpack__: got the device {tuple(dl_device)}; the tensor is on the CPU, {CPU}")
    if tensor.requires_grad:
        raise ExchangeError("__dlpack__: can't export tensors that require gradient, use tensor.detach()")
    form = tensor.layout
    if not copy:
        if tensor.storage().readonly and (max_version is None or max_version[0] < 1):
            raise ExchangeError(
                "__dlpack__: the tensor's memory is read-only, which a consumer of DLPack before 1.0 cannot be told: "
                "ask with max_version=(1, 0) or copy=True"
            )
        # Allowed by the standard, but PyTorch ends the process when it meets them.
        if form.numel and min(form.strides, default=0) < 0:
            raise ExchangeError(
                f"__dlpack__: the tensor has negative strides {form.strides}, which not all consumers take: "
                "use contiguous() or copy=True"
            )
    array = tensor.numpy() if MODES.get() else to_numpy(tensor)
    if form.dtype is bfloat16:
        array = array.view(np.uint16)
    if copy is None and max_version is None:
        capsule = array.__dlpack__()
    else:
        capsule = array.__dlpack__(max_version=max_version, copy=copy)
    if form.dtype is bfloat16:
        _element_type(capsule).code = _BFLOAT
    return capsule


# In -------------------------------------------------------------------------------------------------------------------


def from_dlpack(ext_tensor: Any, *, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of an object that has ``__dlpack__``, or of a capsule, which this consumes.

    Memory that the producer calls read-only gives a read-only tensor, and so does a capsule of the first form, which
    could not say so. ``copy=True`` asks the producer for a copy, ``copy=False`` forbids one.

    Raises: `ArgumentError` for what is neither, `ExchangeError` for memory that the CPU does not read, for a capsule
            that was consumed, or where the producer refuses; `DTypeError` for an element type that tensors don't hold.
    """
    if not copy:
        if isinstance(ext_tensor, np.ndarray):
            return from_numpy(cast(Array, ext_tensor))
        made = from_exchange(ext_tensor)
        if made is not None:
            return made
    return _from_producer(ext_tensor, copy=copy)


def _from_producer(ext_tensor: Any, *, copy: bool | None) -> Tensor:
    if type(ext_tensor).__name__ == "PyCapsule":
        made = from_numpy(_consumed(ext_tensor))
        return _copied(made) if copy else made
    if not hasattr(ext_tensor, "__dlpack__") or not hasattr(ext_tensor, "__dlpack_device__"):
        raise ArgumentError(
            f"from_dlpack: takes an object with __dlpack__ and __dlpack_device__, or a capsule, got "
            f"{type(ext_tensor).__name__}"
        )
    kind, index = ext_tensor.__dlpack_device__()
    if kind not in HOST_KINDS:
        raise ExchangeError(f"from_dlpack: got memory on DLPack's device ({int(kind)}, {index}); takes the CPU's")
    options: dict[str, Any] = {} if copy is None else {"copy": copy}
    try:
        capsule = ext_tensor.__dlpack__(max_version=_VERSION, **options)
    except TypeError:  # a producer from before these keywords; it never copied
        made = from_numpy(_consumed(ext_tensor.__dlpack__()))
        return _copied(made) if copy else made
    return from_numpy(_consumed(capsule))


def _copied(tensor: Tensor) -> Tensor:
    return from_numpy(to_numpy(tensor).copy())


class _Producer:
    """A capsule as NumPy wants to meet it: inside an object that gives it out."""

    __slots__ = ("capsule",)

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_options: object) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU


def _consumed(capsule: Any) -> Array:
    """An ndarray over what a capsule holds; the capsule is used up."""
    try:
        return cast(Array, np.from_dlpack(_Producer(capsule)))
    except (BufferError, RuntimeError, ValueError) as error:
        name = _name_of(capsule)
        if name not in _OFFSETS:
            raise ExchangeError(
                f"from_dlpack: got a capsule named {name.decode()!r}; takes one that nobody has consumed"
            ) from error
        kind = _element_type(capsule)
        if (kind.code, kind.bits, kind.lanes) != (_BFLOAT, 16, 1):
            names = ", ".join(d.name for d in DTYPES)
            raise DTypeError(
                f"from_dlpack: got elements of DLPack's type code {kind.code}, {kind.bits} bits, {kind.lanes} lanes; "
                f"takes {names}"
            ) from error
    kind.code = _UINT
    return np.from_dlpack(_Producer(capsule)).view(bfloat16.numpy)


# The element type inside a capsule ------------------------------------------------------------------------------------

_UINT, _BFLOAT = 1, 4  # DLPack's type codes


class _ElementType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


# Where it stands: after address, device (two ints) and ndim of the tensor, which since 1.0 comes after the version
# (two ints), the producer's context, the deleter and the flags.
_OFFSETS = {b"dltensor": 20, b"dltensor_versioned": 32 + 20}

_name_of = ctypes.pythonapi.PyCapsule_GetName
_name_of.argtypes = (ctypes.py_object,)
_name_of.restype = ctypes.c_char_p
_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.argtypes = (ctypes.py_object, ctypes.c_char_p)
_pointer_of.restype = ctypes.c_void_p


def _element_type(capsule: Any) -> _ElementType:
    name = _name_of(capsule)
    return _ElementType.from_address(_pointer_of(capsule, name) + _OFFSETS[name])
