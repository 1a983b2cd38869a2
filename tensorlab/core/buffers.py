"""Python's buffer protocol in and out: bytearrays, memory maps, arrays of other libraries, and our own bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.array_head import address_of
from tensorlab.core.dtype import DType, bfloat16
from tensorlab.core.foreign import whole_storage
from tensorlab.core.interop import from_numpy
from tensorlab.core.layout import layout
from tensorlab.core.sharing_native import entries
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, ExchangeError, RangeError


def from_buffer(buffer: Any, dtype: DType, count: int, offset: int) -> Tensor:
    """A tensor of one dimension over an object's bytes, read-only where they are.

    Units:  ``count`` in elements, -1 for all there are; ``offset`` in bytes.
    Raises: `ArgumentError` for an object without the protocol, or in several pieces, or whose elements would not lie
            at multiples of their size; `RangeError` for a part that is not there, in torch's words.
    """
    try:
        view = memoryview(buffer)
    except TypeError as error:
        raise ArgumentError("frombuffer: object does not implement Python buffer protocol.") from error
    with view:
        if not view.c_contiguous:
            raise ArgumentError(f"frombuffer: got a {type(buffer).__name__} whose bytes are not in one piece")
        nbytes = view.nbytes
    size = dtype.itemsize
    if not nbytes or not count:
        raise RangeError(f"frombuffer: both buffer length ({nbytes}) and count ({count}) must not be 0")
    if not 0 <= offset < nbytes:
        raise RangeError(
            f"frombuffer: offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({nbytes} bytes) minus 1"
        )
    rest = nbytes - offset
    if count < 0:
        if rest % size:
            raise RangeError(
                f"frombuffer: buffer length ({rest} bytes) after offset ({offset} bytes) must be a multiple of element "
                f"size ({size})"
            )
        count = rest // size
    if count * size > rest:
        raise RangeError(
            f"frombuffer: requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({nbytes} bytes)"
        )
    array = np.frombuffer(buffer, dtype.numpy, count, offset)
    address = address_of(array)
    past = address % size
    if past:
        raise ArgumentError(
            f"frombuffer: the elements would begin {past} bytes past a multiple of their size {size}; copy the bytes "
            "first"
        )
    if type(buffer) is bytearray and array.nbytes == nbytes:  # nobody else's bytes are among them
        form = layout(dtype, (count,))
        entries.learn_row(form)
        return Tensor(whole_storage(address, nbytes, array), form)
    return from_numpy(array)


def to_memoryview(tensor: Tensor) -> memoryview:
    """The tensor's bytes by Python's buffer protocol, with shape, strides and format; it keeps the storage alive.

    Raises: `GradError` for a tensor that requires a gradient; `ExchangeError` for bfloat16, which the protocol has no
            format for.
    """
    if tensor.layout.dtype is bfloat16:
        raise ExchangeError(
            "memoryview: Python's buffer protocol has no format for bfloat16; view(tensorlab.int16) shows its bits"
        )
    return memoryview(tensor.numpy())
