"""Calls that are made twice, of tensorlab and of torch, and compared: one `Case` a public function.

A case is a row of a table in `oracle.families`; the tests beside this file run every row through the same checks:
values, dtypes, shapes, strides, aliasing, versions, refusals, in-place and ``out=`` forms, derivatives to second order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORMS = ("plain", "strided", "offset", "permuted", "broadcast", "reversed")
BOOL, INTS = ("bool",), ("uint8", "int8", "int16", "int32", "int64")
FLOATS, HALVES = ("float32", "float64"), ("float16", "bfloat16")
NUMBERS = (*INTS, *FLOATS)
ALL = (*BOOL, *NUMBERS)


@dataclass(frozen=True)
class Call:
    """Arguments of one call: arrays stand for tensors, anywhere in them.

    ``smooth``: False where differences tell nothing of the derivative: in a corner, beside NaN, through float32.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


def rough(*args: Any, **kwargs: Any) -> Call:
    """A call that has a derivative which no differences show."""
    return Call(args, kwargs, smooth=False)


class Maker:
    """Makes the arrays of a sample: ``m(2, 3)`` is an array of that shape, of the dtype and memory form that is tried.

    ``forms`` gives the memory form of each array in turn; `low` and `high` bound the values; ``distinct`` values
    differ, and stay apart from 0 (for functions with corners); ``special`` puts infinities, NaN and signed zeros first.
    """

    def __init__(self, dtype: str, forms: Callable[[], str] = lambda: "plain", *, seed: int = 0, special: bool = False):
        self.dtype = dtype
        self.special = special
        self._forms = forms
        self.random = np.random.default_rng(seed)

    def __call__(
        self,
        *shape: int,
        dtype: str | None = None,
        low: float = -3,
        high: float = 3,
        distinct: bool = False,
        special: bool = True,
    ) -> np.ndarray:
        kind = tl_dtype(dtype or self.dtype)
        count = int(np.prod(shape, dtype=int))
        if kind.name == "bool":
            values = self.random.random(count) < 0.5
        elif kind.is_floating_point:
            values = self.random.uniform(low, high, count)
            if distinct:
                values = self.random.permutation(np.linspace(low, high, count + 1)[1:] - (high - low) / (count + 1) / 3)
            if self.special and special and not distinct and (low, high) == (-3, 3):
                odd = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0]
                values[: min(count // 2, len(odd))] = odd[: count // 2]
        else:
            least = 0 if kind.name == "uint8" else int(np.ceil(low))
            values = self.random.integers(least, int(high) + 1, count)
            if distinct:
                values = self.random.permutation(count) + least
        return laid_out(np.asarray(values).astype(kind.numpy).reshape(shape), self._forms())

    def lay(self, values: np.ndarray) -> np.ndarray:
        """Values of one's own, as the dtype and in the memory form that is tried."""
        return laid_out(np.asarray(values).astype(tl_dtype(self.dtype).numpy), self._forms())

    def index(self, *shape: int, below: int, low: int = 0) -> np.ndarray:
        """An int64 array of indices."""
        return self.random.integers(low, below, shape)


def tl_dtype(name: str) -> Any:
    from tensorlab.core.dtype import BY_NAME

    return BY_NAME[name]


def laid_out(array: np.ndarray, form: str) -> np.ndarray:
    """The same values (but for ``broadcast``, which repeats the first of a dimension) in a memory of another form."""
    if form == "plain" or array.ndim == 0:
        return array
    if form == "offset":
        held = np.zeros(array.size + 3, array.dtype)
        held[3:] = array.reshape(-1)
        return held[3:].reshape(array.shape)
    if form == "strided":
        held = np.zeros((*array.shape[:-1], array.shape[-1] * 2), array.dtype)
        held[..., ::2] = array
        return held[..., ::2]
    if form == "permuted":
        return np.ascontiguousarray(array.transpose()).transpose()
    if form == "reversed":
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    return np.broadcast_to(array[..., :1].copy(), array.shape) if array.shape[-1] else array


Samples = Callable[[Maker], Iterator[Call]]


@dataclass(frozen=True)
class Case:
    """One public function and what it is tried on.

    ``name`` is its place in both libraries: ``"sin"``, ``"linalg.inv"``, ``"nn.functional.gelu"``, ``"Tensor.fill_"``.
    ``samples`` yields calls; ``refused`` yields calls that both have to refuse. ``dtypes`` are tried on plain memory,
    ``float32`` (or the first) on every form. ``ulp`` is how far floats may be apart in units of the last place, or else
    ``rtol`` and ``atol`` (of the largest absolute value). ``grad``: derivatives are compared to second order with
    torch's and by a numeric check; ``gradgrad``: False where torch has no second; ``grad_bound``: how far float64 ones
    may be apart. ``inplace`` and ``out``: the function has ``Tensor.<name>_`` and takes ``out=``. ``strides``: the
    results' strides are compared too. ``view``: the result shares memory with its first argument exactly where torch's
    does. ``constant`` arguments, by position or keyword, are asked for no gradient.
    ``seen`` makes of the function what is compared instead: of results that are determined but for a sign, say.
    """

    name: str
    samples: Samples
    dtypes: tuple[str, ...] = FLOATS
    refused: Samples | None = None
    ulp: float = 0
    rtol: float = 0
    atol: float = 0
    grad: bool = True
    gradgrad: bool = True
    grad_bound: float = 1e-9
    inplace: bool = False
    out: bool = False
    strides: bool = True
    view: bool = False
    special: bool = False
    forms: tuple[str, ...] = FORMS
    constant: tuple[int | str, ...] = ()
    id: str = ""
    seen: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None

    @property
    def label(self) -> str:
        return self.id or self.name

    def function(self, library: Any, suffix: str = "") -> Callable[..., Any]:
        """The function of one of the libraries; for a method's in-place form, ``suffix`` is ``_``."""
        found: Any = library.Tensor if suffix else library
        name = self.name.removeprefix("Tensor.").rpartition(".")[2] + suffix if suffix else self.name
        for part in name.split("."):
            found = getattr(found, part)
        return found if self.seen is None or suffix else self.seen(found)


def unary_samples(m: Maker) -> Iterator[Call]:
    """One tensor: with dimensions, without, empty."""
    yield call(m(4, 5))
    yield call(m(17))
    yield call(m())
    yield call(m(0, 3))


def binary_samples(m: Maker) -> Iterator[Call]:
    """Two tensors: of one shape, broadcast, without dimensions, empty; a tensor and a number."""
    yield call(m(4, 5), m(4, 5))
    yield call(m(4, 5), m(5))
    yield call(m(3, 1), m(1, 4))
    yield call(m(4), m())
    yield call(m(), m())
    yield call(m(0, 3), m(3))
    yield call(m(4), 2)
    if tl_dtype(m.dtype).is_floating_point:
        yield call(m(4), 1.5)
