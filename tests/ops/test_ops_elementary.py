"""Functions of one element and activations: what the tables of the oracle do not say."""

import math
import subprocess
import sys

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.compile import compiled_log
from tensorlab.ops import families

FUNCTIONAL = families.table("FUNCTIONAL")

WARM = """
import sys
import tensorlab as tl
x = tl.tensor([0.25, 0.75], dtype=tl.float64)
results = [tl.sin(x), tl.lgamma(x), tl.erfinv(x), tl.atan2(x, x), tl.digamma(x), tl.polygamma(1, x), tl.cosh(x)]
print("numba" in sys.modules, [round(float(r[0]), 6) for r in results])
"""


def test_loops_that_call_the_c_library_link_without_numba():
    """The second process finds the machine code on disk; the names in it are looked up in the process itself."""
    runs = [subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True) for _ in range(2)]
    values = [0.247404, 1.288023, 0.225312, 0.785398, -4.227454, 17.197329, 1.031413]
    assert runs[1].stdout == f"False {values}\n"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: FUNCTIONAL["elu"](x), "elu: not implemented for 'Long'; takes a floating point dtype"),
        (lambda x: FUNCTIONAL["leaky_relu"](x, 0.5), "leaky_relu: not implemented for 'Long'"),
        (lambda x: FUNCTIONAL["glu"](x.float()), "glu: Halving dimension must be even, but dimension 0 is size 3"),
        (lambda x: FUNCTIONAL["glu"](x.float()[0]), "glu: glu does not support 0-dimensional tensors"),
        (lambda x: FUNCTIONAL["hardtanh"](x, 2, 1), "hardtanh: min_val cannot be greater than max_val, got 2 and 1"),
        (lambda x: FUNCTIONAL["hardtanh"](x > 1), "hardtanh: takes no bool tensor"),
        (lambda x: FUNCTIONAL["hardtanh"](x.byte()), "hardtanh: cannot do hardtanh on an unsigned type"),
        (lambda x: FUNCTIONAL["celu"](x.float(), 0), "celu: alpha cannot be 0 for CELU"),
        (
            lambda x: FUNCTIONAL["gelu"](x.float(), approximate="fast"),
            "approximate argument must be either none or tanh",
        ),
        (
            lambda x: FUNCTIONAL["softshrink"](x.float(), -1.0),
            "lambda must be greater or equal to 0, but found to be -1.0",
        ),
        (lambda x: tl.prelu(x.float(), tl.zeros(2)), "Found parameter numbers = 2 and channel size = 1"),
        (lambda x: tl.prelu(x.float(), tl.zeros(1).double()), "prelu: Type promoting not supported"),
        (lambda x: tl.logaddexp(x, x), "logaddexp: not implemented for 'Long'"),
        (lambda x: tl.polygamma(-1, x), r"polygamma: polygamma\(n, x\) does not support negative n, got -1"),
        (lambda x: tl.atan2(x, 1), "atan2: argument 'other' takes a Tensor, got int"),
        (lambda x: tl.sin(1.0), "sin: argument 'self' takes a Tensor, got float"),
        (lambda x: x.sin_(), "sin_: result type Float can't be cast to the desired output type Long"),
    ],
)
def test_refusals(make, message):
    x = tl.tensor([1, 2, 3])
    with pytest.raises(tl.TensorlabError, match=message):
        make(x)
    assert x.tolist() == [1, 2, 3]


def test_what_stands_in_the_tables_of_constants():
    """Values with names: zeta(2), zeta(3), Euler's constant."""
    x = tl.tensor([1.0], dtype=tl.float64)
    assert tl.polygamma(0, x).item() == pytest.approx(-0.5772156649015329, rel=1e-15)
    assert tl.polygamma(1, x).item() == pytest.approx(math.pi**2 / 6, rel=1e-14)
    assert tl.polygamma(2, x).item() == pytest.approx(-2 * 1.2020569031595942, rel=1e-14)
    assert tl.polygamma(1, -x / 2).item() == pytest.approx(math.pi**2 / 2 + 4, rel=1e-14)


def test_poles_of_polygamma_are_infinite_and_found_at_once():
    x = tl.tensor([0.0, -1.0, -1e30, -math.inf], dtype=tl.float64)
    assert tl.polygamma(1, x).tolist() == [math.inf] * 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erfinv_undoes_erf(dtype):
    near_one = 1 - 2.0 ** -np.linspace(1, 23, 200)
    x = np.concatenate([np.linspace(-0.999, 0.999, 400), near_one, 2.0 ** -np.linspace(1, 100, 100)]).astype(dtype)
    back = tl.erf(tl.erfinv(tl.from_numpy(x))).numpy()
    np.testing.assert_allclose(back, x, rtol=8 * np.finfo(dtype).eps)
    assert tl.erfinv(tl.tensor([1.0, -1.0])).tolist() == [math.inf, -math.inf]
    assert tl.erfinv(tl.tensor([1.5, -2.0])).isnan().tolist() == [True, True]


def test_gelu_has_a_loop_for_each_form_and_no_more():
    x = tl.tensor([-1.0, 0.0, 2.0])
    start = len(compiled_log)
    for form in ("none", "tanh", "none", "tanh"):
        FUNCTIONAL["gelu"](x, approximate=form)
    assert len(compiled_log) - start <= 2
    assert FUNCTIONAL["gelu"](x).tolist() != FUNCTIONAL["gelu"](x, "tanh").tolist()


def test_inplace_writes_over_the_argument():
    x = tl.tensor([-1.0, 0.5, 7.0])
    assert FUNCTIONAL["relu6"](x, inplace=True) is x
    assert x.tolist() == [0.0, 0.5, 6.0]
    assert FUNCTIONAL["threshold_"](x, 0.5, 9.0) is x
    assert x.tolist() == [9.0, 9.0, 6.0]


def test_numbers_beside_integers_lose_their_fraction():
    x = tl.tensor([-3, 0, 5])
    assert FUNCTIONAL["hardtanh"](x, -1.5, 2.5).tolist() == [-1, 0, 2]
    assert FUNCTIONAL["threshold"](x, 0.5, 9.9).tolist() == [9, 9, 5]
