"""Checks that several ops share."""

from __future__ import annotations

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError


def refuse_bool(common: DType, op: str) -> None:
    if common is bool_dtype:
        raise DTypeError(f"{op}: takes no bool tensor")


def floats_only(common: DType, op: str) -> None:
    """Raises: `DTypeError`, in torch's words."""
    if not common.is_floating_point:
        raise DTypeError(f"{op}: not implemented for '{common.ir_name}'; takes a floating point dtype")


def take_floats(op: Op) -> None:
    """Let a pointwise op take floating point tensors alone; a number beside an integer tensor does not make it one."""

    def check(common: DType, *args: object) -> None:
        for arg in args:
            if isinstance(arg, TensorType) and arg.dtype is not None:
                floats_only(arg.dtype, op.schema.name)

    op.rule("check")(check)
