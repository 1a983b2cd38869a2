"""Inputs to try a graph on: a sample, and what lies at the edges of what its types allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.jit.ir import Graph

_SPECIAL = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e30, -1e-30, 0.5)


@dataclass(frozen=True, slots=True)
class Case:
    """Arguments for one run, and what they are: ``sample``, ``zeros``, ``nan`` ..."""

    name: str
    inputs: tuple[Any, ...]

    def fresh(self) -> list[Any]:
        """The arguments as copies, so that a run can write to them; what was one tensor stays one."""
        made: dict[int, Tensor] = {}
        return [_copied(value, made) for value in self.inputs]


def edge_inputs(graph: Graph, sample: Sequence[Any]) -> tuple[Case, ...]:
    """The sample and its variants.

    Tensors of 0, 1, -1, NaN, infinities and a mix of these, negatives, strided ones, one tensor given several times,
    empty ones where the graph's types leave sizes open; with numbers of 0, 1 and -1.

    Cost: each case has tensors of the sample's sizes.
    """
    cases = [Case("sample", tuple(sample))]
    for name, fill, number in _FILLS:
        cases.append(Case(name, tuple(_filled(v, fill, number) for v in sample)))
    cases += [
        Case("negative", tuple(_mapped(v, _negative) for v in sample)),
        Case("strided", tuple(_mapped(v, _strided) for v in sample)),
        Case("flipped", tuple(not v if isinstance(v, bool) else v for v in sample)),
        Case("one tensor", _one_for_all(sample)),
    ]
    if any(_open(value.type) for value in graph.inputs):
        pairs = zip(sample, graph.inputs, strict=True)
        cases.append(Case("empty", tuple(_emptied(v) if _open(p.type) else v for v, p in pairs)))
    return tuple(cases)


_FILLS: tuple[tuple[str, Callable[[int], Any], int], ...] = (
    ("zeros", lambda count: 0, 0),
    ("ones", lambda count: 1, 1),
    ("minus ones", lambda count: -1, -1),
    ("nan", lambda count: float("nan"), 2),
    ("inf", lambda count: float("inf"), 3),
    ("special", lambda count: np.resize(_SPECIAL, count), 9),
)


def _filled(value: Any, fill: Callable[[int], Any], number: int) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return number
    return _mapped(value, lambda tensor: _with(tensor, fill(tensor.numel())))


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A value with the tensors in it changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, (list, tuple)):
        parts = [_mapped(v, change) for v in cast("Sequence[Any]", value)]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, dict):
        return {k: _mapped(v, change) for k, v in cast("dict[Any, Any]", value).items()}
    return value


def _with(tensor: Tensor, numbers: Any) -> Tensor:
    """A dense tensor of the same dtype and shape with these numbers, as far as its dtype holds them."""
    if not tensor.dtype.is_floating_point and not np.all(np.isfinite(numbers)):
        return tensor
    made = empty(tensor.dtype, tensor.shape)
    array = made.detached_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        array[...] = np.asarray(numbers).astype(array.dtype).reshape(tensor.shape if np.ndim(numbers) else ())
    return made


def _negative(tensor: Tensor) -> Tensor:
    array = tensor.detached_numpy()
    return _with(tensor, (-np.abs(array) - array.dtype.type(1)).ravel()) if tensor.dtype.is_floating_point else tensor


def _strided(tensor: Tensor) -> Tensor:
    """The same elements with gaps between them."""
    if not tensor.shape:
        return tensor
    sizes = (*tensor.shape[:-1], 2 * tensor.shape[-1])
    wide = empty(tensor.dtype, sizes)
    wide.detached_numpy()[...] = np.repeat(tensor.detached_numpy(), 2, axis=-1)
    return wide[..., ::2]


def _one_for_all(sample: Sequence[Any]) -> tuple[Any, ...]:
    first: dict[object, Tensor] = {}
    return tuple(first.setdefault(v.type, v) if isinstance(v, Tensor) else v for v in sample)


def _open(type_: Any) -> bool:
    """Whether a graph leaves the first size of an input open."""
    return isinstance(type_, TensorType) and (type_.shape is None or (bool(type_.shape) and type_.shape[0] is None))


def _emptied(value: Any) -> Any:
    if not isinstance(value, Tensor) or not value.shape:
        return value
    return empty(value.dtype, (0, *value.shape[1:]))


def _copied(value: Any, made: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        if id(value) not in made:
            made[id(value)] = _like(value)
        return made[id(value)]
    if isinstance(value, (list, tuple)):
        parts = [_copied(v, made) for v in cast("Sequence[Any]", value)]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, dict):
        return {k: _copied(v, made) for k, v in cast("dict[Any, Any]", value).items()}
    return value


def _like(tensor: Tensor) -> Tensor:
    """A copy that lies in memory as the original does, gaps included."""
    if tensor.is_contiguous() or not tensor.shape:
        return tensor.detach().clone()
    return _strided(tensor.detach())
