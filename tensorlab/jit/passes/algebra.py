"""The rewrite rules of `peephole`: each looks at one node and its neighbours, and says what its output already is.

A rule answers with the `Value` that stands for the output (or one for each output), with `Elements` of one, with
`Refusal` (it is the pattern, but), or with `NO_MATCH`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tensorlab.core.dtype import BY_CODE, DType, number_category
from tensorlab.core.types import BOOL, FLOAT, INT, ListType, TensorType
from tensorlab.jit.build import is_fixed, known
from tensorlab.jit.ir import TUPLE_CONSTRUCT, Node, Value


@dataclass(frozen=True, slots=True)
class Refusal:
    """The pattern is there, but the rule cannot be used, because of ``blocker``."""

    reason: str
    blocker: Value | Node | None = None


@dataclass(frozen=True, slots=True)
class Elements:
    """A value with the output's elements, which may lie in memory in another way: a new tensor is dense."""

    value: Value


class NoMatch:
    """The rule has nothing to say about the node."""


NO_MATCH = NoMatch()

Outcome = Value | tuple[Value, ...] | Elements | Refusal | NoMatch


@dataclass(frozen=True, slots=True)
class Rule:
    """A function from a node to an outcome, the kinds of node that it looks at, and its meaning in one line."""

    kinds: tuple[str, ...]
    apply: Callable[[Node], Outcome]

    @property
    def name(self) -> str:
        return self.apply.__name__

    @property
    def meaning(self) -> str:
        """The docstring's first line, without its marks: ``x.t().t() is x``."""
        return (self.apply.__doc__ or "").strip().split("\n")[0].replace("`", "").rstrip(".")


RULES: list[Rule] = []


def rewrite(*kinds: str) -> Callable[[Callable[[Node], Outcome]], Callable[[Node], Outcome]]:
    """Decorator that adds a rule for nodes of these kinds to the table."""

    def add(apply: Callable[[Node], Outcome]) -> Callable[[Node], Outcome]:
        RULES.append(Rule(kinds, apply))
        return apply

    return add


# -- views


@rewrite("aten::t")
def t_t(node: Node) -> Outcome:
    """``x.t().t()`` is ``x``."""
    inner = _made_by(node.inputs[0], "aten::t")
    return inner.inputs[0] if inner is not None else NO_MATCH


@rewrite("aten::transpose")
def transpose_transpose(node: Node) -> Outcome:
    """``x.transpose(i, j).transpose(i, j)`` is ``x``."""
    inner = _made_by(node.inputs[0], "aten::transpose")
    if inner is None:
        return NO_MATCH
    dims, inner_dims = _dims(node), _dims(inner)
    if dims is None or inner_dims is None:
        return Refusal("its dims are not constants", node.inputs[0])
    if dims == inner_dims:
        return inner.inputs[0]
    if any(d < 0 for d in dims | inner_dims):
        return Refusal("the dims may differ: how many there are is not known", node.inputs[0])
    return NO_MATCH


@rewrite("aten::permute")
def permute_permute(node: Node) -> Outcome:
    """``x.permute(p).permute(q)`` is ``x``, when ``q`` undoes ``p``."""
    inner = _made_by(node.inputs[0], "aten::permute")
    if inner is None:
        return NO_MATCH
    outer_dims, inner_dims = known(node.inputs[1]), known(inner.inputs[1])
    if not isinstance(outer_dims, tuple) or not isinstance(inner_dims, tuple):
        return Refusal("its dims are not constants", node.inputs[1])
    count: int = len(inner_dims)  # pyright: ignore[reportUnknownArgumentType]
    composed = [inner_dims[d % count] % count for d in outer_dims]  # pyright: ignore
    return inner.inputs[0] if composed == list(range(count)) else NO_MATCH


@rewrite("aten::view", "aten::reshape", "aten::expand")
def same_shape(node: Node) -> Outcome:
    """``x.view(x.shape)``, reshape and expand alike, is ``x``."""
    x, sizes = node.inputs[0], known(node.inputs[1])
    if not isinstance(x.type, TensorType) or not isinstance(sizes, tuple):
        return NO_MATCH
    if x.type.shape is None or None in x.type.shape:
        return Refusal("the shape is not known", x)
    return x if sizes == x.type.shape else NO_MATCH


@rewrite("aten::contiguous")
def contiguous_contiguous(node: Node) -> Outcome:
    """``x.contiguous().contiguous()`` is ``x.contiguous()``."""
    inner = _made_by(node.inputs[0], "aten::contiguous")
    return NO_MATCH if inner is None else inner.output


@rewrite("aten::to")
def to_same_dtype(node: Node) -> Outcome:
    """``x.to(dtype)`` is ``x``, when that is its dtype."""
    x = node.inputs[0]
    params = [] if node.op is None else [p.name for p in node.op.schema.params]
    if "dtype" not in params or not isinstance(x.type, TensorType):
        return NO_MATCH
    wanted = known(node.inputs[params.index("dtype")])
    wanted = BY_CODE.get(wanted) if isinstance(wanted, int) else wanted
    if not isinstance(wanted, DType):
        return NO_MATCH
    if "copy" in params and known(node.inputs[params.index("copy")]) is not False:
        return Refusal("it asks for a copy", node.inputs[params.index("copy")])
    if x.type.dtype is None:
        return Refusal("the dtype is not known", x)
    return x if x.type.dtype is wanted else NO_MATCH


# -- arithmetic


@rewrite("aten::mul")
def mul_one(node: Node) -> Outcome:
    """``x * 1`` is ``x``."""
    x, y = node.inputs
    if _number(y) == 1:
        return _unchanged(node, x, y)
    return _unchanged(node, y, x) if _number(x) == 1 else _open(y)


@rewrite("aten::div")
def div_one(node: Node) -> Outcome:
    """``x / 1`` is ``x``."""
    x, y, *rounding_mode = node.inputs
    if rounding_mode:
        return NO_MATCH
    return _unchanged(node, x, y) if _number(y) == 1 else _open(y)


@rewrite("aten::add")
def add_zero(node: Node) -> Outcome:
    """``x + 0`` is ``x``; only the sign of a zero may differ.

    Also with ``alpha``, if that is a finite number: ``x + alpha * 0``. What it multiplies stays if ``x`` is the zero.
    """
    x, y, *alpha = node.inputs
    factor = _number(alpha[0]) if alpha else 1
    if _number(y) == 0:
        return _unchanged(node, x, y) if _is_finite(factor) else Refusal("alpha is not known to be finite", alpha[0])
    if _number(x) == 0:
        return _unchanged(node, y, x) if factor == 1 else Refusal("alpha multiplies the other operand", alpha[0])
    return _open(y)


@rewrite("aten::sub")
def sub_zero(node: Node) -> Outcome:
    """``x - 0`` is ``x``."""
    x, y, *alpha = node.inputs
    if _number(y) != 0:
        return _open(y)
    factor = _number(alpha[0]) if alpha else 1
    return _unchanged(node, x, y) if _is_finite(factor) else Refusal("alpha is not known to be finite", alpha[0])


@rewrite("aten::pow")
def pow_one(node: Node) -> Outcome:
    """``x ** 1`` is ``x``."""
    x, y = node.inputs
    return _unchanged(node, x, y) if _number(y) == 1 else NO_MATCH


@rewrite("aten::neg", "aten::__not__")
def neg_neg(node: Node) -> Outcome:
    """``-(-x)`` is ``x``, and ``not not x`` too."""
    inner = _made_by(node.inputs[0], node.kind)
    return NO_MATCH if inner is None else Elements(inner.inputs[0])


@rewrite("aten::relu", "aten::abs")
def again(node: Node) -> Outcome:
    """``relu(relu(x))`` is ``relu(x)``, and ``abs(abs(x))`` is ``abs(x)``."""
    inner = _made_by(node.inputs[0], node.kind)
    return NO_MATCH if inner is None else inner.output


# -- numbers


@rewrite("aten::Int", "aten::Float", "aten::Bool", "prim::Bool")
def same_number(node: Node) -> Outcome:
    """``int(n)``, ``float(n)`` and ``bool(n)`` are ``n``, when it is that already."""
    target = {"aten::Int": INT, "aten::Float": FLOAT}.get(node.kind, BOOL)
    return node.inputs[0] if node.inputs[0].type == target else NO_MATCH


# -- tuples


@rewrite("prim::TupleUnpack")
def unpack_construct(node: Node) -> Outcome:
    """A tuple's elements are what it was made of."""
    made = _made_by(node.inputs[0], TUPLE_CONSTRUCT)
    return NO_MATCH if made is None else tuple(made.inputs)


@rewrite("aten::__getitem__")
def element_of_list(node: Node) -> Outcome:
    """An element of a list is what it was made of."""
    made = _made_by(node.inputs[0], "prim::ListConstruct")
    index = known(node.inputs[1])
    if made is None or not isinstance(index, int) or not isinstance(node.inputs[0].type, ListType):
        return NO_MATCH
    if not is_fixed(node.inputs[0]):
        return Refusal("somebody may write to the list", node.inputs[0])
    return made.inputs[index] if -len(made.inputs) <= index < len(made.inputs) else NO_MATCH


# -- what the rules ask


def _made_by(value: Value, kind: str) -> Node | None:
    node = value.producer
    return node if node is not None and node.kind == kind else None


def _dims(node: Node) -> frozenset[int] | None:
    """The two dims of a transpose, counted from the front where the number of dims is known."""
    given, x = [known(v) for v in node.inputs[1:]], node.inputs[0].type
    count = len(x.shape) if isinstance(x, TensorType) and x.shape is not None else None
    dims = [d for d in given if isinstance(d, int)]
    if len(dims) != len(given):
        return None
    return frozenset(d % count if count else d for d in dims)


def _number(value: Value) -> float | None:
    """The number that a constant is, one in a tensor of one element included."""
    if not value.is_constant:
        return None
    payload = value.constant
    if isinstance(value.type, TensorType):
        array = payload.detached_numpy()
        return array.item() if array.size == 1 else None
    return payload if isinstance(payload, (bool, int, float)) else None


def _open(value: Value) -> Outcome:
    """The outcome for an operand that is no such number: one number that is only known at run time could be it."""
    type_ = value.type
    single = type_.shape == () if isinstance(type_, TensorType) else type_ in (INT, FLOAT, BOOL)
    return Refusal("what it takes is not a constant", value) if single and not value.is_constant else NO_MATCH


def _is_finite(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


def _unchanged(node: Node, x: Value, other: Value) -> Outcome:
    """``x``, if the node's output has its type: it may be wider, or broadcast."""
    result = node.output.type
    if not isinstance(x.type, TensorType) or not isinstance(result, TensorType):
        return x if x.type == result else Refusal(f"would change the type from {result} to {x.type}", x)
    if x.type.is_complete and result.is_complete:
        return Elements(x) if x.type == result else Refusal(f"would change the type from {result} to {x.type}", x)
    if x.type.dtype is None:
        return Refusal("the dtype is not known: the result's may be wider", x)
    if isinstance(other.type, TensorType):
        return Refusal("the shapes are not known: the result's may be larger", x)
    integer_division = node.kind == "aten::div" and not x.type.dtype.is_floating_point
    if number_category(other.constant) > x.type.dtype.category or integer_division:
        return Refusal(f"would change the type: {x.type.dtype.ir_name} with a {other.type} is wider", x)
    return Elements(x)
