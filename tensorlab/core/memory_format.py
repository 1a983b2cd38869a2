"""In which order a new tensor's elements lie."""

from __future__ import annotations

from enum import Enum


class memory_format(Enum):  # noqa: N801 - torch's public name
    """Row-major, or in the order of the tensor that a new one is made of; torch's layouts of images are not there."""

    contiguous_format = "contiguous_format"
    preserve_format = "preserve_format"

    def __repr__(self) -> str:
        return f"tensorlab.{self.value}"

    __str__ = __repr__


contiguous_format = memory_format.contiguous_format
preserve_format = memory_format.preserve_format
