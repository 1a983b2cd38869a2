"""Checks that several ops share."""

from __future__ import annotations

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.errors import DTypeError


def refuse_bool(common: DType, op: str) -> None:
    if common is bool_dtype:
        raise DTypeError(f"{op}: takes no bool tensor")
