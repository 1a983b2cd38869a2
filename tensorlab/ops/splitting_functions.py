"""The public functions and methods that cut a tensor into pieces, each a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.ops import composed_views, splitting
from tensorlab.ops.operands import as_int, as_ints, unary
from tensorlab.ops.spellings import takes_axis


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of one size, the last as large as is left; or pieces of the sizes given."""
    at = as_int(dim, op="split", name="dim")
    if isinstance(split_size_or_sections, (tuple, list)):
        sections = as_ints(split_size_or_sections, op="split", name="split_size_or_sections")
        return tuple(unary(splitting.split_sizes_op, tensor, sections, at))
    size = as_int(split_size_or_sections, op="split", name="split_size_or_sections")
    return tuple(unary(splitting.split, tensor, size, at))


def split_method(self: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of one size, the last as large as is left; or pieces of the sizes given."""
    return split(self, split_size, dim)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of these sizes."""
    sections = as_ints(split_sizes, op="split_with_sizes", name="split_sizes")
    at = as_int(dim, op="split_with_sizes", name="dim")
    return tuple(unary(splitting.split_with_sizes, input, sections, at))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` pieces of one size, the last as large as is left."""
    return tuple(unary(splitting.chunk, input, *as_ints((chunks, dim), op="chunk", name="chunks or dim")))


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """As many pieces as asked for, of sizes one apart at most; or pieces that begin at the indices given."""
    cuts, at = _cuts(indices_or_sections, "tensor_split"), as_int(dim, op="tensor_split", name="dim")
    op = splitting.tensor_split if isinstance(cuts, int) else splitting.tensor_split_at
    return tuple(unary(op, input, cuts, at))


def _cuts(given: object, op: str) -> int | tuple[int, ...]:
    """A number of sections, or a list of indices; either may come as a tensor."""
    plain = given.tolist() if isinstance(given, Tensor) else given
    if isinstance(plain, (tuple, list)):
        return as_ints(plain, op=op, name="indices")
    return as_int(plain, op=op, name="indices_or_sections")


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Equal pieces, or pieces that begin at the indices given, along the second dimension, of vectors the first."""
    cuts = _cuts(indices_or_sections, "hsplit")
    return tuple(unary(composed_views.hsplit if isinstance(cuts, int) else composed_views.hsplit_at, input, cuts))


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Equal pieces, or pieces that begin at the indices given, along the first dimension."""
    cuts = _cuts(indices_or_sections, "vsplit")
    return tuple(unary(composed_views.vsplit if isinstance(cuts, int) else composed_views.vsplit_at, input, cuts))


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Equal pieces, or pieces that begin at the indices given, along the third dimension."""
    cuts = _cuts(indices_or_sections, "dsplit")
    return tuple(unary(composed_views.dsplit if isinstance(cuts, int) else composed_views.dsplit_at, input, cuts))


@takes_axis
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Each index along a dimension, which goes."""
    return tuple(unary(splitting.unbind, input, as_int(dim, op="unbind", name="dim")))


FUNCTIONS: dict[str, Any] = {
    "chunk": chunk,
    "dsplit": dsplit,
    "hsplit": hsplit,
    "split": split,
    "split_with_sizes": split_with_sizes,
    "tensor_split": tensor_split,
    "unbind": unbind,
    "vsplit": vsplit,
}

METHODS: dict[str, Any] = {
    "chunk": chunk,
    "dsplit": dsplit,
    "hsplit": hsplit,
    "split": split_method,
    "split_with_sizes": split_with_sizes,
    "tensor_split": tensor_split,
    "unbind": unbind,
    "vsplit": vsplit,
}
