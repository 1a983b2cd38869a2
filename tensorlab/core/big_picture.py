"""The talk's one drawing with a tensor's own values: Python object, tensor, storage, data pointer, allocator, bytes."""

from __future__ import annotations

import ctypes
import inspect
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice, product
from typing import Any

from tensorlab.core.blocks import Segments
from tensorlab.core.footprint import Footprint
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.memory import describe
from tensorlab.memory.allocator import layers_behind
from tensorlab.memory.host import HUGE_PAGE

_SHOWN = 4  # elements whose bytes are read


@dataclass(frozen=True, slots=True)
class Element:
    """One element as Python reads it and as it lies: ``place`` is its byte in the storage."""

    index: tuple[int, ...]
    value: bool | float | int
    place: int
    content: str  # its bytes in hexadecimal, the lowest address first


@dataclass(frozen=True, slots=True)
class Layer:
    """One allocator of a stack: its class, and what it says of itself."""

    class_name: str
    does: str


@dataclass(frozen=True, slots=True)
class BigPicture:
    """What stands behind one name.

    Units: strides and ``offset`` in elements, sizes in bytes; ``references`` as Python counts them.
    ``block_nbytes`` is what the allocator gave for the ``storage_nbytes`` that were asked for; None where the bytes are
    not an allocator's but those of ``lender``, a NumPy array for one. ``sharers``: the other names over this storage.
    """

    name: str
    references: int
    object_nbytes: int
    dtype: str
    itemsize: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    device: str
    requires_grad: bool
    grad_fn: str | None
    storage_nbytes: int
    version: int
    readonly: bool
    sharers: tuple[str, ...]
    footprint: Footprint
    address: int
    block_nbytes: int | None
    cached: bool  # whether a cache gave the block and will take it back
    huge_pages: bool
    lender: str | None
    allocators: tuple[Layer, ...]
    elements: tuple[Element, ...]
    numel: int

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        """The record as plain values."""
        facts: dict[str, object] = asdict(self)
        facts["footprint"] = self.footprint.to_dict()
        if not addresses:
            del facts["address"]
        return facts


def big_picture(names: Mapping[str, object], name: str) -> BigPicture:
    """Follow a name of a namespace down to its bytes.

    The namespace is asked for, not the tensor, so that no reference of our own is counted.
    Raises: `ArgumentError` if the name is not a tensor's.
    """
    if not isinstance(names.get(name), Tensor):
        raise ArgumentError(f"big_picture: got {name}, a {type(names.get(name)).__name__}; takes a tensor's name")
    references = sys.getrefcount(names[name]) - 1  # the call itself holds one
    tensor = names[name]
    assert isinstance(tensor, Tensor)
    storage = tensor.storage()
    pointer = storage.pointer
    block = describe(pointer)
    segment = Segments().of(pointer)
    owned = storage.allocator is not None
    layout = tensor.layout
    size = layout.dtype.itemsize
    return BigPicture(
        name=name,
        references=references,
        object_nbytes=sys.getsizeof(tensor),
        dtype=layout.dtype.name,
        itemsize=size,
        shape=tuple(layout.shape),
        strides=tuple(layout.strides),
        offset=tensor.offset,
        device=str(tensor.device),
        requires_grad=tensor.requires_grad,
        grad_fn=None if tensor.tape is None else tensor.tape.grad_fn_name,
        storage_nbytes=storage.nbytes,
        version=storage.version,
        readonly=storage.readonly,
        sharers=tuple(
            other
            for other, value in list(names.items())
            if other != name and not other.startswith("_") and isinstance(value, Tensor) and value.storage() is storage
        ),
        footprint=Footprint.of(tensor.offset * size, layout.shape, tuple(s * size for s in layout.strides), size),
        address=storage.address,
        block_nbytes=pointer.nbytes if owned else None,
        cached=block is not None,
        huge_pages=owned and (pointer.nbytes if segment is None else segment.nbytes) >= HUGE_PAGE,
        lender=None if owned else type(pointer.context).__name__,
        allocators=tuple(_layer(a) for a in layers_behind(pointer)) if owned else (),
        elements=tuple(_element(tensor, i) for i in islice(product(*map(range, layout.shape)), _SHOWN)),
        numel=layout.numel,
    )


def _layer(allocator: object) -> Layer:
    """The first sentence of a class' docstring is what it says of itself."""
    text = inspect.getdoc(type(allocator)) or ""
    return Layer(type(allocator).__name__, " ".join(text.partition("\n\n")[0].split()))


def _element(tensor: Tensor, index: tuple[int, ...]) -> Element:
    size = tensor.layout.dtype.itemsize
    steps = sum(i * s for i, s in zip(index, tensor.layout.strides, strict=True))
    content = ctypes.string_at(tensor.address + steps * size, size)
    value: Any = tensor[index].item() if index else tensor.item()
    return Element(index, value, (tensor.offset + steps) * size, content.hex(" "))
