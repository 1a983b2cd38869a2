"""assert_close says what torch's says, of the same pairs."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, MismatchError

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
pytestmark = pytest.mark.torch

PAIRS = [
    lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.0 + 1e-6])),
    lambda t: (t.tensor([1.0, 2.0, 3.0]), t.tensor([1.0, 2.5, 3.0])),
    lambda t: (t.tensor([1, 2]), t.tensor([1, 4])),
    lambda t: (t.tensor([[1.0, 2.0]], dtype=t.float64), t.tensor([[1.0, 2.00001]], dtype=t.float64)),
    lambda t: (t.tensor([1.0], dtype=t.float16), t.tensor([1.0009], dtype=t.float16)),
    lambda t: (t.tensor(1.0), t.tensor(2.0)),
    lambda t: (t.ones(2), t.ones(3)),
    lambda t: (t.ones(2), t.ones(2, dtype=t.float64)),
    lambda t: (t.tensor([float("nan")]), t.tensor([float("nan")])),
    lambda t: (t.tensor([float("inf"), 1.0]), t.tensor([float("inf"), 1.0])),
    lambda t: ([t.ones(2), t.zeros(2)], [t.ones(2), t.ones(2)]),
    lambda t: ((1.0, 2), (1.0, 2)),
    lambda t: (1.0, 1.5),
    lambda t: (t.tensor([True, False]), t.tensor([True, True])),
]


def said(library, pair, **options):
    try:
        library.testing.assert_close(*pair(library), **options)
    except AssertionError as error:
        return str(error).replace("tensorlab", "torch")
    return None


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("options", [{}, {"equal_nan": True}, {"rtol": 0.3, "atol": 0.1}])
def test_what_is_said_is_what_torch_says(pair, options):
    wanted, found = said(torch, pair, **options), said(tl, pair, **options)
    assert (found is None) == (wanted is None)
    if wanted is not None:
        assert found.splitlines()[:4] == wanted.splitlines()[:4]
        assert found.splitlines()[-1] == wanted.splitlines()[-1]


def test_mappings_lengths_and_messages():
    with pytest.raises(MismatchError, match=r"The keys of the mappings do not match: \['a'\] and \['b'\]"):
        tl.testing.assert_close({"a": tl.ones(1)}, {"b": tl.ones(1)})
    with pytest.raises(MismatchError, match="The failure occurred for item \\['a'\\]"):
        tl.testing.assert_close({"a": tl.ones(1)}, {"a": tl.zeros(1)})
    with pytest.raises(MismatchError, match="The length of the sequences mismatch: 1 != 2"):
        tl.testing.assert_close([tl.ones(1)], [tl.ones(1)] * 2)
    with pytest.raises(MismatchError, match=r"^the text$"):
        tl.testing.assert_close(tl.ones(1), tl.zeros(1), msg="the text")
    with pytest.raises(MismatchError, match=r"^before: Tensor-likes"):
        tl.testing.assert_close(tl.ones(1), tl.zeros(1), msg=lambda text: f"before: {text}")
    with pytest.raises(ArgumentError, match="rtol and atol together"):
        tl.testing.assert_close(tl.ones(1), tl.zeros(1), rtol=1.0)
    with pytest.raises(MismatchError, match=r"attribute 'stride\(\)' do not match: \(1, 2\) != \(2, 1\)"):
        tl.testing.assert_close(tl.ones(2, 2).t(), tl.ones(2, 2), check_stride=True)
    tl.testing.assert_close(np.ones(2, np.float32), tl.ones(2))


def test_names_beside_the_operations():
    for library in (tl, torch):
        t = library.tensor([1.0, 2.0])
        assert library.typename(t).partition(".")[2] == "FloatTensor"
        assert library.typename(3) == "int"
        assert (t.is_cuda, t.is_cpu, t.is_sparse, t.is_quantized) == (False, True, False, False)
        assert t.apply_(lambda v: v * 2).tolist() == [2.0, 4.0]
        assert library.is_nonzero(library.tensor([2])) is True
        with pytest.raises((RuntimeError, ValueError), match="more than one value is ambiguous"):
            library.is_nonzero(t)
        assert library.get_num_threads() >= 1
        assert library.trapz(t).item() == 3.0
        assert library.row_stack((t, t)).shape == (2, 2)
        assert library.asarray([1, 2]).dtype is library.int64
