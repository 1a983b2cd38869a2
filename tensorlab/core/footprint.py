"""Footprints: which bytes of a storage a strided tensor reaches, and whether two of them meet.

A footprint holds no tensor and no memory: it is arithmetic on offsets, so it can be kept, compared and drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

DEFAULT_WORK = 100_000


class Run(NamedTuple):
    """``repeats`` times everything inside, ``stride`` bytes apart."""

    repeats: int
    stride: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """Pieces of ``width`` contiguous bytes, the first at ``start``, repeated by nested runs, the outermost first.

    Units: bytes, counted from the start of the storage.

    ``width`` 0 means that no byte is reached: a tensor without elements. Strides are positive and fall from the
    outermost run to the innermost; a dimension that only repeats bytes or continues a piece has become part of it.
    """

    start: int
    runs: tuple[Run, ...]
    width: int

    @classmethod
    def of(cls, start: int, shape: Sequence[int], strides: Sequence[int], itemsize: int) -> Footprint:
        """The footprint of a layout whose first element is at byte ``start``, with strides in bytes of any sign."""
        if 0 in shape:
            return cls(start, (), 0)
        steps: list[Run] = []
        for count, stride in zip(shape, strides, strict=True):
            if count == 1 or stride == 0:
                continue
            if stride < 0:
                start += (count - 1) * stride
            steps.append(Run(count, abs(stride)))
        steps.sort(key=lambda run: run.stride)
        width = itemsize
        runs: list[Run] = []
        for run in steps:
            if not runs and run.stride <= width:
                width += (run.repeats - 1) * run.stride
            elif runs and _continues(runs[-1], run):
                steps_over = run.stride // runs[-1].stride
                runs[-1] = Run(runs[-1].repeats + (run.repeats - 1) * steps_over, runs[-1].stride)
            else:
                runs.append(run)
        return cls(start, tuple(reversed(runs)), width)

    @property
    def stop(self) -> int:
        """One past the last byte reached; ``start`` where there is none."""
        return self.start + self.width + sum((n - 1) * s for n, s in self.runs) if self.width else self.start

    @property
    def pieces(self) -> int:
        """How many pieces the runs make."""
        return math.prod(n for n, _ in self.runs) if self.width else 0

    @property
    def is_nested(self) -> bool:
        """Whether each run steps over all that is inside it, so that no two pieces share a byte."""
        extent = self.width
        for count, stride in reversed(self.runs):
            if stride < extent:
                return False
            extent += (count - 1) * stride
        return True

    @property
    def nbytes(self) -> int:
        """Bytes reached, each counted once; where runs interleave, at most this many."""
        return self.pieces * self.width if self.is_nested else min(self.pieces * self.width, self.stop - self.start)

    def nbytes_between(self, low: int, high: int) -> int:
        """Bytes reached from ``low`` up to, not with, ``high``: as exact as `nbytes`.

        Cost: a few divisions; where runs interleave, their bytes are taken to be spread evenly.
        """
        if not self.is_nested:
            part = max(0, min(high, self.stop) - max(low, self.start))
            return -(-part * self.nbytes // (self.stop - self.start))
        return self._below(high) - self._below(low)

    def _below(self, position: int) -> int:
        rest, pieces, inside = position - self.start, 0, self.pieces
        for repeats, stride in self.runs:
            inside //= repeats
            passed = min(max(rest, 0) // stride, repeats - 1)
            pieces += passed * inside
            rest -= passed * stride
        return pieces * self.width + min(max(rest, 0), self.width)

    def shifted(self, nbytes: int) -> Footprint:
        """The same pieces ``nbytes`` further on."""
        return Footprint(self.start + nbytes, self.runs, self.width)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Start and stop of every piece, the innermost run fastest.

        Cost: one tuple a piece; ask `pieces` first.
        """
        if self.width:
            yield from _spans(self.start, self.runs, self.width)

    def to_dict(self) -> dict[str, object]:
        return {"start": self.start, "runs": [list(run) for run in self.runs], "width": self.width}


def _continues(inner: Run, outer: Run) -> bool:
    """Whether repeating ``inner`` by ``outer`` gives one longer run of the same stride, with no gap in it."""
    return outer.stride % inner.stride == 0 and outer.stride <= inner.repeats * inner.stride


def _spans(start: int, runs: tuple[Run, ...], width: int) -> Iterator[tuple[int, int]]:
    if not runs:
        yield start, start + width
        return
    (count, stride), inside = runs[0], runs[1:]
    for i in range(count):
        yield from _spans(start + i * stride, inside, width)


def overlap(a: Footprint, b: Footprint, *, work: int = DEFAULT_WORK) -> bool | None:
    """Whether some byte is in both, decided exactly; `None` where ``work`` steps did not decide it.

    A byte in both is a solution in whole numbers of ``sum(stride_k * i_k) in [low, high]`` with each ``i_k`` in
    its range: the runs of ``a`` count up, those of ``b`` down, and the two widths make the interval.
    Cost: for layouts whose strides nest (slices, transposes, permutes) a few steps; the general problem is
    NP-hard, hence the bound.
    """
    if a.width == 0 or b.width == 0 or a.stop <= b.start or b.stop <= a.start:
        return False
    counts: dict[int, int] = {}
    for count, stride in (*a.runs, *b.runs):
        counts[stride] = counts.get(stride, 1) + count - 1
    # a.start + A + u = b.start + B + v with 0 <= u < a.width, 0 <= v < b.width; B counted down from its most.
    shift = sum((n - 1) * s for n, s in b.runs) + b.start - a.start
    terms = [Run(counts[stride], stride) for stride in sorted(counts, reverse=True)]
    return _Search(terms, work).reaches(shift - (a.width - 1), shift + (b.width - 1))


def repeats(shape: Sequence[int], strides: Sequence[int], *, work: int = DEFAULT_WORK) -> bool | None:
    """Whether two different index tuples name one element, decided exactly; `None` where ``work`` steps did not do it.

    Two that do differ by steps ``d_k``, not all 0, with ``sum(stride_k * d_k) = 0`` and each ``|d_k|`` less than its
    size. Of such steps and their opposites one begins with a step forward along the largest stride that it moves in.
    Cost: one look at each dimension where strides nest, as those of slices and transposes do; else a search.
    """
    if 0 in shape:
        return False
    runs = sorted((Run(n, abs(s)) for n, s in zip(shape, strides, strict=True) if n != 1), key=lambda run: -run.stride)
    reaches = [0]
    for count, stride in reversed(runs):
        reaches.append(reaches[-1] + (count - 1) * stride)
    reaches.reverse()
    if all(run.stride > reach for run, reach in zip(runs, reaches[1:], strict=True)):
        return False
    if any(run.stride == 0 for run in runs) or len({run.stride for run in runs}) < len(runs):
        return True
    undecided = False
    for k, (count, stride) in enumerate(runs):
        both_ways = [Run(2 * n - 1, s) for n, s in runs[k + 1 :]]
        search = _Search([Run(count - 1, stride), *both_ways], work)
        found = search.reaches(reaches[k + 1] - stride, reaches[k + 1] - stride)
        if found:
            return True
        undecided = undecided or found is None
    return None if undecided else False


class _Search:
    """Depth-first search for a sum of bounded multiples in an interval, largest stride first."""

    __slots__ = ("_divisors", "_terms", "_tops", "_work")

    def __init__(self, terms: Sequence[Run], work: int) -> None:
        self._terms = terms
        self._work = work
        # From term k on: the largest sum, and what every sum is a multiple of.
        self._tops = [sum((n - 1) * s for n, s in terms[k:]) for k in range(len(terms) + 1)]
        self._divisors = [math.gcd(*(s for _, s in terms[k:])) for k in range(len(terms) + 1)]

    def reaches(self, low: int, high: int) -> bool | None:
        return self._from(0, low, high)

    def _from(self, k: int, low: int, high: int) -> bool | None:
        low, high = max(low, 0), min(high, self._tops[k])
        if low > high:
            return False
        if k == len(self._terms):
            return True
        if not _has_multiple(low, high, self._divisors[k]):
            return False
        if k == len(self._terms) - 1:
            return True  # one term left: the multiple found is a count within its range
        count, stride = self._terms[k]
        undecided = False
        for i in range(max(0, -((self._tops[k + 1] - low) // stride)), min(high // stride, count - 1) + 1):
            self._work -= 1
            if self._work < 0:
                return None
            found = self._from(k + 1, low - i * stride, high - i * stride)
            if found:
                return True
            undecided = undecided or found is None
        return None if undecided else False


def _has_multiple(low: int, high: int, divisor: int) -> bool:
    return -(-low // divisor) * divisor <= high
