"""What is known at one point of a function: the block that grows, and which value each variable has there.

The graph is in SSA form from the start: a variable is an entry in a table, and an assignment changes the table. Each
branch and each loop body has a table of its own over the outer one; where they end, the tables are merged.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, NoReturn, Protocol

from tensorlab.core.op import lookup, mismatch
from tensorlab.core.types import FLOAT, INT, OptionalType, TupleType, Type, accepts, general
from tensorlab.errors import ArgumentError, ScriptError, TensorlabError
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import IF, TUPLE_CONSTRUCT, UNINITIALIZED, Block, Graph, Node, Span, Value
from tensorlab.jit.scripting.derivations import Derivations
from tensorlab.jit.scripting.forms import Argument, Form
from tensorlab.jit.scripting.names import Names, near_op
from tensorlab.jit.scripting.source import Source

# Variables of the frontend's own, under names that no user can write.
LEFT = "$left"  # control has left the rest of the innermost loop's body
BROKE = "$broke"  # there is no next turn of the innermost loop
RETURNED = "$returned"  # the function has returned
RESULT = "$result"  # what it returned

_INT_ASSIGNED = re.compile(r"\w+\s*=\s*(-?\d+)\s*(?:#.*)?$")
_MEANT = re.compile(r"did you mean '(\w+)'\?")
_TEMPORARY = re.compile(r"_\d*")  # a name that says nothing, as the text of a graph has them


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a variable has no value here; told when it is used, for an unused one does no harm."""

    message: str
    hint: str = ""
    derivations: tuple[tuple[str, Span], ...] = ()


@dataclass(eq=False, slots=True)
class Frame:
    """The variables assigned in one block.

    ``tail``: nothing of the function follows the block, so what is assigned in it never has to agree with what was
    assigned outside. ``refined`` are the variables that only became known not to be None.
    """

    parent: Frame | None = None
    tail: bool = False
    names: dict[str, Value | Missing] = field(default_factory=dict[str, Value | Missing])
    declared: dict[str, Type] = field(default_factory=dict[str, Type])
    refined: set[str] = field(default_factory=set[str])
    places: dict[str, Span] = field(default_factory=dict[str, Span])  # where each variable was assigned last

    def chain(self) -> Iterator[Frame]:
        """This frame and those around it, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    def find(self, name: str) -> Value | Missing | None:
        """What a variable has here."""
        return next((f.names[name] for f in self.chain() if name in f.names), None)

    def place(self, name: str) -> Span | None:
        """Where a variable got the value that it has here."""
        return next((f.places[name] for f in self.chain() if name in f.places), None)

    def declaration(self, name: str) -> Type | None:
        """The type that a variable was declared with."""
        return next((f.declared[name] for f in self.chain() if name in f.declared), None)

    def visible(self) -> list[str]:
        """Every variable, in the order in which they came, outermost first."""
        frames = list(self.chain())[::-1]
        return list(dict.fromkeys(name for frame in frames for name in frame.names))

    @property
    def has_left(self) -> bool:
        """Whether control never comes to the end of the block: a break, continue or return stands before it."""
        left = self.find(LEFT)
        return isinstance(left, Value) and left.constant is True


class Compile(Protocol):
    """How a function called by the scripted one becomes a graph."""

    def __call__(self, function: FunctionType, *, owner: Type | None = None) -> Graph: ...


Resolver = Callable[[Any], Graph | None]


class Scope:
    """The point of a function that the graph has grown to."""

    def __init__(
        self,
        source: Source,
        names: Names,
        builder: Builder,
        *,
        compile_called: Compile,
        resolve: Resolver,
        expand_form: Callable[[Form, Mapping[str, Argument]], Graph],
        attributes_of: Callable[[Any], dict[str, Type]],
        init_of: Any = None,
    ) -> None:
        self.source = source
        self.names = names
        self.builder = builder
        self.compile_called = compile_called
        self.resolve = resolve
        self.expand_form = expand_form
        self.attributes_of = attributes_of  # of a scripted class, by name
        self._init_of = init_of
        self.frame: Frame = Frame()
        self.locals: frozenset[str] = frozenset()  # names that the function assigns somewhere
        self.derivations: Derivations | None = None  # notes the types of variables, where that was asked for
        self.optional_params: set[str] = set()  # parameters that may be None, and are not declared anew

    def is_init_of(self, thing: Any) -> bool:
        """Whether this is the ``__init__`` of a class, which makes its attributes."""
        return self._init_of is thing

    def fail(self, node: ast.AST, message: str, hint: str = "") -> NoReturn:
        """Raise the error of a place; a name that was probably meant is an edit, as far as that compiles."""
        error = self.source.error(node, message, hint=hint)
        meant = _MEANT.fullmatch(hint)
        if meant is not None and error.place is not None:
            error.edit = self.source.name_place(node), meant[1]
        raise error

    def span(self, node: ast.AST | Span) -> Span:
        return node if isinstance(node, Span) else self.source.span(node)

    def constant(self, value: Any, node: ast.AST) -> Value:
        """A constant of the graph."""
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            self.fail(node, f"integer {value} does not fit into 64 bits")
        return self.builder.constant(value, span=self.span(node))

    def uninitialized(self, type_: Type, node: ast.AST | Span) -> Value:
        """A value that nothing reads: control does not come to where it would be.

        A tuple has its parts all the same, for a pass may take it apart where it stands.
        """
        if isinstance(type_, TupleType):
            parts = [self.uninitialized(part, node) for part in type_.elements]
            return self.builder.node(TUPLE_CONSTRUCT, parts, [type_], span=self.span(node)).output
        return self.builder.node(UNINITIALIZED, (), (type_,), span=self.span(node)).output

    def op(
        self, kind: str, inputs: Sequence[Value], node: ast.AST, keywords: dict[str, Value] | None = None
    ) -> Value | tuple[Value, ...]:
        """A declared op, its overload by the types.

        Raises: `ScriptError` where none fits, with each and why.
        """
        try:
            return self.builder.op(kind, inputs, keywords, span=self.span(node))
        except ArgumentError as error:
            text = str(error)
            if text.startswith("unknown builtin op"):
                self.fail(node, text, near_op(kind))
            if not text.startswith(f"{kind}: arguments ("):
                raise self.source.error(node, text) from error
            named = {name: general(v.type) for name, v in (keywords or {}).items()}
            message = refused(kind, [general(v.type) for v in inputs], named)
            raise self.source.error(node, message) from error
        except TensorlabError as error:
            raise self.source.error(node, str(error)) from error

    def single(
        self, kind: str, inputs: Sequence[Value], node: ast.AST, keywords: dict[str, Value] | None = None
    ) -> Value:
        """`op`, several results as one tuple."""
        made = self.op(kind, inputs, node, keywords)
        return made if isinstance(made, Value) else self.tuple_of(made, node)

    def tuple_of(self, values: Sequence[Value], node: ast.AST) -> Value:
        """A tuple of values."""
        type_ = TupleType(tuple(v.type for v in values))
        return self.builder.node(TUPLE_CONSTRUCT, values, [type_], span=self.span(node)).output

    def read(self, name: str, node: ast.AST) -> Value | None:
        """A variable's value; `None` for a name that is no variable of the function.

        Raises: `ScriptError` for a variable that has no value here.
        """
        found = self.frame.find(name)
        if isinstance(found, Missing):
            error = self.source.error(node, found.message, hint=found.hint)
            error.derivations = tuple((said, self.source.place(span)) for said, span in found.derivations)
            raise error
        if found is None and name in self.locals:
            self.fail(node, f"undefined value {name}", f"{name} is assigned only later")
        return found

    def assign(self, name: str, value: Value, node: ast.AST) -> None:
        """Give a variable a value.

        Raises: `ScriptError` where the type would depend on the way that control took.
        """
        outer = self.frame.parent.find(name) if self.frame.parent is not None and not self.frame.tail else None
        declared = self.frame.declaration(name)
        wanted = declared or (general(outer.type) if isinstance(outer, Value) else None)
        if wanted is not None and not accepts(wanted, value.type):
            raise self._retyped(name, wanted, value.type, node)
        if not value.name and not value.is_constant and not _TEMPORARY.fullmatch(name):
            value.name = name
        self.frame.names[name] = value
        self.frame.places[name] = self.span(node)
        self.frame.refined.discard(name)
        if self.derivations is not None:
            self.derivations.assigned(name, value, self.span(node), self.source)

    def _retyped(self, name: str, wanted: Type, given: Type, node: ast.AST) -> ScriptError:
        """The error for a variable whose type would change, with the place that the old type comes from."""
        error = self.source.error(
            node,
            f"variable {name} previously had type {wanted} but is now being assigned to a value of type "
            f"{general(given)}",
            hint=_type_hint(name, wanted, given),
        )
        first = self.frame.place(name)
        if first is not None:
            place = self.source.place(first)
            error.derivations = ((f"{name} has type {wanted} since here", place),)
            begins = _INT_ASSIGNED.match(place.text[place.column :])
            if (wanted, general(given)) == (INT, FLOAT) and begins is not None:
                start, end = (place.column + at for at in begins.span(1))
                at = replace(place, column=start, end_column=end)
                error.edit = at, f"{begins[1]}.0"
        return error

    def forget(self, name: str, message: str, hint: str = "") -> None:
        """Let a variable have no value from here on, and say why where it is used."""
        self.frame.names[name] = Missing(message, hint)

    def refine(self, names: Sequence[str], node: ast.AST) -> None:
        """Let variables that are known not to be None have the type that they have otherwise."""
        for name in names:
            value = self.frame.find(name)
            if isinstance(value, Value) and isinstance(value.type, OptionalType):
                self.frame.names[name] = self.single("prim::unchecked_unwrap_optional", [value], node)
                self.frame.refined.add(name)

    @contextmanager
    def inside(self, block: Block, *, tail: bool = False) -> Generator[Frame]:
        """Go on in a block, with a table of variables of its own."""
        outer = self.frame
        self.frame = Frame(outer, tail)
        try:
            with self.builder.inside(block):
                yield self.frame
        finally:
            self.frame = outer

    @contextmanager
    def nested(self) -> Generator[Frame]:
        """A table of variables of its own, in the same block: for the variables of a comprehension."""
        outer = self.frame
        self.frame = Frame(outer, tail=True)
        try:
            yield self.frame
        finally:
            self.frame = outer

    def new_if(self, condition: Value, node: ast.AST) -> tuple[Node, Block, Block]:
        """An if without results yet."""
        made = self.builder.node(IF, [condition], span=self.span(node))
        return made, self.builder.block(made), self.builder.block(made)


def refused(kind: str, types: Sequence[Type], named: Mapping[str, Type]) -> str:
    """The message for arguments that no overload takes: each that takes the first one, else all, and why not these."""
    near = [op for op in lookup(kind) if types and op.schema.params and accepts(op.schema.params[0].type, types[0])]
    given = ", ".join([*map(str, types), *(f"{name}={type_}" for name, type_ in named.items())])
    lines = [f"arguments for call are not valid: {kind} got ({given}) and takes"]
    for op in near or lookup(kind):
        positional = sum(not p.keyword_only for p in op.schema.params)
        why = mismatch(op.schema, types, dict(named)) or f"takes {positional} arguments by position, got {len(types)}"
        lines += [f"  {op.schema}", f"    {why}"]
    return "\n".join(lines)


def _type_hint(name: str, old: Type, new: Type) -> str:
    if (str(old), str(new)) == ("int", "float"):
        return f"let {name} begin as a float"
    return f"use another name for the {general(new)}"
