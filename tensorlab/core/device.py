"""Where a tensor's bytes are."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlab.errors import RangeError


@dataclass(frozen=True, slots=True)
class device:  # noqa: N801 - torch's public name
    """A device, as ``device("cpu")``; the only kind in this version is the CPU."""

    type: str = "cpu"

    def __post_init__(self) -> None:
        if self.type != "cpu":
            raise RangeError(f"device: got {self.type!r}; takes 'cpu'")

    def __repr__(self) -> str:
        return f"device(type={self.type!r})"

    def __str__(self) -> str:
        return self.type


CPU = device("cpu")
