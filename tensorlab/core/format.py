"""How a tensor prints: torch's rules, from the few elements that are shown.

Of a large tensor only the edges are looked at: they alone decide widths and whether numbers need an exponent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tensorlab.core.dtype import default_float, from_numpy_dtype
from tensorlab.errors import RangeError

Profile = Literal["default", "short", "full"]
Style = Literal["plain", "whole", "fixed", "scientific"]

_PACKAGE = "tensorlab"
_OPENING = "tensor("
# What a reader assumes of a tensor that names no dtype, or the default one; of no elements, only the default one.
_UNNAMED_DTYPES = ("int64", "bool")
_LIMITS = (("precision", int, 0), ("threshold", (int, float), 0), ("edgeitems", int, 0), ("linewidth", int, 1))


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """What `set_printoptions` sets.

    ``precision`` digits after the point; more than ``threshold`` elements are summarised to ``edgeitems`` at each end
    of each dimension; ``linewidth`` characters a line; ``sci_mode`` forces or forbids exponents, `None` decides by
    the values.

    Raises: `RangeError` for a count below what it can be.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None

    def __post_init__(self) -> None:
        for name, kind, least in _LIMITS:
            value = getattr(self, name)
            if not isinstance(value, kind) or not value >= least:
                takes = "an integer" if kind is int else "a number"
                raise RangeError(f"set_printoptions: got {name}={value!r}; takes {takes} of at least {least}")


PROFILES: dict[str, PrintOptions] = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}

# As in torch, what is set holds in the whole process, whichever thread or notebook cell set it: a ContextVar would be
# forgotten with the cell's own context.
_process_wide: list[PrintOptions] = [PROFILES["default"]]


def get_printoptions() -> PrintOptions:
    """What `set_printoptions` has set; a copy with changes can be passed to `format_tensor`."""
    return _process_wide[0]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Profile | None = None,
    *,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print, for the whole process.

    ``profile`` starts from ``"default"``, ``"short"`` or ``"full"``; what is not given stays as it was, except
    ``sci_mode``, which goes back to deciding by the values.

    Raises: `RangeError` for an unknown profile or a count below what it can be.
    """
    if profile is not None and profile not in PROFILES:
        takes = ", ".join(repr(name) for name in get_args(Profile))
        raise RangeError(f"set_printoptions: got profile={profile!r}; takes one of {takes}")
    base = _process_wide[0] if profile is None else PROFILES[profile]
    asked = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    _process_wide[0] = replace(base, sci_mode=sci_mode, **given)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How each element of one tensor is written, all to one width."""

    style: Style
    precision: int
    width: int

    def text(self, value: Any) -> str:
        """One element, a Python number."""
        return _bare_text(value, self.style, self.precision).rjust(self.width)


def _bare_text(value: Any, style: Style, precision: int) -> str:
    if style == "plain":
        return str(value)
    if style == "scientific":
        return f"{value:.{precision}e}"
    if style == "fixed":
        return f"{value:.{precision}f}"
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def number_format(shown: NDArray[Any], options: PrintOptions) -> NumberFormat:
    """The format for these elements.

    Floats are judged by those that are neither 0, infinite nor NaN: whole numbers lose their digits, and a largest
    above 1e8, more than 1000 times the smallest, or (unless whole) a smallest below 1e-4 asks for an exponent. The
    width, too, is theirs: ``nan`` or ``-0.`` among narrower numbers sticks out.
    """
    if shown.dtype.kind != "f":
        width = max((len(str(value)) for value in shown.ravel().tolist()), default=0)
        return NumberFormat("plain", options.precision, width)
    values = shown.astype(np.float64).ravel()
    values = values[np.isfinite(values) & (values != 0)]
    if not values.size:
        return NumberFormat("whole", options.precision, 1)
    sizes = np.abs(values)
    smallest, largest = float(sizes.min()), float(sizes.max())
    whole = bool((sizes == np.ceil(sizes)).all())
    wants_exponent = largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole)
    style: Style = "whole" if whole else "fixed"
    if wants_exponent if options.sci_mode is None else options.sci_mode:
        style = "scientific"
    width = max(len(_bare_text(value, style, options.precision)) for value in values.tolist())
    return NumberFormat(style, options.precision, width)


def edges(array: NDArray[Any], edgeitems: int) -> NDArray[Any]:
    """The elements that a summary shows: each dimension longer than both its ends loses its middle.

    Cost: the elements shown, which one indexing picks from all dimensions at once.
    """
    places = [
        [*range(edgeitems), *range(size - edgeitems, size)] if size > 2 * edgeitems else [*range(size)]
        for size in array.shape
    ]
    return array[np.ix_(*(np.array(ends, dtype=np.intp) for ends in places))]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the lines of one tensor have in common; ``cut`` says of each dimension whether its middle is left out."""

    numbers: NumberFormat
    cut: tuple[bool, ...]
    edgeitems: int
    linewidth: int

    def lines(self, shown: Any, axis: int) -> str:
        """The text of nested lists of Python numbers, ``axis`` dimensions deep in the tensor."""
        indent = len(_OPENING) + axis
        if axis == len(self.cut) - 1:
            return self.row([self.numbers.text(value) for value in shown], indent)
        parts = [self.lines(part, axis + 1) for part in shown]
        if self.cut[axis]:
            parts.insert(self.edgeitems, "...")
        gap = "," + "\n" * (len(self.cut) - 1 - axis) + " " * (indent + 1)
        return "[" + gap.join(parts) + "]"

    def row(self, texts: list[str], indent: int) -> str:
        if self.cut[-1]:
            texts.insert(self.edgeitems, " ...")
        a_line = max(1, (self.linewidth - indent) // (self.numbers.width + 2))
        lines = [", ".join(texts[i : i + a_line]) for i in range(0, len(texts), a_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _body(array: NDArray[Any], options: PrintOptions) -> str:
    summarised = array.size > options.threshold
    shown = edges(array, options.edgeitems) if summarised else array
    if from_numpy_dtype(array.dtype, "repr").is_half:
        shown = shown.astype(np.float32)  # their own words are shorter
    if not shown.size:
        return "[...]"
    numbers = number_format(shown, options)
    if array.ndim == 0:
        return numbers.text(shown.item())
    cut = tuple(summarised and size > 2 * options.edgeitems for size in array.shape)
    return _Layout(numbers, cut, options.edgeitems, options.linewidth).lines(shown.tolist(), 0)


def format_tensor(
    array: NDArray[Any],
    *,
    dtype_name: str,
    device: str = "cpu",
    requires_grad: bool = False,
    grad_fn: str | None = None,
    options: PrintOptions | None = None,
) -> str:
    """What ``repr`` of a tensor with these elements is.

    ``dtype_name`` is printed as ``tensorlab.<dtype_name>``, unless it is what such elements are taken for anyway;
    ``grad_fn`` is the name of the operation that made the tensor, and stands in place of ``requires_grad``.

    Cost: the elements that are shown, however many there are.

    >>> format_tensor(np.array([[1.0, 2.5], [3.0, 4.0]]), dtype_name="float64")
    'tensor([[1.0000, 2.5000],\\n        [3.0000, 4.0000]], dtype=tensorlab.float64)'
    """
    options = options or get_printoptions()
    empty = array.size == 0
    suffixes: list[str] = []
    if device != "cpu":
        suffixes.append(f"device='{device}'")
    # Without elements, or with none shown, the brackets don't tell the sizes.
    if (empty and array.ndim != 1) or (not empty and options.edgeitems == 0):
        suffixes.append(f"size={array.shape}")
    if dtype_name != default_float().name and (empty or dtype_name not in _UNNAMED_DTYPES):
        suffixes.append(f"dtype={_PACKAGE}.{dtype_name}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    text = _OPENING + ("[]" if empty else _body(array, options))
    return _with_suffixes(text, suffixes, options.linewidth) + ")"


def _with_suffixes(text: str, suffixes: list[str], linewidth: int) -> str:
    """Suffixes go on the last line while it has room for them, then on lines of their own."""
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > linewidth:
            text += ",\n" + " " * len(_OPENING) + suffix
            used = len(_OPENING) + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text
