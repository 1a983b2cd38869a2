"""What convolutions say when they refuse, where their memory comes from, and their accuracy."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import memory
from tensorlab.core.correlation import Axis, places
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops.convolution import phases
from tensorlab.ops.convolution_backward import convolution_backward

X, W = tl.ones(2, 3, 6, 7), tl.ones(4, 3, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: tl.conv2d(X, tl.ones(4, 2, 3, 3)),
            ShapeError,
            "convolution: Given groups=1, weight of size [4, 2, 3, 3], expected input[2, 3, 6, 7] to have 2 channels, "
            "but got 3 channels instead",
        ),
        (
            lambda: tl.conv2d(tl.ones(6, 7), W),
            ShapeError,
            "conv2d: expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [6, 7]",
        ),
        (
            lambda: tl.conv2d(tl.ones(1, 3, 2, 2), W),
            ShapeError,
            "convolution: Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size can't "
            "be greater than actual input size",
        ),
        (
            lambda: tl.conv2d(X, W, tl.ones(5)),
            ShapeError,
            "convolution: Given groups=1, weight of size [4, 3, 3, 3], expected bias to be 1-dimensional with 4 "
            "elements, but got bias of size [5] instead",
        ),
        (
            lambda: tl.conv2d(X, W, None, 2, "same"),
            RangeError,
            "conv2d: padding='same' is not supported for strided convolutions, got stride [2]",
        ),
        (
            lambda: tl.conv2d(X, W.double()),
            DTypeError,
            "convolution: Input type (float32) and weight type (float64) should be the same",
        ),
        (
            lambda: tl.conv2d(X, W, None, 0),
            RangeError,
            "convolution: non-positive stride is not supported, got [0, 0]",
        ),
        (
            lambda: tl.conv_transpose2d(X, tl.ones(3, 2, 3, 3), None, 1, 0, 1),
            RangeError,
            "convolution: output padding must be smaller than either stride or dilation, but got output_padding 1, "
            "stride 1, dilation 1",
        ),
        (
            lambda: tl.conv2d(X, [1.0]),
            ArgumentError,
            "conv2d: argument 'weight' takes a Tensor, got list",
        ),
    ],
)
def test_what_is_refused_in_full(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_a_mask_says_which_gradients_are_computed():
    g = tl.ones(2, 4, 4, 5)
    args = ([1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    by_input, by_weight, by_bias = convolution_backward(g, X, W, [4], *args, [False, True, True])
    assert by_input is None
    assert by_weight.tolist()[0][0][0][0] == 2 * 4 * 5
    assert by_bias.tolist() == [40.0] * 4


def test_work_memory_is_the_current_allocators():
    x, w = tl.ones(1, 8, 16, 16), tl.ones(8, 8, 3, 3)
    before = memory.current.allocator
    log = []

    class Counting:
        name = "counting"

        def allocate(self, nbytes):
            log.append(nbytes)
            return before.allocate(nbytes)

    memory.current.allocator = Counting()
    try:
        y = tl.conv2d(x, w, None, 1, 1)
    finally:
        memory.current.allocator = before
    assert y.nbytes in log
    assert len(log) == 2  # the result, and one block for all that is laid out


def test_nothing_is_read_beyond_the_ends():
    """Neighbours in memory are NaN: a vector that reached into them would show."""
    for size in range(1, 40):
        held = np.full(size * 3 + 64, np.nan, np.float32)
        held[32 : 32 + size * 3] = 1
        x = tl.from_numpy(held)[32 : 32 + size * 3].view(1, 3, 1, size)
        np.testing.assert_array_equal(tl.conv2d(x, tl.ones(5, 3, 1, 1)).numpy(), 3)


def test_integers_wrap_around_as_their_products_do():
    x = tl.full((1, 1, 1, 1), 2**62, dtype=tl.int64)
    assert tl.conv2d(x, tl.full((1, 1, 1, 1), 4, dtype=tl.int64)).item() == 0


def test_places_that_a_stride_skips_are_not_laid_out():
    assert places(Axis(size=56, taps=1, out=28, stride=2, step=1, origin=0)).count == 28
    assert places(Axis(size=56, taps=3, out=28, stride=2, step=1, origin=-1)).count == 57


def test_phases_of_a_transposed_convolution_share_its_taps():
    found = phases(size=4, taps=3, out=9, stride=2, dilation=1, padding=0)
    assert [(p.first, p.tap, p.axis.taps) for p in found] == [(0, 0, 2), (1, 1, 1)]
    assert [p.first for p in phases(size=4, taps=1, out=7, stride=3, dilation=1, padding=0)] == [0]


def test_a_phase_without_taps_is_the_bias():
    y = tl.conv_transpose1d(tl.ones(1, 1, 2), tl.ones(1, 1, 1), tl.tensor([5.0]), stride=3)
    assert y.tolist() == [[[6.0, 5.0, 5.0, 6.0]]]
