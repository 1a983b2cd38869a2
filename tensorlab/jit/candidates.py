"""Inputs to try on a traced function: other signs, scales, zeros, sizes and odd values, all made from the examples.

Arrays stand for the tensors of a call, in order. Everything is worked out from the seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, cast

import numpy as np

Array = np.ndarray[Any, Any]
Arrays = list[Array]

_SIZES = (1, 2, 3)  # besides one more, twice as many, and none
_LARGEST = 1 << 20  # elements of a candidate
_SINGLY = 16  # elements of an array that are made zero one by one


def _first(value: float) -> Callable[[Array], Array]:
    """The array with another first element."""

    def changed(a: Array) -> Array:
        made = a.copy()
        made.reshape(-1)[:1] = value
        return made

    return changed


def _alternating(a: Array) -> Array:
    made = np.abs(a)
    odd = made.reshape(-1)[1::2]
    np.negative(odd, out=odd)
    return made


_FLOATS: dict[str, Callable[[Array], Array]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "other signs": np.negative,
    "ten times as large": lambda a: a * a.dtype.type(10),
    "a tenth as large": lambda a: a * a.dtype.type(0.1),
    "two more": lambda a: a + a.dtype.type(2),
    "two less": lambda a: a - a.dtype.type(2),
    "a thousand times as large": lambda a: a * a.dtype.type(1000),
    "alternating signs": _alternating,
    "a NaN": _first(float("nan")),
    "an infinity": _first(float("inf")),
}
_INTS: dict[str, Callable[[Array], Array]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "one more": lambda a: a + a.dtype.type(1),
    "other signs": lambda a: np.negative(a) if a.dtype.kind == "i" else a,
    "a hundred more": lambda a: a + a.dtype.type(100),
}
_BOOLS: dict[str, Callable[[Array], Array]] = {
    "the opposite": np.logical_not,
    "all False": np.zeros_like,
    "all True": np.ones_like,
}


def candidates(examples: Sequence[Array], seed: int, bounds: Sequence[float] = ()) -> Iterator[tuple[str, Arrays]]:
    """Arguments to try, without end: the plain ones first, then chance's, of other sizes too. Each says what it is.

    ``bounds`` are numbers that tensors are compared with: values on both sides of each are tried.
    """
    generator = np.random.default_rng(seed)
    yield from _of_values(examples)
    yield from _of_sizes(examples)
    yield from _of_bounds(examples, bounds)
    for turn in count():
        arrays = list(examples)
        if turn % 2:
            arrays = _resized(arrays, {n: int(generator.integers(1, 6)) for n in _sizes(arrays)})
        yield f"random, number {turn + 1}", [_random(a, generator) for a in arrays]


def _changes(a: Array) -> dict[str, Callable[[Array], Array]]:
    return {"b": _BOOLS, "i": _INTS, "u": _INTS}.get(a.dtype.kind, _FLOATS)


def _of_values(examples: Sequence[Array]) -> Iterator[tuple[str, Arrays]]:
    for word in dict.fromkeys(w for a in examples for w in _changes(a)):
        yield word, [_changes(a)[word](a) if word in _changes(a) else a for a in examples]
    if len(examples) < 2:
        return
    for place, array in enumerate(examples):
        for word, change in _changes(array).items():
            yield f"{word} in input {place}", [change(a) if i == place else a for i, a in enumerate(examples)]


def _of_sizes(examples: Sequence[Array]) -> Iterator[tuple[str, Arrays]]:
    """Other sizes: wherever a size stands at once, since equal ones may have to stay equal, then place by place."""
    for n in _sizes(examples):
        for other in dict.fromkeys((n + 1, 2 * n, *_SIZES, 0)):
            if other != n:
                yield f"size {other} for {n}", _resized(examples, {n: other})
    for place, array in enumerate(examples):
        for dim, n in enumerate(array.shape):
            shape = (*array.shape[:dim], n + 1, *array.shape[dim + 1 :])
            yield (
                f"size {n + 1} for {n} in input {place}",
                [np.resize(a, shape) if i == place else a for i, a in enumerate(examples)],
            )


def _of_bounds(examples: Sequence[Array], bounds: Sequence[float]) -> Iterator[tuple[str, Arrays]]:
    """Numbers at a bound and on both sides; shared out, where a sum is what is compared."""
    for bound in bounds:
        for value in (bound, bound + 1, bound - 1):
            yield f"all {value:g}", [_filled(a, value) for a in examples]
        yield f"{bound:g} in all", [_filled(a, bound / max(1, a.size)) for a in examples]


def _filled(a: Array, value: float) -> Array:
    if a.dtype.kind in "biu":
        kept = value == int(value) and (a.dtype.kind == "i" or 0 <= value < 128)
        return np.full_like(a, int(value)) if kept else a
    return np.full_like(a, value)


def _sizes(arrays: Sequence[Array]) -> list[int]:
    return list(dict.fromkeys(n for a in arrays for n in a.shape))


def _resized(arrays: Sequence[Array], sizes: dict[int, int]) -> Arrays:
    """The arrays with other sizes, their elements repeated; those that would become huge stay."""
    shapes: list[tuple[int, ...]] = [tuple(sizes.get(int(n), int(n)) for n in a.shape) for a in arrays]
    return [np.resize(a, s) if math.prod(s) <= _LARGEST else a for a, s in zip(arrays, shapes, strict=True)]


def _random(a: Array, generator: np.random.Generator) -> Array:
    match a.dtype.kind:
        case "b":
            return cast("Array", generator.random(size=a.shape)) > 0.5
        case "i" | "u":
            low, high = (int(a.min()), int(a.max())) if a.size else (0, 1)
            low = min(low, 0) if a.dtype.kind == "i" else 0
            drawn = cast("Array", generator.integers(low - (a.dtype.kind == "i"), high + 2, size=a.shape))
            return drawn.astype(a.dtype)
        case _:
            scale = 10.0 ** generator.integers(-2, 4)
            normal = cast("Array", generator.standard_normal(size=a.shape))
            return (normal * scale).astype(a.dtype)


def simpler(arrays: Sequence[Array], examples: Sequence[Array]) -> Iterator[Arrays]:
    """Arguments that are easier to read than these: like the example's, smaller, of fewer and rounder values."""
    for place, (array, example) in enumerate(zip(arrays, examples, strict=True)):
        if not same(array, example):
            yield _put(arrays, place, example)
    for n in _sizes(arrays):
        for fewer in [m for m in (0, 1, 2, n // 2) if m < n]:
            yield [a[tuple(slice(fewer) if m == n else slice(None) for m in a.shape)] for a in arrays]
            yield [a[tuple(slice(n - fewer, n) if m == n else slice(None) for m in a.shape)] for a in arrays]
    for place, array in enumerate(arrays):
        for changed in _plainer(array):
            yield _put(arrays, place, changed)


def _plainer(a: Array) -> Iterator[Array]:
    """The array with fewer and rounder values."""
    if not a.size:
        return
    ends = (a.reshape(-1)[0], a.max(), a.min())
    for value in (0, 1, *ends):
        yield np.full_like(a, value)
    if a.dtype.kind not in "biu":
        for digits in (0, 1):
            for value in ends:
                yield np.full_like(a, np.round(float(value), digits))
            yield np.round(a, digits)
    for place in range(a.size if a.size <= _SINGLY else 0):
        made = a.copy()
        made.reshape(-1)[place] = 0
        yield made


def weight(arrays: Sequence[Array], examples: Sequence[Array]) -> tuple[int, int, int, int]:
    """How hard arguments are to read: changed ones, elements, different values, digits."""
    changed = sum(not same(a, b) for a, b in zip(arrays, examples, strict=True))
    different = sum(len(np.unique(a)) for a in arrays)
    digits = sum(len(f"{value:g}") for a in arrays for value in np.unique(a)[:64].astype(float))
    return changed, sum(a.size for a in arrays), different, digits


def same(a: Array, b: Array) -> bool:
    """Whether two arrays are equal, NaN to NaN."""
    return a.dtype == b.dtype and bool(np.array_equal(a, b, equal_nan=a.dtype.kind not in "biu"))


def _put(arrays: Sequence[Array], place: int, array: Array) -> Arrays:
    return [array if i == place else a for i, a in enumerate(arrays)]
