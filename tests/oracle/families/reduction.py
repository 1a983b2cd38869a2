"""Reductions, scans and softmax."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from oracle.case import Call, Case, Maker, call, rough

FOUR = ("float32", "float64", "int64", "bool")
FIVE = (*FOUR, "uint8", "bfloat16")
THREE = ("float32", "float64", "float16")


def over(*, lists: bool = True, distinct: bool = False, keep: bool = True, whole: bool = True) -> Any:
    """Calls of a reduction: whole, along each dimension, over several, with them kept, of nothing."""

    def samples(m: Maker) -> Iterator[Call]:
        def a(*shape: int) -> np.ndarray:
            return m(*shape, distinct=distinct)

        if whole:
            yield call(a(4, 5))
            yield call(a())
            yield call(a(17))
        yield call(a(2, 3, 4), 1)
        yield call(a(2, 3, 4), -1)
        yield call(a(2, 3, 4), 0)
        yield call(a(3, 70), 0)
        yield call(a(300, 2), 0)
        yield call(a(), 0)
        if keep:
            yield call(a(2, 3, 4), 1, True)
            yield call(a(5), -1, keepdim=True)
        yield call(a(0, 3), 1)
        yield call(a(3, 0), 0)
        yield call(a(3, 0), 1)
        if lists:
            yield call(a(2, 3, 4), (0, 2))
            yield call(a(2, 3, 4), dim=[-1, 0], keepdim=True)
            yield call(a(2, 3, 4), ())

    return samples


def refusals(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 2)
    yield call(m(2, 3), -3)
    yield call(m(), 1)


def list_refusals(m: Maker) -> Iterator[Call]:
    yield from refusals(m)
    yield call(m(2, 3), (0, 0))
    yield call(m(2, 3), (0, 5))


def of_nothing(m: Maker) -> Iterator[Call]:
    yield from refusals(m)
    yield call(m(0))
    yield call(m(3, 0), 1)


def with_dtypes(samples: Callable[[Maker], Iterator[Call]]) -> Any:
    """And with a dtype for the result."""

    def more(m: Maker) -> Iterator[Call]:
        import tensorlab as tl

        yield from samples(m)
        yield call(m(3, 4), 0, dtype=tl.float64)
        yield rough(m(3, 4), 1, dtype=tl.float32)

    return more


def ties(m: Maker) -> Iterator[Call]:
    yield from over(distinct=True)(m)
    yield rough(np.array([[1, 3, 3], [2, 2, 2]]).astype(m(1).dtype), 1)


def zeros(samples: Callable[[Maker], Iterator[Call]]) -> Any:
    """And with zeros among the elements: none, one, two."""

    def more(m: Maker) -> Iterator[Call]:
        yield from samples(m)
        a = m(4, 4, low=1)
        a = np.array(a)
        a[0, 1] = a[2, 2] = a[2, 3] = a[3, 0] = 0
        yield call(a, 1)

    return more


def spreads(m: Maker) -> Iterator[Call]:
    for found in over()(m):
        if found.args[0].size < 2:  # which has no variance
            yield rough(*found.args, **found.kwargs)
        elif m.dtype != "float64" or found.args[1:] != ((),):  # there torch divides by the freedom of one element
            yield found
    for correction in (2, 4, 5):  # as much as there is, and more
        yield rough(m(2, 2), correction=correction)
        yield rough(m(2, 2), 1, correction=correction)
    yield call(m(3, 4), 1, False)
    yield call(m(3, 4), False)
    yield call(m(3, 4), (0, 1), True, True)
    yield call(m(3, 4), 1, correction=0)
    yield call(m(3, 4), 1, correction=2, keepdim=True)
    yield call(m(3, 4), correction=1.5)


def spread_refusals(m: Maker) -> Iterator[Call]:
    yield from list_refusals(m)
    yield call(m(3, dtype="int64"))


def norms(m: Maker) -> Iterator[Call]:
    for p in ("fro", 2, 1, 3, 2.5, 1.5, float("inf"), -float("inf")):
        yield call(m(3, 4, distinct=True), p)
        yield call(m(3, 4, distinct=True), p, 1)
        yield call(m(3, 4, distinct=True), p, (0, 1), True)
    yield call(m(2, 3), dim=0)
    yield call(m())
    yield call(m(0, 3))
    yield call(m(0, 3), 2, 0)


def zero_norms(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4), 0)
    yield call(m(3, 4), 0, 1)
    yield call(m(3, 4), 0, (0, 1), True)


def norm_refusals(m: Maker) -> Iterator[Call]:
    yield call(m(3, dtype="int64"))
    yield call(m(2, 3), 2, 2)
    yield call(m(0), float("inf"))


def lines(m: Maker) -> Iterator[Call]:
    """Along one dimension, which stays."""
    yield call(m(2, 3, 4), 1)
    yield call(m(2, 3, 4), -1)
    yield call(m(2, 3, 4), dim=0)
    yield call(m(9), 0)
    yield call(m(), 0)
    yield call(m(0, 3), 1)
    yield call(m(3, 0), 1)


def best_lines(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4, distinct=True), 1)
    yield call(m(9), -1)
    yield call(m(), 0)
    yield call(m(0, 3), 1)


def logs(m: Maker) -> Iterator[Call]:
    yield from lines(m)
    yield rough(np.array([-np.inf, -np.inf, 1.0, np.inf]).astype(m(1).dtype), 0)


def extremes_of_both(m):
    yield call(m(4, 5, distinct=True))
    yield call(m(4, 5), dim=0)
    yield call(m(4, 5), dim=-1, keepdim=True)
    yield call(m())


def both_refusals(m):
    yield call(m(0))
    yield call(m(3, 4), dim=2)


CASES = (
    Case("sum", with_dtypes(over()), FIVE, list_refusals, rtol=1e-6, out=True, special=False),
    Case("nansum", with_dtypes(over()), ("float32", "float64", "int64"), list_refusals, rtol=1e-6, special=True),
    Case("mean", over(), THREE, list_refusals, rtol=1e-6, out=False),
    Case("nanmean", over(), ("float32", "float64"), list_refusals, rtol=1e-6, special=True, gradgrad=False),
    Case("prod", with_dtypes(zeros(over(lists=False))), FOUR, refusals, rtol=1e-5),
    Case("max", over(lists=False, distinct=True), FIVE, of_nothing, strides=True),
    Case("min", over(lists=False, distinct=True), FIVE, of_nothing),
    Case("argmax", over(lists=False, distinct=True), ("float32", "float64", "int64", "uint8"), of_nothing, grad=False),
    Case("argmin", over(lists=False, distinct=True), ("float32", "float64", "int64", "uint8"), of_nothing, grad=False),
    Case("aminmax", extremes_of_both, FIVE, both_refusals, out=True),
    Case("amax", ties, FIVE, list_refusals, out=True),
    Case("amin", ties, FIVE, list_refusals, out=True),
    Case("any", over(), FIVE, list_refusals, grad=False, special=True),
    Case("all", over(), FIVE, list_refusals, grad=False, special=True),
    Case("count_nonzero", over(keep=False, lists=False), FIVE, refusals, grad=False, special=True),
    Case("var", spreads, THREE, spread_refusals, rtol=2e-6, atol=1e-6),
    Case("std", spreads, THREE, spread_refusals, rtol=2e-6, atol=1e-6, gradgrad=True),
    Case("var_mean", spreads, ("float32", "float64"), spread_refusals, rtol=2e-6, atol=1e-6),
    Case("std_mean", spreads, ("float32", "float64"), spread_refusals, rtol=2e-6, atol=1e-6),
    Case("norm", norms, ("float32", "float64"), norm_refusals, rtol=2e-6),
    Case("norm", zero_norms, ("float32",), grad=False, special=True, id="norm of 0"),
    # torch rounds halves after each of its steps.
    Case("logsumexp", over(whole=False, lists=False), THREE, refusals, ulp=2, rtol=2e-6, atol=1e-6),
    Case("softmax", lines, THREE, refusals, rtol=3e-6, out=True),
    Case("log_softmax", lines, THREE, refusals, rtol=3e-6, atol=1e-6),
    Case("nn.functional.softmax", lines, ("float32",), refusals, rtol=3e-6),
    Case("nn.functional.log_softmax", lines, ("float32",), refusals, rtol=3e-6, atol=1e-6),
    Case("nn.functional.softmin", lines, ("float32",), refusals, rtol=3e-6),
    Case("cumsum", with_dtypes(lines), FIVE, refusals, rtol=2e-6, atol=1e-6, out=True, inplace=False),
    Case("cumprod", with_dtypes(zeros(lines)), FOUR, refusals, rtol=2e-6, out=True),
    Case("cumsum", lines, ("float32", "int64"), inplace=True, rtol=2e-6, atol=1e-6, grad=False, id="cumsum_"),
    Case("cumprod", lines, ("float32", "int64"), inplace=True, rtol=2e-6, grad=False, id="cumprod_"),
    Case("logcumsumexp", logs, THREE, refusals, rtol=3e-6, atol=1e-6),
    Case("cummax", best_lines, FIVE, refusals, special=True),
    Case("cummin", best_lines, FIVE, refusals, special=True),
)
