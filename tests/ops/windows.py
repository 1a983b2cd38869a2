"""Hypothesis strategies for arrays that lie in memory in every way that a tensor may."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

STEPS = (1, 1, 1, 2, -1, -2)


@st.composite
def windows(draw, shape=None, dtype="float32", *, steps=STEPS, expanded=True):
    """An array over part of a larger buffer: permuted, with steps of any sign, offset, repeated along dimensions."""
    shape = draw(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)) if shape is None else shape
    order = draw(st.permutations(range(len(shape))))
    own = [1 if expanded and n > 1 and draw(st.integers(0, 5)) == 0 else n for n in shape]
    chosen = [draw(st.sampled_from(steps)) for _ in shape]
    offset = draw(st.integers(0, 2))
    sizes = [own[d] * abs(chosen[d]) for d in order]
    buffer = np.arange(np.prod(sizes, dtype=int) + offset + 1)
    values = (buffer * 7919 % 101 - 40) / 4 if np.dtype(dtype).kind == "f" else buffer * 7919 % 101
    base = values.astype(dtype)[offset:][: np.prod(sizes, dtype=int)].reshape(sizes)
    view = base[(Ellipsis, *(slice(None, None, chosen[d]) for d in order))]  # an array even without dimensions
    return (
        np.broadcast_to(view.transpose(np.argsort(order)), shape)
        if own != list(shape)
        else view.transpose(np.argsort(order))
    )


@st.composite
def pairs(draw, dtype="float32", *, steps=STEPS):
    """Two arrays whose shapes broadcast."""
    shapes = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3)).input_shapes
    return tuple(draw(windows(shape, dtype, steps=steps)) for shape in shapes)


def positive(steps=STEPS):
    """The steps that torch takes."""
    return tuple(s for s in steps if s > 0)
