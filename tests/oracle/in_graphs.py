"""What a call does, seen from outside, and graphs that are read back: shared by the tests of graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import tensorlab as tl
from oracle.case import Call
from oracle.compare import ours, to_array
from oracle.test_types import memory, tensors_in
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

Seen = list[tuple[np.ndarray, Any, list[int], list[int]]]


def seen(result: Any, inputs: Sequence[tl.Tensor]) -> Seen:
    """All that a caller sees: values, dtypes and strides of results and inputs, and which of them share memory."""
    tensors = [*tensors_in(result), *inputs]
    places = [memory(t) for t in tensors]
    return [
        (
            to_array(t).copy(),
            t.dtype,
            [s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1 and t.numel()],
            [i for i in range(j) if places[i] == places[j] and places[i]],
        )
        for j, t in enumerate(tensors)
    ]


def alike(got: Seen, wanted: Seen, *, fused: bool = False) -> None:
    """Bit for bit; in a fused loop a product and a sum may be rounded once instead of twice."""
    assert len(got) == len(wanted)
    for (a, *form), (b, *other) in zip(got, wanted, strict=True):
        assert form == other
        if fused and a.dtype.kind == "f":
            largest = np.abs(b[np.isfinite(b)]).max(initial=1.0)
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * largest)
        else:
            np.testing.assert_array_equal(a, b)


class Made:
    """The arguments of a call, made anew for each run: ``tensors`` are the graph's inputs, ``call`` puts them back."""

    def __init__(self, found: Call) -> None:
        self.found = found

    @property
    def tensors(self) -> list[tl.Tensor]:
        return list(_leaves([ours(list(self.found.args)), {k: ours(v) for k, v in self.found.kwargs.items()}]))

    def call(self, function: Callable[..., Any], tensors: Sequence[tl.Tensor]) -> Any:
        rest = iter(tensors)
        args, kwargs = _filled([list(self.found.args), self.found.kwargs], rest)
        return function(*args, **kwargs)

    def same_form(self, other: Made) -> bool:
        """Whether the other call has tensors of the same shapes, and else the same arguments."""
        pairs = ([(t.shape, t.dtype) for t in made.tensors] for made in (self, other))
        rests = (repr(_filled([list(m.found.args), m.found.kwargs], iter([None] * 99))) for m in (self, other))
        return len({repr(p) for p in pairs}) == len(set(rests)) == 1


def _leaves(value: Any) -> Iterator[tl.Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, tl.Tensor):
        yield value


def _filled(value: Any, tensors: Iterator[Any]) -> Any:
    if isinstance(value, np.ndarray):
        return next(tensors)
    if isinstance(value, dict):
        return {k: _filled(v, tensors) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)([_filled(v, tensors) for v in value])
    return value


def reads_back(graph: Graph) -> None:
    verify(graph)
    text = format_graph(graph, elide=False)
    again = parse_graph(text)
    verify(again)
    assert format_graph(again, elide=False) == text
