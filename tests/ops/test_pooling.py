"""What pooling, resizing and folding say when they refuse, and the values that are easy to get wrong."""

import math

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError

F = tl.nn.functional
X = tl.arange(16.0).view(1, 4, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: F.max_pool2d(X, 2, 2, 2),
            RangeError,
            "max_pool2d: pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and "
            "dilation=1",
        ),
        (
            lambda: F.max_pool2d(X, 5),
            ShapeError,
            "max_pool2d: Given input size: (1x4x4). Calculated output size: (1x0x0). Output size is too small",
        ),
        (
            lambda: F.avg_pool2d(X, 2, divisor_override=0),
            RangeError,
            "avg_pool2d: divisor must be not zero",
        ),
        (
            lambda: F.avg_pool2d(X.bool(), 2),
            DTypeError,
            "avg_pool2d: not implemented for bool; takes floating point",
        ),
        (
            lambda: F.max_unpool2d(X[:, :1, :1], tl.tensor([[[7]]]), 2),
            RangeError,
            "max_unpool2d: found an invalid max index: 7 (output volumes are of size 2x2)",
        ),
        (
            lambda: F.interpolate(X, 2, mode="bilinear"),
            RangeError,
            "interpolate: mode 'bilinear' is not there for an input of 3 dimensions; takes area, linear, nearest, "
            "nearest-exact",
        ),
        (
            lambda: F.interpolate(X, 2, antialias=True),
            ArgumentError,
            "interpolate: antialias=True is not supported",
        ),
        (
            lambda: F.fold(tl.ones(4, 5), (3, 3), 2),
            ShapeError,
            "col2im: given output_size=(3, 3), kernel_size=(2, 2), dilation=(1, 1), padding=(0, 0), stride=(1, 1), "
            "expected size of input's dimension 2 to match the calculated number of sliding blocks 2 * 2 = 4, but got "
            "5",
        ),
    ],
)
def test_what_is_refused_in_full(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_a_nan_is_above_all_and_the_last_one_is_taken():
    x = tl.tensor([[[1.0, math.nan], [math.nan, math.inf]]])
    values, places = F.max_pool2d(x, 2, return_indices=True)
    assert math.isnan(values.item())
    assert places.item() == 2


def test_a_window_of_minus_infinity_points_at_its_first_element_inside():
    x = tl.full((1, 3, 3), -math.inf)
    values, places = F.max_pool2d(x, 2, 1, 1, return_indices=True)
    assert values.max().item() == -math.inf
    assert places[0].tolist() == [[0, 0, 1, 2], [0, 0, 1, 2], [3, 3, 4, 5], [6, 6, 7, 8]]


def test_unpooling_puts_back_what_pooling_took():
    values, places = F.max_pool2d(X, 2, return_indices=True)
    assert F.max_unpool2d(values, places, 2).sum().item() == values.sum().item()
    assert F.max_pool2d(F.max_unpool2d(values, places, 2), 2).tolist() == values.tolist()


def test_whole_means_round_toward_zero():
    x = tl.tensor([[[-3, -4], [0, 0]]])
    assert F.avg_pool2d(x, 2).item() == -1


def test_folding_counts_each_element_once_a_window():
    x = tl.ones(1, 1, 4, 4)
    assert F.fold(F.unfold(x, 2), (4, 4), 2)[0, 0].tolist() == [
        [1.0, 2.0, 2.0, 1.0],
        [2.0, 4.0, 4.0, 2.0],
        [2.0, 4.0, 4.0, 2.0],
        [1.0, 2.0, 2.0, 1.0],
    ]


def test_upsample_is_interpolate():
    x = X.unsqueeze(0)
    assert F.upsample(x, scale_factor=2).tolist() == F.interpolate(x, scale_factor=2).tolist()
