"""Layers that are a function and its options: a subclass names both, in a table."""

from __future__ import annotations

import inspect
from typing import Any

from tensorlab.errors import ArgumentError
from tensorlab.nn.module import Module

REQUIRED: Any = inspect.Parameter.empty


class Configured(Module):
    """A function of ``tl.nn.functional`` with options: ``options`` are the arguments of ``__init__``, in torch's order.

    An option is REQUIRED or has a default; each becomes an attribute of the same name. ``shown`` are those that print.
    """

    function = ""
    options: dict[str, Any] = {}  # noqa: RUF012 - read alone
    shown: tuple[str, ...] = ()
    __signature__: inspect.Signature

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__init__" in cls.__dict__:
            parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        else:
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            parameters = [inspect.Parameter(n, kind, default=d) for n, d in cls.options.items()]
        cls.__signature__ = inspect.Signature(parameters)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for name, value in self._given(args, kwargs).items():
            setattr(self, name, value)

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The options by name.

        Raises: `ArgumentError` for one that is missing, unknown, or given twice.
        """
        name, names = type(self).__name__, list(self.options)
        if len(args) > len(names):
            raise ArgumentError(f"{name}.__init__: got {len(args)} arguments; takes {', '.join(names) or 'none'}")
        given = dict(zip(names, args, strict=False))
        for key in kwargs:
            if key not in self.options or key in given:
                what = "twice" if key in given else "as an unknown argument"
                raise ArgumentError(f"{name}.__init__: got '{key}' {what}; takes {', '.join(names) or 'none'}")
        given = {**self.options, **given, **kwargs}
        for key, value in given.items():
            if value is REQUIRED:
                raise ArgumentError(f"{name}.__init__: missing '{key}'; takes {', '.join(names)}")
        return given

    def extra_repr(self) -> str:
        parts = [f"{n}={getattr(self, n)!r}" for n in self.shown]
        return ", ".join([*parts, "inplace=True"] if getattr(self, "inplace", False) else parts)
