"""One array as a tensor of ours and as one of torch, and how near two results have to be."""

import numpy as np
import pytest
from values import DTYPES, FLOATS, samples

import tensorlab as tl

__all__ = ["DTYPES", "FLOATS", "agree", "same_refusal", "samples", "sides", "torch"]

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")


def sides(array: np.ndarray) -> tuple[tl.Tensor, "torch.Tensor"]:
    """The same values in memory of their own, once for us and once for torch, with the array's strides."""
    ours, theirs = _like(array), _like(array)
    return tl.from_numpy(ours), torch.from_numpy(theirs)


def _like(array: np.ndarray) -> np.ndarray:
    """A copy that keeps the order of dimensions."""
    return array.copy(order="K") if array.flags.owndata or array.size == 0 else _rebuilt(array)


def _rebuilt(array: np.ndarray) -> np.ndarray:
    low, high = np.lib.array_utils.byte_bounds(array)
    base = np.zeros((high - low) // array.itemsize + 3, array.dtype)
    start = array.__array_interface__["data"][0] - low
    view = np.ndarray(array.shape, array.dtype, base, start + 2 * array.itemsize, array.strides)
    view[...] = array
    return view


def agree(ours: tl.Tensor, theirs: "torch.Tensor", *, ulp: float = 0, strides: bool = True) -> None:
    """Same dtype, shape, strides and values; floats may be ``ulp`` units in the last place apart."""
    assert isinstance(ours, tl.Tensor)
    assert f"torch.{ours.dtype.name}" == str(theirs.dtype)
    assert tuple(ours.shape) == tuple(theirs.shape)
    if strides and ours.numel():  # where there are no elements, torch has strides of 0 now and then
        assert ours.stride() == theirs.stride()
    a, b = ours.numpy(), theirs.numpy()
    if a.dtype.kind != "f" or ulp == 0:
        np.testing.assert_array_equal(a, b)
        if a.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(a)[a == 0], np.signbit(b)[a == 0])
        return
    with np.errstate(all="ignore"):
        # Below the normal numbers torch's vector functions give 0.
        room = np.maximum(ulp * np.spacing(np.maximum(np.abs(a), np.abs(b))), np.finfo(a.dtype).tiny)
        near = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= room)
    assert near.all(), f"{a[~near][:5]} and {b[~near][:5]} are further apart than {ulp} ulp"


def same_refusal(ours, theirs) -> bool:
    """Whether both refuse a call; fails where one alone does."""
    refused = []
    for call, error in ((ours, tl.TensorlabError), (theirs, (RuntimeError, TypeError, ValueError, IndexError))):
        try:
            call()
        except error:
            refused.append(True)
        else:
            refused.append(False)
    assert refused[0] == refused[1], f"ours {'refuses' if refused[0] else 'accepts'}, torch does not"
    return refused[0]
