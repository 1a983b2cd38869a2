"""Op schemas: ATen's little language for signatures, parsed and matched.

``add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)``: a name with an overload, parameters
with types, defaults and alias marks (``(a)``: may share memory with what carries the same letter; ``!``: written to),
keyword-only parameters after ``*``, and results. Source: "native_functions.yaml" conventions, PyTorch documentation.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import cast

from tensorlab.core.types import SCALARS, TENSOR, DictType, ListType, OptionalType, TupleType, Type, VarType
from tensorlab.errors import ParseError


class Required:
    """Marks a parameter without a default."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = Required()


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias mark: the letter of a memory set, and whether the op writes to it."""

    name: str
    writes: bool

    def __str__(self) -> str:
        return f"({self.name}{'!' if self.writes else ''})"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter."""

    name: str
    type: Type
    default: object = REQUIRED
    keyword_only: bool = False
    alias: Alias | None = None

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def __str__(self) -> str:
        text = f"{_type_text(self.type, self.alias)} {self.name}"
        return text if self.required else f"{text}={format_default(self.default)}"


@dataclass(frozen=True, slots=True)
class Result:
    """One result."""

    type: Type
    alias: Alias | None = None
    name: str = ""

    def __str__(self) -> str:
        text = _type_text(self.type, self.alias)
        return f"{text} {self.name}" if self.name else text


@dataclass(frozen=True, slots=True)
class Schema:
    """A parsed schema; ``kind`` is the node kind in a graph, ``aten::add``."""

    namespace: str
    name: str
    overload: str
    params: tuple[Param, ...]
    results: tuple[Result, ...]
    # Both are asked for at every node of a graph, several times a pass.
    kind: str = field(init=False, repr=False, compare=False)
    _writes: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        writes = tuple(i for i, p in enumerate(self.params) if p.alias is not None and p.alias.writes)
        object.__setattr__(self, "kind", f"{self.namespace}::{self.name}")
        object.__setattr__(self, "_writes", writes)

    @property
    def is_generic(self) -> bool:
        """Whether it takes values of any type."""
        return any(_has_letter(p.type) for p in self.params)

    @property
    def writes(self) -> tuple[int, ...]:
        """Positions of the parameters that the op writes to."""
        return self._writes

    def __str__(self) -> str:
        params: list[str] = []
        for p in self.params:
            if p.keyword_only and "*" not in params:
                params.append("*")
            params.append(str(p))
        head = f"{self.kind}.{self.overload}" if self.overload else self.kind
        results = ", ".join(map(str, self.results))
        return f"{head}({', '.join(params)}) -> {results if len(self.results) == 1 else f'({results})'}"


def _has_letter(type_: Type) -> bool:
    match type_:
        case VarType():
            return True
        case ListType(element) | OptionalType(element):
            return _has_letter(element)
        case DictType(key, value):
            return _has_letter(key) or _has_letter(value)
        case _:
            return False


def format_default(value: object) -> str:
    """A default as the schema language writes it."""
    return repr(list(cast(tuple[object, ...], value))) if isinstance(value, tuple) else repr(value)


def _type_text(type_: Type, alias: Alias | None) -> str:
    text = str(type_)
    if alias is None:
        return text
    head = re.match(r"Dict\(.*\)|\w+", text)
    end = head.end() if head else 0
    return f"{text[:end]}{alias}{text[end:]}"


_HEAD = re.compile(r"\s*(?:(?P<ns>\w+)::)?(?P<name>\w+)(?:\.(?P<overload>\w+))?\s*\(")
_PARAM = re.compile(
    r"(?P<base>(?:Dict|Tuple)?\(\w+, \w+\)|[A-Za-z]\w*)"
    r"(?P<alias>\((?P<set>\w+)(?P<bang>!?)\))?(?P<suffix>(?:\[\d*\]|\?)*)"
    r"(?:\s+(?P<name>\w+))?(?:\s*=\s*(?P<default>.+))?$"
)


def parse_schema(text: str) -> Schema:
    """Read one schema.

    Raises: `ParseError` with the text and the part that cannot be read.
    """
    head = _HEAD.match(text)
    if head is None:
        raise ParseError(f"schema {text!r}: takes 'name.overload(params) -> results'")
    body, tail = _split_arrow(text, head.end())
    keyword_only = False
    params: list[Param] = []
    for part in _split_commas(body):
        if part == "*":
            keyword_only = True
            continue
        type_, alias, name, default = _parse_part(part, text)
        params.append(Param(name, type_, default, keyword_only, alias))
    results = tuple(Result(type_, alias, name) for type_, alias, name, _ in (_parse_part(p, text) for p in tail))
    return Schema(head["ns"] or "aten", head["name"], head["overload"] or "", tuple(params), results)


def _split_arrow(text: str, start: int) -> tuple[str, list[str]]:
    arrow = text.rfind("->")
    close = text.rfind(")", start, arrow) if arrow > 0 else -1
    if close < 0:
        raise ParseError(f"schema {text!r}: '->' with results is missing")
    tail = text[arrow + 2 :].strip()
    if tail.startswith("(") and tail.endswith(")"):
        tail = tail[1:-1]
    return text[start:close], _split_commas(tail)


def _split_commas(text: str) -> list[str]:
    parts: list[str] = []
    depth, start = 0, 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


_PAIR = re.compile(r"(Dict|Tuple)?\((\w+), (\w+)\)")
_LETTERS = ("t", "k", "v")


def _base_type(text: str) -> Type | None:
    pair = _PAIR.fullmatch(text)
    if pair is not None:
        first, second = _base_type(pair[2]), _base_type(pair[3])
        if first is None or second is None:
            return None
        return DictType(first, second) if pair[1] == "Dict" else TupleType((first, second))
    if text in _LETTERS:
        return VarType(text)
    return TENSOR if text == "Tensor" else SCALARS.get(text)


def _parse_part(part: str, text: str) -> tuple[Type, Alias | None, str, object]:
    found = _PARAM.match(part)
    if found is None:
        raise ParseError(f"schema {text!r}: cannot read {part!r}")
    base = _base_type(found["base"])
    if base is None:
        raise ParseError(f"schema {text!r}: no type is named {found['base']!r}")
    type_: Type = base
    for suffix in re.findall(r"\[\d*\]|\?", found["suffix"]):
        type_ = OptionalType(type_) if suffix == "?" else ListType(type_)
    alias = Alias(found["set"], bool(found["bang"])) if found["alias"] else None
    default: object = REQUIRED
    if found["default"] is not None:
        value: object = ast.literal_eval(found["default"])
        default = tuple(cast(list[object], value)) if isinstance(value, list) else value
    return type_, alias, found["name"] or "", default
