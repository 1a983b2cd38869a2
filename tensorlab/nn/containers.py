"""Modules that hold others: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tensorlab.errors import ArgumentError, DimError, RangeError
from tensorlab.nn.attributes import type_name
from tensorlab.nn.module import Module
from tensorlab.nn.printing import module_text, runs


def position(index: Any, length: int) -> int:
    """An index that counts from the end too, as one from the start.

    Raises: `DimError` outside of the length.
    """
    at = operator.index(index)
    if not -length <= at < length:
        raise DimError(f"index {at} is out of range")
    return at % length


class Sequential(Module):
    """Modules that run one after the other: given one by one, or as one dict of names.

    >>> import tensorlab as tl
    >>> tl.nn.Sequential(tl.nn.ReLU(), tl.nn.Tanh())
    Sequential(
      (0): ReLU()
      (1): Tanh()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], Mapping) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        value = input
        for module in self:
            value = module(value)
        return value

    def __getitem__(self, index: Any) -> Any:
        modules = list(self._modules.items())
        if isinstance(index, slice):
            return type(self)(dict(modules[index]))
        return modules[position(index, len(modules))][1]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[position(index, len(self))], module)

    def __delitem__(self, index: Any) -> None:
        modules = list(self._modules.values())
        if isinstance(index, slice):
            del modules[index]
        else:
            del modules[position(index, len(modules))]
        _renumber(self, modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __add__(self, other: Any) -> Sequential:
        return Sequential(*self, *_sequential(other))

    def __iadd__(self, other: Any) -> Sequential:
        return self.extend(_sequential(other))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*(list(self) * _factor(other, self)))

    def __rmul__(self, other: int) -> Sequential:
        return self * other

    def __imul__(self, other: int) -> Sequential:
        return self.extend(list(self) * (_factor(other, self) - 1))

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module before a place; the names of all are their places from then on.

        Raises: `DimError` for a place that is not there.
        """
        if not -len(self) <= index <= len(self):
            raise DimError(f"Index out of range: {index}")
        _renumber(self, [*self[:index], module, *self[index:]])
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end."""
        for module in sequential:
            self.append(module)
        return self

    def pop(self, key: Any) -> Any:
        """Take a module out, or several by a slice."""
        found = self[key]
        del self[key]
        return found


def _sequential(other: Any) -> list[Module]:
    if not isinstance(other, Sequential):
        raise RangeError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return list(other)


def _factor(other: Any, module: Sequential) -> int:
    if not isinstance(other, int):
        raise ArgumentError(f"unsupported operand type(s) for *: {type(module)} and {type(other)}")
    if other <= 0:
        raise RangeError(f"Non-positive multiplication factor {other} for {type(module)}")
    return other


def _renumber(module: Module, parts: Iterable[Any]) -> None:
    """Let these be the modules within, named by their places."""
    kept = list(parts)
    module._modules.clear()
    for i, part in enumerate(kept):
        module.add_module(str(i), part)


class ModuleList(Module):
    """A list whose modules are parts of the one that holds it; it computes nothing itself."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def __getitem__(self, index: Any) -> Any:
        modules = list(self)
        return type(self)(modules[index]) if isinstance(index, slice) else modules[position(index, len(modules))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, str(position(index, len(self))), module)

    def __delitem__(self, index: Any) -> None:
        modules = list(self._modules.values())
        del modules[index if isinstance(index, slice) else position(index, len(modules))]
        _renumber(self, modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __repr__(self) -> str:
        return module_text(self._get_name(), "", runs(self))

    def insert(self, index: int, module: Module) -> None:
        """Put a module before a place."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        _renumber(self, modules)

    def pop(self, key: Any) -> Any:
        """Take a module out, or several by a slice."""
        found = self[key]
        del self[key]
        return found

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end.

        Raises: `ArgumentError` for what cannot be gone through.
        """
        if not isinstance(modules, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
            raise ArgumentError(f"ModuleList.extend should be called with an iterable, but got {type_name(modules)}")
        for module in modules:
            self.append(module)
        return self


class ModuleDict(Module):
    """A dict whose modules are parts of the one that holds it; it computes nothing itself."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Let all modules go."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take a module out."""
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add the modules of a dict, or of pairs of names and modules.

        Raises: `ArgumentError` for what cannot be gone through.
        """
        if not isinstance(modules, Iterable):
            raise ArgumentError(
                f"ModuleDict.update should be called with an iterable of key/value pairs, but got {type_name(modules)}"
            )
        for key, module in modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules:
            self[key] = module
