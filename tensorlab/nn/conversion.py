"""A module's tensors in another dtype: what ``Module.to`` takes, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensorlab.autograd import Tensor
from tensorlab.core.device import device as device_type
from tensorlab.core.dtype import DType
from tensorlab.errors import ArgumentError, DTypeError

if TYPE_CHECKING:
    from tensorlab.nn.module import Module


def target(args: tuple[Any, ...], dtype: DType | None, device: Any) -> DType | None:
    """The dtype that the arguments of ``to`` ask for: a dtype, a device, both, or a tensor that has them.

    Raises: `DTypeError` for a dtype that is not floating, `ArgumentError` for anything else, and for a device that is
            not there.
    """
    for arg in args:
        if isinstance(arg, DType):
            dtype = arg
        elif isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, (str, device_type)):
            device = arg
        elif arg is not None and not isinstance(arg, bool):  # non_blocking stands last
            raise ArgumentError(f"Module.to: got {type(arg).__name__}, takes a dtype, a device or a Tensor")
    if device is not None:
        device_type(str(device))
    if dtype is not None and not dtype.is_floating_point:
        raise DTypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype!r}")
    return dtype


def convert(module: Module, dtype: DType) -> None:
    """Bring all floating parameters, their gradients, and floating buffers to a dtype."""
    for part in module.modules():
        for parameter in part.parameters(recurse=False):
            if _differs(parameter, dtype):
                _convert_parameter(parameter, dtype)
        buffers = part.__dict__["_buffers"]
        for name, buffer in buffers.items():
            if buffer is not None and _differs(buffer, dtype):
                buffers[name] = buffer.to(dtype)


def _differs(tensor: Tensor, dtype: DType) -> bool:
    return tensor.dtype.is_floating_point and tensor.dtype is not dtype


def _convert_parameter(parameter: Tensor, dtype: DType) -> None:
    """The parameter stays the object that optimisers know."""
    gradient, parameter.grad = parameter.grad, None
    parameter.data = parameter.detach().to(dtype)
    if gradient is not None:
        parameter.grad = gradient.detach().to(dtype)
