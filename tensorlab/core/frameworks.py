"""The bytes behind tensors of torch and arrays of jax, as the objects tell: nothing is imported or copied."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from tensorlab.core.holding import Found, Holding, Root, Unseen, dense


def of_torch(value: Any) -> Found:
    kind = "torch.Parameter" if type(value).__name__ == "Parameter" else "torch.Tensor"
    if str(value.layout) != "torch.strided":
        names = _SPARSE.get(str(value.layout), ())
        found = [(name, piece) for name in names for piece in of_torch(getattr(value, name)())]
        return tuple(replace(piece, part=f".{name.strip('_')}(){piece.part}") for name, piece in found)
    try:
        address, root = value.data_ptr(), root_of_torch(value)
    except RuntimeError as error:
        return (Unseen(kind, str(error).partition("\n")[0].rstrip(".")),)
    if value.device.type == "meta":
        return (Unseen(kind, "a meta tensor has a shape and no bytes"),)
    try:
        version = value._version
    except RuntimeError:  # made under inference_mode
        version = None
    size = value.element_size()
    dtype = str(value.dtype).removeprefix("torch.")
    steps = tuple(s * size for s in value.stride())
    piece = Holding(kind, tuple(value.shape), steps, dtype, size, address, root, value, root.address)
    return (replace(piece, version=version, typestr=dtype),)


_SPARSE = {
    "torch.sparse_coo": ("_indices", "_values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
}


def root_of_torch(value: Any) -> Root:
    storage = value.untyped_storage()
    return Root(value, storage.data_ptr(), storage.nbytes(), "torch storage", place=str(value.device))


def of_jax(value: Any) -> Found:
    kind = "jax.Array"
    tracer = getattr(sys.modules.get("jax.core"), "Tracer", ())
    if isinstance(value, tracer):
        return (Unseen(kind, "a value of a trace: it has no bytes yet"),)
    if value.is_deleted():
        return (Unseen(kind, "deleted: its buffer was given away"),)
    shards = value.addressable_shards
    if len(shards) > 1:
        parts = [(i, piece) for i, shard in enumerate(shards) for piece in of_jax(shard.data)]
        return tuple(replace(piece, part=f".addressable_shards[{i}].data{piece.part}") for i, piece in parts)
    try:
        address = value.unsafe_buffer_pointer()
        size = int(value.dtype.itemsize)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        return (Unseen(kind, str(error).partition("\n")[0]),)
    device = next(iter(value.devices()))
    place = "cpu" if device.platform == "cpu" else str(device)
    root = Root(value, address, value.nbytes, "jax buffer", place=place)
    steps = dense(value.shape, size)
    piece = Holding(kind, tuple(value.shape), steps, str(value.dtype), size, address, root, value, address)
    return (replace(piece, readonly=True, typestr=str(value.dtype)),)
