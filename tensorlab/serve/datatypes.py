"""Tensors as the protocol has them: datatypes by name, and arrays from raw or typed contents.

BYTES is left out: no tensor of this package has such elements.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from tensorlab.core.dtype import bfloat16
from tensorlab.errors import DTypeError
from tensorlab.serve.errors import WireError

# Datatype of the protocol -> element type. Raw contents are little-endian whatever the machine.
DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "BF16": bfloat16.numpy,
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
_NAMES = {dtype: name for name, dtype in DATATYPES.items()}

# Which field of InferTensorContents holds a datatype when it does not come raw; FP16 and BF16 have none.
_TYPED_CONTENTS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
}

MAX_RANK = 32


def datatype_of(dtype: np.dtype[Any]) -> str:
    """The protocol's name of an element type.

    Raises: `DTypeError` for text, objects, complex numbers and whatever else the table lacks.

    >>> datatype_of(np.dtype(np.float32))
    'FP32'
    """
    name = _NAMES.get(dtype.newbyteorder("<"))
    if name is None:
        raise DTypeError(f"serve: no datatype of the protocol for {dtype}; takes {', '.join(map(str, _NAMES))}")
    return name


def decode_tensor(what: str, datatype: str, shape: tuple[int, ...], data: memoryview) -> np.ndarray:
    """The array that raw bytes stand for; `what` names it in errors.

    Cost:   a copy only where the bytes do not lie aligned for the element type.
    Raises: `WireError` for an unknown datatype, a bad shape, or bytes that are not shape x element size.

    >>> decode_tensor("input 'x'", "UINT8", (1, 2), memoryview(bytes([3, 4]))).tolist()
    [[3, 4]]
    """
    dtype = DATATYPES.get(datatype)
    if dtype is None:
        raise WireError(f"{what} has datatype {clipped(datatype)}; takes {', '.join(DATATYPES)}")
    if len(shape) > MAX_RANK:
        raise WireError(f"{what} has rank {len(shape)}; takes at most {MAX_RANK}")
    dims = ", ".join(map(str, shape))
    if any(size < 0 for size in shape):
        raise WireError(f"{what} has shape [{dims}]; sizes are at least 0")
    # Python's integers: in 64 bits the product of a hostile shape wraps around to a small number.
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > sys.maxsize:
        raise WireError(f"{what} has shape [{dims}], which is more than memory can address")
    expected = math.prod(shape) * dtype.itemsize
    if data.nbytes != expected:
        raise WireError(f"{what} has {data.nbytes} bytes; {datatype} [{dims}] takes {expected}")
    if datatype == "BOOL" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
        raise WireError(f"{what} has a BOOL byte that is neither 0 nor 1")
    array = np.frombuffer(data, dtype).reshape(shape)
    if not array.flags.aligned:
        array = array.copy()
        array.setflags(write=False)
    return array


def typed_bytes(what: str, tensor: Any) -> memoryview:
    """The values of InferTensorContents, checked and turned into raw bytes.

    Cost:   a Python number an element; raw contents are the fast way.
    Raises: `WireError` if the contents are of another datatype, or a value does not fit.
    """
    name = _TYPED_CONTENTS.get(tensor.datatype)
    if name is None:
        taken = "comes raw only" if tensor.datatype in DATATYPES else f"is not one of {', '.join(DATATYPES)}"
        raise WireError(f"{what} has no raw contents; datatype {clipped(tensor.datatype)} {taken}")
    filled = [descriptor.name for descriptor, _ in tensor.contents.ListFields()]
    if filled not in ([], [name]):
        raise WireError(f"{what} has {', '.join(filled)}; datatype {tensor.datatype} takes {name}")
    dtype = DATATYPES[tensor.datatype]
    # Small integers travel in wider fields; 64 bits of either sign need their own type from the start.
    narrow = dtype.kind in "iu" and dtype.itemsize < 8
    values = np.array(getattr(tensor.contents, name), np.int64 if narrow else dtype)
    if narrow and values.size:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        if values.min() < low or values.max() > high:
            raise WireError(f"{what} has a value outside {tensor.datatype}, which takes {low} to {high}")
    return values.astype(dtype).view(np.uint8).data


def clipped(text: str, limit: int = 64) -> str:
    """A name from outside, quoted for a message and kept short; gRPC sends messages in headers of bounded size."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}..."
