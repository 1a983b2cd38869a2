"""Types in signatures of methods; some methods are named as Python's own types are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Bool: TypeAlias = bool
Int: TypeAlias = int
Float: TypeAlias = float
Operand: TypeAlias = Any  # a tensor, an ndarray, or a number of Python's or NumPy's
Dims: TypeAlias = int | Sequence[int] | None
