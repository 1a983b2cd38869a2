"""What the namespace says of itself."""

from __future__ import annotations

from typing import Any, cast

from tensorlab.array_api.array import on_device
from tensorlab.array_api.dtypes import DTYPES, KINDS
from tensorlab.core.device import CPU
from tensorlab.core.device import device as Device
from tensorlab.core.dtype import DType, default_float, int64
from tensorlab.errors import ArgumentError, RangeError

_MAX_DIMENSIONS = 64  # NumPy's, which sorts and factorises


class NamespaceInfo:
    """Capabilities, devices and dtypes of `tensorlab.array_api`."""

    def capabilities(self) -> dict[str, Any]:
        """What is optional in the standard."""
        return {
            "boolean indexing": True,
            "data-dependent shapes": True,
            "max dimensions": _MAX_DIMENSIONS,
        }

    def default_device(self) -> Device:
        """The CPU."""
        return CPU

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """Dtypes of what is made without one; there is no complex one."""
        on_device(device)
        return {"real floating": default_float(), "integral": int64, "indexing": int64}

    def devices(self) -> list[Device]:
        """All devices: the CPU."""
        return [CPU]

    def dtypes(self, *, device: Any = None, kind: str | tuple[str, ...] | None = None) -> dict[str, DType]:
        """The standard's dtypes that there are, by name; those of one kind or of several.

        Raises: `RangeError` for an unknown kind, `ArgumentError` for what is no kind.
        """
        on_device(device)
        if kind is None:
            return {dtype.name: dtype for dtype in DTYPES}
        kinds: tuple[object, ...] = kind if isinstance(kind, tuple) else (kind,)
        for name in kinds:
            if not isinstance(name, str):
                raise ArgumentError(f"dtypes: argument 'kind' takes names of kinds, got {name!r}")
            if name not in KINDS:
                raise RangeError(f"dtypes: got kind {name!r}, takes {', '.join(map(repr, KINDS))}")
        return {dtype.name: dtype for name in cast("tuple[str, ...]", kinds) for dtype in KINDS[name]}


def __array_namespace_info__() -> NamespaceInfo:
    """What the namespace says of itself."""
    return NamespaceInfo()
