"""Nested arguments and results: tuples, lists, dicts and named tuples of tensors over the flat inputs of a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Leaf:
    """One tensor."""


@dataclass(frozen=True, slots=True)
class Nest:
    """A container: its class, the keys of a dict or the fields of a named tuple, and what each place holds."""

    kind: type[Any]
    keys: tuple[Any, ...]
    parts: tuple[Structure, ...]


Structure = Leaf | Nest
LEAF = Leaf()


def structure_of(value: Any) -> Structure | None:
    """The structure of nested tensors; `None` where something in it is neither a tensor nor a container."""
    if isinstance(value, Tensor):
        return LEAF
    held = _held(value)
    if held is None:
        return None
    parts = [structure_of(part) for _, part in held]
    known = [p for p in parts if p is not None]
    return Nest(_kind(value), tuple(k for k, _ in held), tuple(known)) if len(known) == len(parts) else None


def odd_one(value: Any) -> str:
    """What in a nested value is no tensor: the name of its kind."""
    held = _held(value)
    if held is None:
        return type(value).__name__
    return next(odd_one(part) for _, part in held if structure_of(part) is None)


def flat(structure: Structure, value: Any, name: str, title: str) -> Iterator[Tensor]:
    """The tensors of a value in order.

    Raises: `ArgumentError` naming the place where the value is of another structure.
    """
    if isinstance(structure, Leaf):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{title}: argument {name!r} takes Tensor, got {type(value).__name__}")
        yield value
        return
    held = _held(value)
    wanted = described(structure)
    if held is None or isinstance(value, dict) != issubclass(structure.kind, dict):
        raise ArgumentError(f"{title}: argument {name!r} takes {wanted}, got {type(value).__name__}")
    given: dict[Any, Any] = dict(held)
    if set(given) != set(structure.keys):
        what = f"keys {', '.join(map(repr, given))}" if isinstance(value, dict) else f"{len(given)} elements"
        raise ArgumentError(f"{title}: argument {name!r} takes {wanted}, got one with {what or 'no keys'}")
    for key, part in zip(structure.keys, structure.parts, strict=True):
        yield from flat(part, given[key], f"{name}[{key!r}]", title)


def leaf_names(structure: Structure, name: str) -> Iterator[str]:
    """A name for each tensor: ``batch_image``, ``pair_0``."""
    if isinstance(structure, Leaf):
        yield name
        return
    for key, part in zip(structure.keys, structure.parts, strict=True):
        yield from leaf_names(part, f"{name}_{key}")


def rebuilt(structure: Structure, leaves: Iterator[Any]) -> Any:
    """A value of this structure with these leaves."""
    if isinstance(structure, Leaf):
        return next(leaves)
    return _made(structure, [rebuilt(p, leaves) for p in structure.parts])


def dressed(structure: Structure, value: Any) -> Any:
    """What a graph gives, tuples and lists, as the function gives it: with its dicts and named tuples."""
    if isinstance(structure, Leaf):
        return value
    return _made(structure, [dressed(p, v) for p, v in zip(structure.parts, value, strict=True)])


def is_plain(structure: Structure) -> bool:
    """Whether a graph's own tuples and lists say it all."""
    return isinstance(structure, Leaf) or (
        structure.kind in (list, tuple) and all(is_plain(part) for part in structure.parts)
    )


def described(structure: Structure) -> str:
    """``a dict with keys 'a', 'b'``, ``a tuple of 2``."""
    if isinstance(structure, Leaf):
        return "Tensor"
    if issubclass(structure.kind, dict):
        return f"a dict with keys {', '.join(map(repr, structure.keys))}" if structure.keys else "a dict without keys"
    return f"a {structure.kind.__name__} of {len(structure.parts)}"


def tensors(value: Any) -> list[Tensor]:
    """Every tensor in a nested value, in order."""
    if isinstance(value, Tensor):
        return [value]
    return [t for _, part in _held(value) or () for t in tensors(part)]


def copied(value: Any, copy: Callable[[Tensor], Tensor]) -> Any:
    """A nested value with each tensor copied; one that is there twice stays one."""
    made: dict[int, Tensor] = {}

    def once(part: Any) -> Any:
        if isinstance(part, Tensor):
            return made[id(part)] if id(part) in made else made.setdefault(id(part), copy(part))
        held = _held(part)
        return (
            part
            if held is None
            else _made(Nest(_kind(part), tuple(k for k, _ in held), ()), [once(v) for _, v in held])
        )

    return once(value)


def _kind(value: object) -> type[Any]:
    return type(value)


def _held(value: Any) -> list[tuple[Any, Any]] | None:
    """Keys and parts of a container; `None` for what is none."""
    if isinstance(value, Mapping):
        return list(cast("Mapping[Any, Any]", value).items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(cast("Sequence[Any]", value)))
    return None


def _made(nest: Nest, parts: list[Any]) -> Any:
    if issubclass(nest.kind, dict):
        return dict(zip(nest.keys, parts, strict=True))
    if issubclass(nest.kind, list):
        return parts
    return nest.kind(*parts) if hasattr(nest.kind, "_fields") else tuple(parts)


@dataclass(frozen=True, slots=True)
class Nesting:
    """How the arguments and the result of a function lie over the inputs and the result of its graph."""

    arguments: tuple[tuple[str, Structure], ...]
    result: Structure

    def signature(self) -> inspect.Signature:
        """For Python's own help."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(n, kind, annotation=described(s)) for n, s in self.arguments])

    def flat(self, title: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """The tensors of a call in the order of the graph's inputs.

        Raises: `ArgumentError` for arguments of another structure, and for too many, unknown and missing ones.
        """
        takes = f"takes ({', '.join(f'{described(s)} {n}' for n, s in self.arguments)})"
        names = [name for name, _ in self.arguments]
        if len(args) > len(names):
            raise ArgumentError(f"{title}: got {len(args)} argument{'s' * (len(args) > 1)}; {takes}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names:
                raise ArgumentError(f"{title}: has no parameter {name!r}; {takes}")
            if name in given:
                raise ArgumentError(f"{title}: got argument {name!r} twice; {takes}")
            given[name] = value
        found: list[Any] = []
        for name, structure in self.arguments:
            if name not in given:
                raise ArgumentError(f"{title}: argument {name!r} is missing; {takes}")
            found += flat(structure, given[name], name, title)
        return found


def nesting_of(arguments: tuple[tuple[str, Structure], ...], result: Any) -> Nesting | None:
    """What lies between a function and its graph; `None` where they take and give the same."""
    structure = structure_of(result)
    if structure is None or (is_plain(structure) and all(argument == LEAF for _, argument in arguments)):
        return None
    return Nesting(arguments, structure)
