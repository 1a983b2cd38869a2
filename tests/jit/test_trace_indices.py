"""Traces of tensors and masks as indices: recorded, printed, parsed, run, and run again on other masks."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

X = tl.arange(24).view(2, 3, 4).float()
AT = tl.tensor([1, 0, 1])


def written(x, at):
    y = x.clone()
    y[:, at] = 5.0
    return y


def added(x, mask):
    y = x * 1
    y[mask] += 1
    return y


FUNCTIONS = {
    "one": (lambda x, at: x[at] * 2, AT),
    "second": (lambda x, at: x[:, at] + 1, AT),
    "apart": (lambda x, at: x[[0, 1], :, at[:2]].exp(), AT),
    "mask": (lambda x, mask: (x[mask] * 2 + 1).exp(), X > 10),
    "written": (written, AT),
    "added": (added, X > 10),
    "gather": (lambda x, at: x.gather(1, at.view(1, 3, 1)), AT),
    "index_add": (lambda x, at: x.index_add(1, at, x), AT),
}


@pytest.mark.parametrize(("function", "index"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_trace_gives_what_the_function_gives(function, index):
    traced = tl.jit.trace(function, (X, index))
    text = format_graph(traced.graph)
    verify(traced.graph)
    assert format_graph(parse_graph(text)) == text
    for x in (X, X + 1):
        np.testing.assert_array_equal(traced(x, index).numpy(), function(x, index).numpy())


@pytest.mark.parametrize("name", ["mask", "added"])
def test_a_trace_takes_a_mask_with_more_or_fewer_set(name):
    function, mask = FUNCTIONS[name]
    traced = tl.jit.trace(function, (X, mask))
    for other in (X > 3, X > 100, X > -1):
        np.testing.assert_array_equal(traced(X, other).numpy(), function(X, other).numpy())


def test_dimensions_without_an_index_are_none_in_the_list():
    traced = tl.jit.trace(lambda x, at: x[:, at], (X, AT))
    assert "Tensor?[] = prim::ListConstruct" in format_graph(traced.graph)
