"""Op declarations: a schema, and under it the rules that give it a meaning.

An op has at most one rule of each kind:

``type``    argument types -> result types (`TensorType` with dtype and shape; numbers come as values, or as their
            `ScalarType` where a graph does not know the value)
``scalar``  one element -> one element, straight-line Python: eager loops and fused loops inline it
``check``   of a pointwise op: the dtype computed in and argument types -> nothing; refuses what promotion lets through
``guard``   of a pointwise op: as ``check``, for numbers: refuses values; asked at every call, with those that are known
``reduce``  nothing -> the parts of a reduction loop
``view``    layout and arguments -> shape, strides, offset of the view
``call``    tensors and numbers -> tensors and numbers, for what is neither pointwise, reduction nor view
``composite``  as ``call``, written in public operations alone, so that their derivatives are its own; beside a ``call``
            rule, what runs instead of it where a gradient is asked for

A ``call`` rule works below autograd: on bytes, loops and `Op.run`. Derivatives are added with `Op.vjp`, a formula for
each group of differentiable parameters.

Eager mode, tracing, scripting and verification all read the same rules.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, cast

from tensorlab.core.dispatch import MODES, recorder
from tensorlab.core.schema import Param, Schema, parse_schema
from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    TENSOR,
    ListType,
    OptionalType,
    ScalarType,
    TensorType,
    Type,
    bound_type,
)
from tensorlab.core.types import accepts as type_accepts
from tensorlab.core.types import bind as bind_type
from tensorlab.errors import ArgumentError

Rule = Callable[..., Any]
RULE_KINDS = ("type", "scalar", "check", "guard", "reduce", "view", "call", "composite")
R = TypeVar("R", bound=Rule)


class Promotion(Enum):
    """How a pointwise op picks the dtype that it computes in, and the dtype of its result."""

    DEFAULT = "operands' common dtype, and the result has it"
    INT_TO_FLOAT = "operands' common dtype, integers as the default float"
    COMPARE = "operands' common dtype, the result is bool"


@dataclass(frozen=True, slots=True, eq=False)
class Derivative:
    """A formula for the gradients of some parameters of an op, from the gradient of its result.

    What it takes is told by the names of its arguments: ``g`` is the gradient of the one result, ``g_values`` that of
    the result named ``values`` (None where nothing flows back); ``result``, or a result's own name, is what came out;
    a parameter's name is what went in; ``self_type`` is the `TensorType` of the parameter ``self`` (a tuple of them for
    a list of tensors), for which no tensor is kept; ``needs`` says of each of ``params`` whether its gradient is asked
    for. A tensor that no formula in use names is not saved.

    It is made of public operations, so that it can be differentiated again. It gives one gradient, or a tuple of one
    for each of ``params``; None stands for zero. A gradient that is larger by broadcasting is summed to the parameter's
    shape by who calls this, and made its dtype.
    """

    params: tuple[str, ...]
    rule: Rule
    takes: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Op:
    """A declared operation; call it with tensors and numbers, or look at its ``schema`` and ``rules``.

    ``static`` names number parameters with the values for which a loop of their own is compiled (``x ** 2``).
    ``plans`` maps the layouts of a call to what runs it: see `pointwise`.
    """

    schema: Schema
    promotion: Promotion = Promotion.DEFAULT
    exempt: frozenset[str] = frozenset()  # tensor parameters that keep their own dtype (the condition of `where`)
    static: dict[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
    random: bool = False
    side_effect: bool = False
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    derivatives: dict[str, Derivative] = field(default_factory=dict[str, Derivative])  # by parameter
    plans: dict[Any, Any] = field(default_factory=dict[Any, Any])
    evaluate: Callable[[tuple[Any, ...]], Any] | None = None
    tensors: tuple[int, ...] = ()  # positions of the parameters that take a tensor
    tensor_lists: tuple[int, ...] = ()  # positions of those that take a list of tensors

    def __post_init__(self) -> None:
        kinds = [_tensor_kind(p.type) for p in self.schema.params]
        self.tensors = tuple(i for i, kind in enumerate(kinds) if kind == "one")
        self.tensor_lists = tuple(i for i, kind in enumerate(kinds) if kind == "list")

    @property
    def kind(self) -> str:
        """The node kind, ``aten::add``."""
        return self.schema.kind

    @property
    def name(self) -> str:
        """Name and overload, ``add.Tensor``."""
        return f"{self.schema.name}.{self.schema.overload}" if self.schema.overload else self.schema.name

    def rule(self, kind: str) -> Callable[[R], R]:
        """Decorator that adds the op's one rule of ``kind``.

        Raises: `ArgumentError` for an unknown kind or a second rule of one kind.
        """
        if kind not in RULE_KINDS:
            raise ArgumentError(f"{self.name}: no rule kind {kind!r}; takes one of {', '.join(RULE_KINDS)}")
        if kind in self.rules:
            raise ArgumentError(f"{self.name}: has a {kind} rule already, {self.rules[kind].__name__}")

        def add(rule: R) -> R:
            self.rules[kind] = rule
            return rule

        return add

    def vjp(self, *params: str) -> Callable[[R], R]:
        """Decorator that adds the formula for the gradients of ``params``; see `Derivative` for what it may take.

        Raises: `ArgumentError` for a parameter that is not a tensor or has a formula already, or an argument that
                nothing is known by.
        """
        tensors = [self.schema.params[i].name for i in (*self.tensors, *self.tensor_lists)]
        for name in params:
            if name not in tensors or name in self.derivatives:
                why = "has a formula already" if name in self.derivatives else f"takes one of {', '.join(tensors)}"
                raise ArgumentError(f"{self.name}: vjp of parameter {name!r}: {why}")

        def add(rule: R) -> R:
            takes = tuple(inspect.signature(rule).parameters)
            known = _derivative_names(self.schema)
            unknown = [name for name in takes if name not in known]
            if unknown:
                raise ArgumentError(
                    f"{self.name}: {rule.__name__} takes {unknown[0]!r}; a formula takes {', '.join(sorted(known))}"
                )
            found = Derivative(params, rule, takes)
            self.derivatives.update(dict.fromkeys(params, found))
            return rule

        return add

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op through the modes: trace over grad over eval."""
        return self.call(bind(self.schema, args, kwargs))

    def call(self, args: tuple[Any, ...]) -> Any:
        """Run the op on arguments already bound to the schema, one a parameter."""
        modes = MODES.get()
        if modes:
            return modes[-1].call(self, args)
        return self.record(args)

    def record(self, args: tuple[Any, ...]) -> Any:
        """Run the op below the modes; where a tensor has a place on the tape, autograd runs it and writes it down."""
        for i in self.tensors:
            if getattr(args[i], "tape", None) is not None:
                return recorder().call(self, args)
        for i in self.tensor_lists:
            for a in args[i] or ():
                if getattr(a, "tape", None) is not None:
                    return recorder().call(self, args)
        return self.run(args) if self.evaluate is None else self.evaluate(args)

    def run(self, args: tuple[Any, ...]) -> Any:
        """Run the op below all modes and unseen by autograd."""
        if self.evaluate is None:
            raise ArgumentError(f"{self.name}: declared without an evaluator")
        return self.evaluate(args)

    def __repr__(self) -> str:
        return f"<op {self.schema}>"


def _tensor_kind(type_: Type) -> str:
    """``"one"`` for a tensor, ``"list"`` for a list of them, else nothing."""
    if isinstance(type_, OptionalType):
        return _tensor_kind(type_.element)
    if isinstance(type_, ListType):
        return "list" if _tensor_kind(type_.element) else ""
    return "one" if isinstance(type_, TensorType) else ""


def _derivative_names(schema: Schema) -> set[str]:
    """What a formula's arguments may be called."""
    inputs = {p.name for p in schema.params} | {f"{p.name}_type" for p in schema.params if _tensor_kind(p.type)}
    named = [r.name for r in schema.results if r.name]
    outputs = {*named, *(f"g_{name}" for name in named)} if len(schema.results) > 1 else {"g", "result"}
    return inputs | outputs | {"needs"}


_REGISTRY: dict[str, list[Op]] = {}


def declare(
    schema: str,
    *,
    promotion: Promotion = Promotion.DEFAULT,
    exempt: frozenset[str] = frozenset(),
    static: dict[str, tuple[Any, ...]] | None = None,
    random: bool = False,
    side_effect: bool = False,
) -> Op:
    """Declare an op by its schema in ATen's language; rules are added with `Op.rule`.

    Raises: `ArgumentError` where the same overload is declared twice.
    """
    op = Op(parse_schema(schema), promotion, exempt, static or {}, random, side_effect)
    overloads = _REGISTRY.setdefault(op.kind, [])
    if any(o.schema.overload == op.schema.overload for o in overloads):
        raise ArgumentError(f"{op.name}: declared twice")
    overloads.append(op)
    return op


def lookup(kind: str) -> tuple[Op, ...]:
    """The overloads of a node kind, ``aten::add``; empty where there is none. Needs `tensorlab.ops.methods` loaded."""
    return tuple(_REGISTRY.get(kind, ()))


def all_ops() -> Iterator[Op]:
    """Every declared op, in the order of declaration."""
    for overloads in _REGISTRY.values():
        yield from overloads


def resolve(kind: str, types: Sequence[Type], keywords: dict[str, Type] | None = None) -> Op:
    """The first overload that takes arguments of these types.

    Raises: `ArgumentError` with every candidate and why it does not fit.
    """
    reasons: list[str] = []
    for op in lookup(kind):
        why = mismatch(op.schema, types, keywords or {})
        if why is None:
            return op
        reasons.append(f"  {op.schema}\n    {why}")
    if not reasons:
        raise ArgumentError(f"unknown builtin op {kind}")
    given = ", ".join([*map(str, types), *(f"{k}={t}" for k, t in (keywords or {}).items())])
    raise ArgumentError(f"{kind}: arguments ({given}) are not valid; candidates:\n" + "\n".join(reasons))


def mismatch(schema: Schema, types: Sequence[Type], keywords: dict[str, Type]) -> str | None:
    """Why a schema does not take arguments of these types, or `None` if it does."""
    positional = [p for p in schema.params if not p.keyword_only]
    if len(types) > len(schema.params):
        return f"takes {len(schema.params)} arguments, got {len(types)}"
    names = {p.name: p for p in schema.params}
    for name in keywords:
        if name not in names:
            return f"has no parameter {name!r}"
    # A graph's node passes keyword-only parameters in order too, so positions may run through all of them.
    given = dict(zip((p.name for p in schema.params), types, strict=False))
    given.update(keywords)
    for p in positional + [p for p in schema.params if p.keyword_only]:
        if p.name not in given:
            if p.required:
                return f"argument {p.name!r} is missing"
        elif not type_accepts(p.type, given[p.name]):
            return f"argument {p.name!r} takes {p.type}, got {given[p.name]}"
    return _letters_differ(schema, given) if schema.is_generic else None


def _letters_differ(schema: Schema, given: dict[str, Type]) -> str | None:
    """Where a letter of a schema stands for two types that do not go together."""
    bound: dict[str, Type] = {}
    for p in schema.params:
        if p.name in given and not bind_type(p.type, given[p.name], bound):
            letters = ", ".join(f"{name} is {type_}" for name, type_ in bound.items())
            return f"argument {p.name!r} takes {p.type}, where {letters}, got {given[p.name]}"
    return None


def bound_results(schema: Schema, types: Sequence[Type]) -> tuple[Type, ...]:
    """The result types of a schema with letters, for arguments of these types."""
    bound: dict[str, Type] = {}
    for param, given in zip(schema.params, types, strict=False):
        bind_type(param.type, given, bound)
    return tuple(bound_type(r.type, bound) for r in schema.results)


def bind(schema: Schema, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments as one tuple in the schema's order, defaults filled in.

    Raises: `ArgumentError` naming the parameter.
    """
    params = schema.params
    if len(args) > len(params):
        raise ArgumentError(f"{schema.name}: takes {len(params)} arguments, got {len(args)}")
    bound = list(args)
    for p in params[len(args) :]:
        if p.name in kwargs:
            bound.append(kwargs.pop(p.name))
        elif p.required:
            raise ArgumentError(f"{schema.name}: argument {p.name!r} is missing; takes {schema}")
        else:
            bound.append(p.default)
    if kwargs:
        name = next(iter(kwargs))
        again = any(p.name == name for p in params)
        why = f"got argument {name!r} twice" if again else f"has no parameter {name!r}; takes {schema}"
        raise ArgumentError(f"{schema.name}: {why}")
    return tuple(bound)


def infer(op: Op, arguments: Sequence[Type | object]) -> tuple[Type, ...]:
    """Result types of an op, from the types of its arguments, or their values where known.

    A tensor argument is given as its `TensorType`, a known number or list as the value itself, an unknown one as its
    type. Where the type rule cannot run for want of knowledge, the schema's own result types come back.
    """
    declared = tuple(r.type for r in op.schema.results)
    rule = op.rules.get("type")
    if rule is None or not all(map(_known, op.schema.params, arguments)):
        return declared
    found = rule(*arguments)
    return cast(tuple[Type, ...], found) if isinstance(found, tuple) else (found,)


def _known(param: Param, argument: Type | object) -> bool:
    wanted = param.type.element if isinstance(param.type, OptionalType) else param.type
    if isinstance(argument, TensorType):
        return argument.is_complete
    if isinstance(wanted, ListType) and isinstance(wanted.element, TensorType):
        parts = cast(Sequence[object], argument) if isinstance(argument, (list, tuple)) else ()
        return bool(parts) and all(isinstance(p, TensorType) and p.is_complete for p in parts)
    if wanted == ListType(OptionalType(TENSOR)):  # the indices of a tensor
        parts = cast(Sequence[object], argument) if isinstance(argument, (list, tuple)) else ()
        return bool(parts) and all(p is None or (isinstance(p, TensorType) and p.is_complete) for p in parts)
    is_type = isinstance(argument, (ScalarType, ListType, OptionalType))
    return not is_type or (wanted == ScalarType("Scalar") and argument in (INT, FLOAT, BOOL))
