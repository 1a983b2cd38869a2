"""Einstein's summation: any sum of products over named dimensions, as permutations, reshapes and matrix products.

Two operands are multiplied at a time. Of three and more, opt_einsum finds the order that costs least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.dispatch import MODES
from tensorlab.core.op import Op
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import matmul as products
from tensorlab.ops.einsum_parse import Contraction, Label, contraction, read_equation, read_sublist
from tensorlab.ops.movement import permute, reshape
from tensorlab.ops.product_functions import tensors


def einsum(*args: Any) -> Tensor:
    """The sum of products that an equation says: ``einsum("ij,jk->ik", a, b)``, or ``einsum(a, [0, 1], b, [1, 2])``.

    Letters name dimensions. Those that the result does not name are summed over; a letter twice in one operand takes
    the diagonal; ``...`` stands for any dimensions, which broadcast. Without ``->``, the result has the letters that
    appear once, in alphabetical order, after the dimensions of an ellipsis.

    Cost:   one product of matrices for each pair of operands, and at most one copy of each operand.
    Raises: `RangeError` for an equation that cannot be read, `ShapeError` for operands that do not fit it.

    >>> import tensorlab as tl
    >>> tl.einsum("ii", tl.ones(3, 3))
    tensor(3.)
    """
    if not args:
        raise ArgumentError("einsum: takes an equation and operands, got nothing")
    plan = _met(args)
    if plan is not None:
        return plan.run(args[1:])
    if isinstance(args[0], str):
        given = args[1:]
        if len(given) == 1 and isinstance(given[0], (list, tuple)):
            given = tuple(given[0])
        terms, result = read_equation(args[0], len(given)) if given else ([], None)
    else:
        given = args[0 : len(args) - len(args) % 2 : 2]
        terms = [read_sublist(_as_list(s)) for s in args[1 : len(args) - len(args) % 2 : 2]]
        result = read_sublist(_as_list(args[-1])) if len(args) % 2 else None
    if not given:
        raise ArgumentError("einsum: must provide at least one operand")
    operands = [tensors("einsum", **{f"operands[{i}]": x})[0] for i, x in enumerate(given)]
    what = contraction(terms, result, [tuple(x.shape) for x in operands])
    if isinstance(args[0], str) and (key := _key(args[0], operands)) not in _plans:
        _plans[key] = _planned(what, operands)
    return _evaluate(what, operands)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A contraction as at most one product: views of the operands, the product, a view of it; None for no view."""

    views: tuple[tuple[Shape | None, Shape | None], ...]  # of each operand: the order of dimensions, the shape
    product: Op | None
    shape: Shape | None
    order: Shape | None

    def run(self, operands: Sequence[Any]) -> Tensor:
        parts: list[Tensor] = []
        for x, (order, shape) in zip(operands, self.views, strict=True):
            moved = x if order is None else permute.call((x, order))
            parts.append(moved if shape is None else reshape.call((moved, shape)))
        found = parts[0] if self.product is None else self.product.call((parts[0], parts[1]))
        if self.shape is not None:
            found = reshape.call((found, self.shape))
        return found if self.order is None else permute.call((found, self.order))


LIMIT = 1024  # equations with shapes that are remembered; beyond it the table starts over
_plans: dict[tuple[Any, ...], _Plan | None] = {}


def _key(equation: str, operands: Sequence[Tensor]) -> tuple[Any, ...]:
    if len(_plans) >= LIMIT:
        _plans.clear()
    return (equation, *[x.layout.shape for x in operands])


def _met(args: Sequence[Any]) -> _Plan | None:
    """The plan of a call, where the equation was met before over operands of these shapes.

    None under a mode: a trace sees the same operations each time.
    """
    if type(args[0]) is not str or MODES.get():
        return None
    for x in args[1:]:
        if not isinstance(x, Tensor):
            return None
    return _plans.get(_key(args[0], args[1:]))


def _order(labels: Sequence[Label], wanted: Sequence[Label]) -> Shape | None:
    """The dimensions in another order; None where it is the same."""
    return None if tuple(labels) == tuple(wanted) else tuple([labels.index(x) for x in wanted])


def _planned(what: Contraction, given: Sequence[Tensor]) -> _Plan | None:
    """A plan where nothing is summed but by the product, and nothing is broadcast; else None."""
    operands, result, sizes = what.operands, what.result, what.sizes
    if any(len(set(labels)) < len(labels) for labels in operands):
        return None
    if len(operands) == 1:
        return (
            _Plan(((_order(operands[0], result), None),), None, None, None) if len(operands[0]) == len(result) else None
        )
    if len(operands) != 2 or any(1 in x.shape for x in given):
        return None
    a, b = operands
    batch, summed = [x for x in a if x in b and x in result], [x for x in a if x in b and x not in result]
    left, right = [x for x in a if x not in b], [x for x in b if x not in a]
    if not summed or any(x not in result for x in (*left, *right)):
        return None
    count, rows, depth, columns = (math.prod([sizes[x] for x in part]) for part in (batch, left, summed, right))
    lead = (count,) if batch else ()
    first, second, made = (*batch, *left, *summed), (*batch, *summed, *right), (*batch, *left, *right)
    views = tuple(
        (_order(own, wanted), _shaped([sizes[x] for x in wanted], shape))
        for own, wanted, shape in ((a, first, (*lead, rows, depth)), (b, second, (*lead, depth, columns)))
    )
    shape = _shaped((*lead, rows, columns), tuple(sizes[x] for x in made))
    return _Plan(views, products.bmm if batch else products.mm, shape, _order(made, result))


def _shaped(shape: Sequence[int], wanted: Shape) -> Shape | None:
    """Another shape; None where it is the same."""
    return None if tuple(shape) == wanted else wanted


def _as_list(sublist: object) -> Sequence[Any]:
    if not isinstance(sublist, (list, tuple)):
        raise ArgumentError(f"einsum: takes a list of integers after each operand, got {type(sublist).__name__}")
    return sublist  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True, slots=True)
class _Named:
    """A tensor and the labels of its dimensions, each once."""

    tensor: Tensor
    labels: tuple[Label, ...]

    def size(self, label: Label) -> int:
        return self.tensor.shape[self.labels.index(label)]

    def ordered(self, labels: Sequence[Label]) -> Tensor:
        """The dimensions in this order."""
        if tuple(labels) == self.labels:
            return self.tensor
        return self.tensor.permute(tuple(self.labels.index(x) for x in labels))

    def without(self, dropped: Sequence[Label]) -> _Named:
        """Summed over some labels."""
        if not dropped:
            return self
        dims = tuple(self.labels.index(x) for x in dropped)
        if all(self.tensor.shape[d] == 1 for d in dims):
            shape = tuple(n for d, n in enumerate(self.tensor.shape) if d not in dims)
            return _Named(self.tensor.reshape(shape), tuple(x for x in self.labels if x not in dropped))
        total = self.tensor.sum(dims, dtype=self.tensor.dtype)
        return _Named(total, tuple(x for x in self.labels if x not in dropped))


def _evaluate(what: Contraction, operands: Sequence[Tensor]) -> Tensor:
    named = [_distinct(x, labels) for x, labels in zip(operands, what.operands, strict=True)]
    for pair in _path(what, named):
        rest = [x for i, x in enumerate(named) if i not in pair]
        kept = {*what.result, *(label for x in rest for label in x.labels)}
        first, second = (named[i] for i in pair)
        named = [*rest, _product(first, second, kept)]
    (last,) = named
    return last.without([x for x in last.labels if x not in what.result]).ordered(what.result)


def _distinct(tensor: Tensor, labels: tuple[Label, ...]) -> _Named:
    """Diagonals where an operand has a label twice."""
    found = _Named(tensor, labels)
    while len(set(found.labels)) < len(found.labels):
        label = next(x for x in found.labels if found.labels.count(x) > 1)
        i, j = [d for d, x in enumerate(found.labels) if x == label][:2]
        rest = tuple(x for d, x in enumerate(found.labels) if d not in (i, j))
        found = _Named(found.tensor.diagonal(0, i, j), (*rest, label))
    return found


def _path(what: Contraction, named: Sequence[_Named]) -> list[tuple[int, int]]:
    """Pairs of positions; the two leave the list, and their product goes to its end."""
    if len(named) < 3:
        return [(0, 1)] * (len(named) - 1)
    from opt_einsum.paths import auto

    found = auto([frozenset(x.labels) for x in named], frozenset(what.result), what.sizes)  # pyright: ignore[reportArgumentType] - any labels
    pairs: list[tuple[int, int]] = []
    for step in found:
        # A step of more than two is taken from left to right: each product lies at the list's end.
        first, *others = sorted(step)
        if not others:
            continue
        pairs.append((first, others[0]))
        count = len(named) - len(pairs)
        for k, other in enumerate(others[1:], start=2):
            pairs.append((other - k, count - 1))
            count -= 1
    return pairs


def _product(a: _Named, b: _Named, kept: set[Label]) -> _Named:
    """Two operands as one; labels that nothing else needs are summed over."""
    a = a.without([x for x in a.labels if x not in kept and x not in b.labels])
    b = b.without([x for x in b.labels if x not in kept and x not in a.labels])
    # What has size 1 on one side is, there, no dimension at all.
    both = [x for x in a.labels if x in b.labels]
    a, b = (
        a.without([x for x in both if a.size(x) == 1 and b.size(x) != 1]),
        b.without([x for x in both if b.size(x) == 1 and a.size(x) != 1]),
    )
    a = a.without([x for x in a.labels if x not in kept and x not in b.labels])
    b = b.without([x for x in b.labels if x not in kept and x not in a.labels])
    both = [x for x in a.labels if x in b.labels]
    batch, summed = [x for x in both if x in kept], [x for x in both if x not in kept]
    left, right = [x for x in a.labels if x not in both], [x for x in b.labels if x not in both]
    if not summed:
        return _Named(
            _aligned(a, batch, left, len(right), 0) * _aligned(b, batch, right, 0, len(left)), (*batch, *left, *right)
        )
    sizes = {x: n for named in (a, b) for x, n in zip(named.labels, named.tensor.shape, strict=True)}
    shape = tuple(sizes[x] for x in (*batch, *left, *right))
    count, rows, depth, columns = (math.prod(sizes[x] for x in part) for part in (batch, left, summed, right))
    x, y = a.ordered((*batch, *left, *summed)), b.ordered((*batch, *summed, *right))
    if not batch:
        found = products.mm.call((x.reshape((rows, depth)), y.reshape((depth, columns))))
    else:
        found = products.bmm.call((x.reshape((count, rows, depth)), y.reshape((count, depth, columns))))
    return _Named(found.reshape(shape), (*batch, *left, *right))


def _aligned(x: _Named, batch: list[Label], own: list[Label], after: int, before: int) -> Tensor:
    """The operand with dimensions of size 1 where the other one has its own."""
    tensor = x.ordered((*batch, *own))
    shape = tuple(tensor.shape)
    return tensor.reshape((*shape[: len(batch)], *[1] * before, *shape[len(batch) :], *[1] * after))
