"""Printing: golden texts, options, and agreement with torch to the letter."""

import math
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tensorlab.core import dtype as dtypes
from tensorlab.core import format as formatting
from tensorlab.core.format import PrintOptions, format_tensor, get_printoptions, set_printoptions
from tensorlab.errors import RangeError

NAN, INF = math.nan, math.inf
DTYPES = [d.name for d in dtypes.DTYPES]


@pytest.fixture(autouse=True)
def default_options():
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def text(values, dtype="float32", **extras):
    return format_tensor(np.array(values, dtype=dtype), dtype_name=dtype, **extras)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (1.5, "float32", "tensor(1.5000)"),
        (-0.0, "float32", "tensor(-0.)"),
        (True, "bool", "tensor(True)"),
        (7, "uint8", "tensor(7, dtype=tensorlab.uint8)"),
        (0.1, "float16", "tensor(0.1000, dtype=tensorlab.float16)"),
        ([65504, 1], "float16", "tensor([6.5504e+04, 1.0000e+00], dtype=tensorlab.float16)"),
        ([0.1, 3], "bfloat16", "tensor([0.1001, 3.0000], dtype=tensorlab.bfloat16)"),
        ([-128, 127], "int8", "tensor([-128,  127], dtype=tensorlab.int8)"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([1, -100], "int64", "tensor([   1, -100])"),
        ([1, -100], "int32", "tensor([   1, -100], dtype=tensorlab.int32)"),
        ([1.0, 2.0], "float32", "tensor([1., 2.])"),
        ([1.0, 1000.0], "float32", "tensor([   1., 1000.])"),
        ([1.0, 10000.0], "float32", "tensor([1.0000e+00, 1.0000e+04])"),
        ([1e9, 1e9], "float64", "tensor([1.0000e+09, 1.0000e+09], dtype=tensorlab.float64)"),
        ([0.0001, 0.1], "float64", "tensor([0.0001, 0.1000], dtype=tensorlab.float64)"),
        ([0.00009, 0.01], "float64", "tensor([9.0000e-05, 1.0000e-02], dtype=tensorlab.float64)"),
        ([0.1, 100.5], "float32", "tensor([1.0000e-01, 1.0050e+02])"),
        ([0.0002, 0.1], "float32", "tensor([0.0002, 0.1000])"),
        ([1e-5], "float32", "tensor([1.0000e-05])"),
        ([1.5, NAN, -INF], "float32", "tensor([1.5000,    nan,   -inf])"),
        ([0.0, NAN, -INF], "float32", "tensor([0., nan, -inf])"),
        ([1e100, 1e-100], "float64", "tensor([1.0000e+100, 1.0000e-100], dtype=tensorlab.float64)"),
    ],
)
def test_values(values, dtype, expected):
    assert text(values, dtype) == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((0,), "float32", "tensor([])"),
        ((0,), "float64", "tensor([], dtype=tensorlab.float64)"),
        ((0,), "int64", "tensor([], dtype=tensorlab.int64)"),
        ((0, 3), "float32", "tensor([], size=(0, 3))"),
        ((2, 0), "bool", "tensor([], size=(2, 0), dtype=tensorlab.bool)"),
    ],
)
def test_without_elements(shape, dtype, expected):
    assert format_tensor(np.zeros(shape, dtype), dtype_name=dtype) == expected


def test_matrices_stand_in_columns_and_blocks_apart():
    expected = """\
        tensor([[[ 0,  1],
                 [ 2,  3]],

                [[ 4,  5],
                 [ 6, 10]]])"""
    assert text([[[0, 1], [2, 3]], [[4, 5], [6, 10]]], "int64") == dedent(expected)


def test_long_rows_break_at_the_line_width():
    expected = """\
        tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,
                14., 15., 16., 17.])"""
    assert text(np.arange(18)) == dedent(expected)


def test_summary_shows_the_ends_of_each_long_dimension():
    expected = """\
        tensor([[   0,    1,    2,  ...,  497,  498,  499],
                [ 500,  501,  502,  ...,  997,  998,  999],
                [1000, 1001, 1002,  ..., 1497, 1498, 1499]])"""
    assert text(np.arange(1500).reshape(3, 500), "int64") == dedent(expected)
    expected = """\
        tensor([[0., 0.],
                [0., 0.],
                [0., 0.],
                ...,
                [0., 0.],
                [0., 0.],
                [0., 0.]])"""
    assert text(np.zeros((501, 2))) == dedent(expected)


def test_a_thousand_elements_are_printed_whole_and_one_more_is_not():
    assert "..." not in text(np.zeros(1000))
    assert text(np.zeros(1001)) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_only_shown_elements_decide_the_format():
    values = np.zeros(2000)
    values[1000] = 1e30
    assert text(values) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_a_summary_reads_no_hidden_element():
    """A trillion elements that share one number: to read them all would not end."""
    wide = np.broadcast_to(np.float32(1.5), (10**6, 10**6))
    row = "[1.5000, 1.5000, 1.5000,  ..., 1.5000, 1.5000, 1.5000]"
    gap = ",\n        "
    expected = "tensor([" + gap.join([row, row, row, "...", row, row, row]) + "])"
    assert format_tensor(wide, dtype_name="float32") == expected


def test_suffixes_come_in_torchs_order():
    got = text([1.0], "float64", device="cuda:0", requires_grad=True)
    assert got == "tensor([1.], device='cuda:0', dtype=tensorlab.float64, requires_grad=True)"
    assert text([1.0], requires_grad=True, grad_fn="MulBackward0") == "tensor([1.], grad_fn=<MulBackward0>)"


def test_suffix_without_room_gets_its_own_line():
    expected = """\
        tensor([1.1000, 1.1000, 1.1000, 1.1000, 1.1000, 1.1000],
               dtype=tensorlab.float64)"""
    assert text([1.1] * 6, "float64", options=PrintOptions(linewidth=60)) == dedent(expected)


def test_strided_and_reversed_arrays():
    base = np.arange(6, dtype=np.int64).reshape(2, 3)
    assert format_tensor(base.T[::-1], dtype_name="int64") == text([[2, 5], [1, 4], [0, 3]], "int64")


def test_set_printoptions_holds_until_changed():
    set_printoptions(precision=2, linewidth=20)
    assert text([1.0 / 3, 1.0]) == "tensor([0.33, 1.00])"
    set_printoptions(sci_mode=True)
    assert get_printoptions() == PrintOptions(precision=2, linewidth=20, sci_mode=True)
    assert text([1.5]) == "tensor([1.50e+00])"
    set_printoptions(edgeitems=1, threshold=2)
    assert get_printoptions() == PrintOptions(precision=2, threshold=2, edgeitems=1, linewidth=20)
    assert text([1, 2, 3], "int64") == "tensor([1,  ..., 3])"


def test_profiles():
    set_printoptions(profile="short")
    assert text(np.zeros(2000)) == "tensor([0., 0.,  ..., 0., 0.])"
    set_printoptions(profile="full", linewidth=60)
    assert get_printoptions() == PrintOptions(threshold=INF, linewidth=60)
    assert text(np.zeros(2000)).count("0.") == 2000


def test_sci_mode_can_be_forbidden():
    assert text([1e-10, 1.0], options=PrintOptions(sci_mode=False)) == "tensor([0.0000, 1.0000])"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": -1}, "set_printoptions: got precision=-1; takes an integer of at least 0"),
        ({"precision": 2.5}, "set_printoptions: got precision=2.5; takes an integer of at least 0"),
        ({"edgeitems": -1}, "set_printoptions: got edgeitems=-1; takes an integer of at least 0"),
        ({"linewidth": 0}, "set_printoptions: got linewidth=0; takes an integer of at least 1"),
        ({"threshold": NAN}, "set_printoptions: got threshold=nan; takes a number of at least 0"),
        ({"threshold": "all"}, "set_printoptions: got threshold='all'; takes a number of at least 0"),
        ({"profile": "long"}, "set_printoptions: got profile='long'; takes one of 'default', 'short', 'full'"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(RangeError) as caught:
        set_printoptions(**options)
    assert str(caught.value) == message
    assert get_printoptions() == PrintOptions()


def floats(dtype):
    width = 64 if dtype == "float64" else 32
    near = st.floats(min_value=-1000, max_value=1000, width=width)
    whole = st.integers(-(10**6), 10**6).map(float)
    return near | whole | st.floats(width=width) | st.sampled_from([0.0, -0.0, NAN, INF, -INF, 1.0])


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    half = dtype if dtype in ("float16", "bfloat16") else None
    elements = floats(dtype) if "float" in dtype else None
    array = draw(hnp.arrays("float32" if half else dtype, shape, elements=elements))
    if half:
        with np.errstate(all="ignore"):
            array = array.astype(half)
    steps = draw(st.sampled_from([1, 2, -1]))
    return array[(slice(None, None, steps),) * array.ndim].T


OPTIONS = st.builds(
    PrintOptions,
    precision=st.integers(0, 8),
    threshold=st.integers(0, 100),
    edgeitems=st.integers(0, 4),
    linewidth=st.integers(1, 120),
    sci_mode=st.sampled_from([None, True, False]),
)


@pytest.fixture
def torch(monkeypatch):
    """PyTorch, with its name in our texts, so that lines break in the same places; its options are put back."""
    module = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
    monkeypatch.setattr(formatting, "_PACKAGE", "torch")
    yield module
    module.set_printoptions(profile="default")


@pytest.mark.torch
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=arrays(), options=st.just(PrintOptions()) | OPTIONS, requires_grad=st.booleans(), made=st.booleans())
def test_agrees_with_torch(torch, array, options, requires_grad, made):
    names = PrintOptions.__slots__
    torch.set_printoptions(**{name: getattr(options, name) for name in names})
    wide = array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    theirs = torch.from_numpy(np.array(wide, order="C")).to(getattr(torch, array.dtype.name))
    extras = {}
    if requires_grad and "float" in array.dtype.name:
        theirs.requires_grad_()
        theirs = theirs.neg() if made else theirs
        array = -array if made else array
        extras = {"requires_grad": True, "grad_fn": "NegBackward0" if made else None}
    assert format_tensor(array, dtype_name=array.dtype.name, options=options, **extras) == repr(theirs)


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(1001,), (40, 50), (2, 3, 200), (8, 9, 7, 2), (1200, 1), (7, 143), (5, 1, 201)])
def test_summaries_agree_with_torch(torch, shape):
    array = np.random.default_rng(3).normal(size=shape) * 50
    array.flat[:7] = [NAN, 0.0, -0.0, INF, 1e-3, 5.0, -7.25]
    for options in (PrintOptions(), PrintOptions(precision=2, edgeitems=2), PrintOptions(edgeitems=5, linewidth=50)):
        torch.set_printoptions(**{name: getattr(options, name) for name in PrintOptions.__slots__})
        got = format_tensor(array, dtype_name="float64", options=options)
        assert got == repr(torch.from_numpy(array))


@pytest.mark.torch
@pytest.mark.parametrize(
    "calls",
    [
        [{"profile": "short"}],
        [{"precision": 7}, {"linewidth": 50}],
        [{"sci_mode": True}, {"precision": 3}],
        [{"profile": "full", "edgeitems": 1}, {"threshold": 10}],
        [{"linewidth": 40, "edgeitems": 1}, {"profile": "short", "precision": 5}],
    ],
)
def test_set_printoptions_agrees_with_torch(torch, calls):
    torch.set_printoptions(profile="default")
    array = np.linspace(0.0, 10.0, 1100)
    for options in calls:
        torch.set_printoptions(**options)
        set_printoptions(**options)
        assert format_tensor(array, dtype_name="float64") == repr(torch.from_numpy(array))


def test_the_default_dtype_is_not_named(monkeypatch):
    monkeypatch.setitem(dtypes._NUMBER_DTYPE, dtypes.Category.FLOAT, dtypes.float64)
    assert text([1.5], "float64") == "tensor([1.5000])"
    assert text([1.5], "float32") == "tensor([1.5000], dtype=tensorlab.float32)"
    assert text([], "float64") == "tensor([])"
    assert text([], "float32") == "tensor([], dtype=tensorlab.float32)"
