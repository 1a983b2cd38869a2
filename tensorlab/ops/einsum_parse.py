"""What an einsum says: the labels of each operand's dimensions and of the result's, read from either format.

Labels are one-letter strings, or numbers of the sublist format; the dimensions of an ellipsis are the labels
``(-1,)``, ``(-2,)`` ..., counted from the last one.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.shape import Shape
from tensorlab.errors import ArgumentError, RangeError, ShapeError

Label = str | int | tuple[int]
ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Contraction:
    """Labels of the dimensions of each operand and of the result, and the size of each label."""

    operands: tuple[tuple[Label, ...], ...]
    result: tuple[Label, ...]
    sizes: dict[Label, int]


def read_equation(equation: str, count: int) -> tuple[list[list[Label]], list[Label] | None]:
    """Terms of the operands and of the result, as lists of labels with `ELLIPSIS` among them.

    Raises: `RangeError` for text that is no equation, `ArgumentError` for another number of operands.
    """
    left, arrow, right = equation.partition("->")
    terms = [_read_term(term, equation) for term in left.split(",")]
    if len(terms) != count:
        few = "fewer" if count < len(terms) else "more"
        raise ArgumentError(
            f"einsum: {few} operands were provided than specified in the equation {equation!r}: got {count}, takes "
            f"{len(terms)}"
        )
    return terms, _read_term(right, equation) if arrow else None


def _read_term(term: str, equation: str) -> list[Label]:
    labels: list[Label] = []
    rest = term.replace(" ", "")
    while rest:
        if rest.startswith(ELLIPSIS):
            if ELLIPSIS in labels:
                raise RangeError(f"einsum: found an ellipsis twice in {term.strip()!r} of the equation {equation!r}")
            labels.append(ELLIPSIS)
            rest = rest[3:]
        elif rest[0] in string.ascii_letters:
            labels.append(rest[0])
            rest = rest[1:]
        elif rest[0] == ".":
            raise RangeError(f"einsum: found '.' that is not part of any ellipsis in the equation {equation!r}")
        else:
            raise RangeError(
                f"einsum: invalid subscript {rest[0]!r} in the equation {equation!r}: subscripts must be in [a-zA-Z]"
            )
    return labels


def read_sublist(sublist: Sequence[Any]) -> list[Label]:
    """A term of the sublist format: numbers from 0 to 51, and ``...``.

    Raises: `ArgumentError`, `RangeError`.
    """
    labels: list[Label] = []
    for label in sublist:
        if label is Ellipsis:
            if ELLIPSIS in labels:
                raise RangeError(f"einsum: found an ellipsis twice in the sublist {list(sublist)}")
            labels.append(ELLIPSIS)
        elif not isinstance(label, int):
            raise ArgumentError(f"einsum: a sublist takes integers and ..., got {type(label).__name__}")
        elif not 0 <= label < 52:
            raise RangeError(f"einsum: a sublist takes integers from 0 to 51, got {label}")
        else:
            labels.append(label)
    return labels


def contraction(terms: list[list[Label]], result: list[Label] | None, shapes: Sequence[Shape]) -> Contraction:
    """Terms over operands of these shapes; without a result, labels that appear once are kept, in order.

    Raises: `ShapeError`, `RangeError`.
    """
    operands: list[tuple[Label, ...]] = []
    sizes: dict[Label, int] = {}
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        labels = _spread(term, len(shape), i)
        operands.append(labels)
        _note_sizes(labels, shape, i, sizes)
    hidden = sorted(x for x in sizes if isinstance(x, tuple))
    if result is None:
        counts = Counter(x for labels in operands for x in labels)
        once = sorted((x for x, n in counts.items() if n == 1 and not isinstance(x, tuple)), key=_order)
        return Contraction(tuple(operands), (*hidden, *once), sizes)
    out: list[Label] = []
    for label in result:
        if label == ELLIPSIS:
            out.extend(hidden)
            continue
        if result.count(label) > 1:
            raise RangeError(f"einsum: output subscript {label} appears more than once in the output")
        if label not in sizes:
            raise RangeError(f"einsum: output subscript {label} does not appear in the equation for any input operand")
        out.append(label)
    return Contraction(tuple(operands), tuple(out), sizes)


def _order(label: Label) -> tuple[int, str]:
    return (label, "") if isinstance(label, int) else (0, str(label))


def _spread(term: list[Label], ndim: int, operand: int) -> tuple[Label, ...]:
    """The term with its ellipsis as labels of their own."""
    named = len(term) - (ELLIPSIS in term)
    if named != ndim and ELLIPSIS not in term:
        raise ShapeError(
            f"einsum: the number of subscripts in the equation ({named}) does not match the number of dimensions "
            f"({ndim}) for operand {operand} and no ellipsis was given"
        )
    if named > ndim:
        raise ShapeError(
            f"einsum: the number of subscripts in the equation ({named}) is more than the number of dimensions "
            f"({ndim}) for operand {operand}"
        )
    hidden: list[Label] = [(-k,) for k in range(ndim - named, 0, -1)]
    at = term.index(ELLIPSIS) if ELLIPSIS in term else len(term)
    return (*term[:at], *hidden, *term[at + 1 :])


def _note_sizes(labels: tuple[Label, ...], shape: Shape, operand: int, sizes: dict[Label, int]) -> None:
    """Sizes of equal labels are equal, or 1; within one operand they are equal."""
    own: dict[Label, int] = {}
    for label, n in zip(labels, shape, strict=True):
        if own.setdefault(label, n) != n:
            raise ShapeError(
                f"einsum: subscript {label} is repeated for operand {operand} but the sizes don't match, {n} != "
                f"{own[label]}"
            )
        known = sizes.get(label, 1)
        if n not in (1, known) and known != 1:
            what = "an ellipsis' dimension" if isinstance(label, tuple) else f"subscript {label}"
            raise ShapeError(
                f"einsum: {what} has size {n} for operand {operand} which does not broadcast with previously seen "
                f"size {known}"
            )
        sizes[label] = n if known == 1 else known
