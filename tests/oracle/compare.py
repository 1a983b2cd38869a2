"""The two sides of a call: arguments made twice, results compared."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")

REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, AttributeError)


HALF_STEP = {"float16": 2.0**-10, "bfloat16": 2.0**-7}  # a number's last place, in units of the number


def ours(value: Any) -> Any:
    """Arrays as tensors over memory of their own, with the array's strides; containers and all else as they are."""
    if isinstance(value, np.ndarray):
        return tl.from_numpy(_own(value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(ours, value)) if type(value) in (list, tuple) else value
    return value


def theirs(value: Any) -> Any:
    """As `ours`, for torch; it has no negative strides, so there the values are copied."""
    if isinstance(value, np.ndarray):
        array = _own(value)
        if any(s < 0 for s in array.strides):
            array = np.ascontiguousarray(array)
        if array.dtype == ml_dtypes.bfloat16:
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(array)
    if isinstance(value, tl.DType):
        return getattr(torch, value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(map(theirs, value)) if type(value) in (list, tuple) else value
    return value


def _own(array: np.ndarray) -> np.ndarray:
    """The same values in memory of their own that has the same strides."""
    if not array.size or not array.ndim:
        return array.copy()
    low, high = np.lib.array_utils.byte_bounds(array)
    base = np.zeros((high - low) // array.itemsize + 3, array.dtype)
    start = array.__array_interface__["data"][0] - low
    view = np.ndarray(array.shape, array.dtype, base, start + 2 * array.itemsize, array.strides)
    view[...] = array
    return view


def to_array(value: Any) -> np.ndarray:
    """A result of either side as an ndarray; 16-bit floats as float32."""
    if isinstance(value, tl.Tensor):
        array = value.detach().numpy()
    else:
        found = value.detach().resolve_conj().resolve_neg()
        if found._is_zerotensor():
            found = torch.zeros(found.shape, dtype=found.dtype)
        array = (found.float() if found.dtype in (torch.bfloat16, torch.float16) else found).numpy()
    return array.astype(np.float32) if array.dtype in (ml_dtypes.bfloat16, np.float16) else array


def agree(a: Any, b: Any, *, ulp: float = 0, rtol: float = 0, atol: float = 0, strides: bool = True) -> None:
    """Both results are alike: same structure, dtypes, shapes, strides and, within the bounds, values."""
    if isinstance(b, (tuple, list)):
        assert isinstance(a, (tuple, list))
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            agree(x, y, ulp=ulp, rtol=rtol, atol=atol, strides=strides)
        return
    if not isinstance(b, torch.Tensor):
        assert type(a).__name__ == type(b).__name__
        assert str(a).replace("tensorlab", "torch") == str(b)
        return
    assert isinstance(a, tl.Tensor), f"got {type(a).__name__}, torch gives a Tensor"
    assert f"torch.{a.dtype.name}" == str(b.dtype)
    assert tuple(a.shape) == tuple(b.shape)
    if strides and a.numel():
        kept = [d for d, n in enumerate(a.shape) if n != 1]
        assert [a.stride()[d] for d in kept] == [b.stride()[d] for d in kept]
    close(to_array(a), to_array(b), ulp=ulp, rtol=rtol, atol=atol, half=HALF_STEP.get(a.dtype.name, 0))


def close(a: np.ndarray, b: np.ndarray, *, ulp: float, rtol: float, atol: float, half: float = 0) -> None:
    if a.dtype.kind != "f" or not (ulp or rtol or atol or half):
        np.testing.assert_array_equal(a, b)
        return
    with np.errstate(all="ignore"):
        sizes = np.maximum(np.abs(a), np.abs(b))
        step = sizes * half if half else np.spacing(sizes)
        largest = sizes[np.isfinite(sizes)].max(initial=1.0)
        room = (
            np.maximum(max(ulp, 1 if half else 0) * step, 2.0**-24 if half else np.finfo(a.dtype).tiny)
            + rtol * sizes
            + atol * largest
        )
        near = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= room)
    assert near.all(), f"{a[~near][:5]} and {b[~near][:5]} are further apart than the bound"


def refuses(function: Any, args: Any, kwargs: Any, errors: Any) -> Exception | None:
    """The error that a call raises, or None."""
    try:
        function(*args, **kwargs)
    except errors as error:
        return error
    return None
