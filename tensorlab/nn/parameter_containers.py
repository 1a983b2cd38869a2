"""Modules that hold parameters: ParameterList, ParameterDict."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.errors import ArgumentError, StateError
from tensorlab.nn.attributes import type_name
from tensorlab.nn.containers import position
from tensorlab.nn.module import Module
from tensorlab.nn.parameter import Parameter


def _parameter(value: Any, holder: str) -> Parameter:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{holder}: takes Tensors, got {type_name(value)}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _lines(entries: Iterable[tuple[str, Parameter]], name: Any) -> str:
    return "\n".join(
        f"  ({key}): Parameter containing: [{name(p.dtype)} of size {'x'.join(map(str, p.shape))}]"
        for key, p in entries
    )


class ParameterList(Module):
    """A list whose tensors are parameters of the module that holds it."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def append(self, value: Tensor) -> ParameterList:
        """Add a parameter, or a tensor that becomes one."""
        self.register_parameter(str(len(self)), _parameter(value, "ParameterList"))
        return self

    def extend(self, values: Iterable[Tensor]) -> ParameterList:
        """Add parameters, or tensors that become some.

        Raises: `ArgumentError` for what cannot be gone through.
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise ArgumentError(f"ParameterList.extend should be called with an iterable, but got {type_name(values)}")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Tensor]) -> ParameterList:
        return self.extend(values)

    def __getitem__(self, index: Any) -> Any:
        values: list[Any] = list(self._parameters.values())
        return type(self)(values[index]) if isinstance(index, slice) else values[position(index, len(values))]

    def __setitem__(self, index: int, value: Tensor) -> None:
        setattr(self, str(position(index, len(self))), _parameter(value, "ParameterList"))

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def extra_repr(self) -> str:
        return _lines(self.named_parameters(remove_duplicate=False), repr)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise StateError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dict whose tensors are parameters of the module that holds it."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Any:
        return self._parameters[key]

    def __setitem__(self, key: str, value: Tensor) -> None:
        setattr(self, key, _parameter(value, "ParameterDict"))

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of a name, or ``default``."""
        return self._parameters.get(key, default)

    def pop(self, key: str) -> Any:
        """Take a parameter out."""
        return self._parameters.pop(key)

    def clear(self) -> None:
        """Let all parameters go."""
        self._parameters.clear()

    def update(self, parameters: Any) -> None:
        """Add the tensors of a dict, by sorted names as torch does, or of pairs of names and tensors in order."""
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        elif isinstance(parameters, Iterable):
            pairs = parameters
        else:
            raise ArgumentError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                f"{type_name(parameters)}"
            )
        for key, value in pairs:
            self[key] = value

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and parameters."""
        return self._parameters.items()

    def values(self) -> Iterable[Any]:
        """The parameters."""
        return self._parameters.values()

    def extra_repr(self) -> str:
        return _lines(self.named_parameters(remove_duplicate=False), _kind)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise StateError("ParameterDict should not be called.")


def _kind(dtype: DType) -> str:
    """A dtype as torch's older class of tensors."""
    return f"tensorlab.{dtype.ir_name}Tensor"
