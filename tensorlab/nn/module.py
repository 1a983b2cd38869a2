"""Modules: functions with parameters, made of one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tensorlab.autograd import Tensor
from tensorlab.autograd.node import RemovableHandle, add_hook
from tensorlab.core.dtype import DType
from tensorlab.errors import ArgumentError, DTypeError
from tensorlab.nn.backward_hooks import BackwardHooks
from tensorlab.nn.parameter import Parameter
from tensorlab.nn.state import KeyDifference, load, save

M = TypeVar("M", bound="Module")
Hook = Callable[..., Any]

_TABLES = ("_parameters", "_buffers", "_modules")


class Module:
    """A function with parameters, buffers and modules of its own: what is assigned to an attribute is found again.

    A subclass calls ``super().__init__()`` first, assigns `Parameter` and `Module` objects, and defines ``forward``.

    >>> import tensorlab as tl
    >>> class Scale(tl.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = tl.nn.Parameter(tl.ones(1))
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def __init__(self) -> None:
        plain = super().__setattr__
        plain("training", True)
        for table in _TABLES:
            plain(table, {})
        plain("_transient", set())
        plain("_before", {})
        plain("_after", {})
        plain("_backward_hooks", BackwardHooks())

    # The call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise ArgumentError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before: dict[int, tuple[Hook, bool]] = self._before
        after: dict[int, tuple[Hook, bool]] = self._after
        hooks: BackwardHooks = self._backward_hooks
        if not (before or after or hooks):
            return self.forward(*args, **kwargs)
        for hook, with_kwargs in list(before.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None:
                if with_kwargs:
                    args, kwargs = changed
                else:
                    args = changed if isinstance(changed, tuple) else (changed,)
        args = hooks.watch_inputs(self, args)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(after.values()):
            changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            result = result if changed is None else changed
        return hooks.watch_results(self, result)

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each ``forward``; what it gives, if anything, replaces the arguments."""
        return _add(self._before, (hook, with_kwargs), prepend=prepend)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call ``hook(module, args, result)`` after each ``forward``; what it gives, if anything, replaces that."""
        return _add(self._after, (hook, with_kwargs), prepend=prepend)

    def register_full_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` once the gradients of the module's arguments are there."""
        return self._backward_hooks.add(hook)

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        tables = self.__dict__
        if isinstance(value, (Parameter, Module)) and "_parameters" not in tables:
            kind = "module" if isinstance(value, Module) else "parameters"
            raise ArgumentError(f"cannot assign {kind} before Module.__init__() call")
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            _forget(self, name, but="_modules")
            self._modules[name] = value
        elif "_parameters" in tables and any(name in tables[t] for t in _TABLES):
            self._replace(name, value)
        else:
            super().__setattr__(name, value)

    def _replace(self, name: str, value: Any) -> None:
        """Assign what is no parameter and no module to a name that one of the tables holds."""
        table = next(t for t in _TABLES if name in self.__dict__[t])
        takes = {"_parameters": "Parameter", "_buffers": "Tensor", "_modules": "Module"}[table]
        if value is not None and not (table == "_buffers" and isinstance(value, Tensor)):
            raise ArgumentError(
                f"cannot assign '{type(value).__name__}' as {table[1:-1]} '{name}' ({takes} or None expected)"
            )
        self.__dict__[table][name] = value

    def __getattr__(self, name: str) -> Any:
        for table in _TABLES:
            held = self.__dict__.get(table)
            if held is not None and name in held:
                return held[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__[table]:
                del self.__dict__[table][name]
                self._transient.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(n for t in _TABLES for n in self.__dict__[t])})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make ``param`` a parameter of the module under this name; None keeps the name without one.

        Raises: `ArgumentError` for another kind, or a name that cannot be an attribute.
        """
        _check_name(self, name, "parameter", "_parameters")
        if param is not None and not isinstance(param, Parameter):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ArgumentError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly."
            )
        _forget(self, name, but="_parameters")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:  # noqa: FBT001
        """Keep a tensor that is no parameter; a persistent one is part of the state.

        Raises: `ArgumentError` for another kind, or a name that cannot be an attribute.
        """
        _check_name(self, name, "buffer", "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor required)")
        self._buffers[name] = tensor
        self._transient.discard(name) if persistent else self._transient.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a part of this one under this name."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a part of this one under this name.

        Raises: `ArgumentError` for another kind, or a name that cannot be an attribute.
        """
        if module is not None and not isinstance(module, Module):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"{type(module).__name__} is not a Module subclass")
        _check_name(self, name, "module", "_modules")
        self._modules[name] = module

    # What it is made of

    def named_modules(
        self,
        memo: set[int] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,  # noqa: FBT001
    ) -> Iterator[tuple[str, Module]]:
        """The module itself and all below it, by dotted name; each once."""
        seen = set[int]() if memo is None else memo
        if remove_duplicate:
            if id(self) in seen:
                return
            seen.add(id(self))
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(seen, _dotted(prefix, name), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """The module itself and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules right below this one, each once."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules right below this one."""
        return (child for _, child in self.named_children())

    def named_parameters(
        self,
        prefix: str = "",
        recurse: bool = True,  # noqa: FBT001
        remove_duplicate: bool = True,  # noqa: FBT001
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters by dotted name, those of modules below too; one that is shared comes once."""
        return self._named("_parameters", prefix, recurse=recurse, once=remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:  # noqa: FBT001 - torch's signature
        """Parameters, those of modules below too."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self,
        prefix: str = "",
        recurse: bool = True,  # noqa: FBT001
        remove_duplicate: bool = True,  # noqa: FBT001
    ) -> Iterator[tuple[str, Tensor]]:
        """Buffers by dotted name, those of modules below too."""
        return self._named("_buffers", prefix, recurse=recurse, once=remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:  # noqa: FBT001 - torch's signature
        """Buffers, those of modules below too."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def _named(self, table: str, prefix: str, *, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        parts = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in parts:
            for name, value in module.__dict__[table].items():
                if value is None or (once and id(value) in seen):
                    continue
                seen.add(id(value))
                yield _dotted(path, name), value

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; the module itself for an empty one.

        Raises: `AttributeError` naming the part that is missing.
        """
        found: Any = self
        for part in target.split(".") if target else ():
            found = getattr(found, part)
            if not isinstance(found, Module):
                raise AttributeError(f"`{part}` is not a Module")
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not a Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return getattr(module, name)

    # State

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name; off the tape, over the same storages."""
        return save(self, prefix=prefix, keep_vars=keep_vars)

    def load_state_dict(
        self,
        state_dict: Mapping[str, Tensor],
        strict: bool = True,  # noqa: FBT001
        assign: bool = False,  # noqa: FBT001
    ) -> KeyDifference:
        """Copy a state into the module's tensors, or make its tensors the module's (``assign``).

        Raises: `StateError` listing every missing and unexpected key (if ``strict``) and every wrong shape; then
                nothing has been copied.
        """
        return load(self, state_dict, strict=strict, assign=assign)

    # The whole at once

    def train(self: M, mode: bool = True) -> M:  # noqa: FBT001 - torch's signature
        """Let all parts behave as in training (dropout drops, normalisation takes the batch's statistics)."""
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Let all parts behave as in use."""
        return self.train(False)

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call ``fn`` with each module below, then with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def requires_grad_(self: M, requires_grad: bool = True) -> M:  # noqa: FBT001 - torch's signature
        """Let all parameters ask for a gradient, or none."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:  # noqa: FBT001 - torch's signature
        """Forget the parameters' gradients, or make them zero."""
        for p in self.parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad = p.grad.detach().zero_()

    def to(self: M, target: Any = None, *, dtype: DType | None = None, device: Any = None, **_: Any) -> M:
        """Convert floating parameters and buffers to a dtype; there is only one device.

        Raises: `DTypeError` for a dtype that is not floating.
        """
        from tensorlab.core.device import device as device_type

        wanted = target if isinstance(target, DType) else target.dtype if isinstance(target, Tensor) else dtype
        named = device if device is not None else target if isinstance(target, (str, device_type)) else None
        if named is not None:
            device_type(str(named))
        if wanted is None:
            return self
        if not wanted.is_floating_point:
            raise DTypeError(f"Module.to: takes a floating point dtype, got {wanted.name}")
        for module in self.modules():
            for table in ("_parameters", "_buffers"):
                for name, value in module.__dict__[table].items():
                    if value is not None and value.dtype.is_floating_point and value.dtype is not wanted:
                        _convert(module, table, name, value, wanted)
        return self

    def float(self: M) -> M:
        """All floating parameters and buffers as float32."""
        return self.to(_dtype("float32"))

    def double(self: M) -> M:
        """All floating parameters and buffers as float64."""
        return self.to(_dtype("float64"))

    def half(self: M) -> M:
        """All floating parameters and buffers as float16."""
        return self.to(_dtype("float16"))

    def bfloat16(self: M) -> M:
        """All floating parameters and buffers as bfloat16."""
        return self.to(_dtype("bfloat16"))

    def cpu(self: M) -> M:
        """The module itself: there is only one device."""
        return self

    # Printing

    def extra_repr(self) -> str:
        """What stands in the parentheses of the module's own line."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        parts = [f"({name}): {_indented(repr(child))}" for name, child in self._modules.items()]
        if not parts and len(extra) <= 1:
            return f"{self._get_name()}({extra[0] if extra else ''})"
        return f"{self._get_name()}(\n  " + "\n  ".join([*extra, *parts]) + "\n)"


def _add(hooks: dict[int, Any], entry: Any, *, prepend: bool) -> RemovableHandle:
    handle = add_hook(hooks, entry)
    if prepend:
        others = {k: v for k, v in hooks.items() if k != handle.id}
        hooks.clear()
        hooks.update({handle.id: entry, **others})
    return handle


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _indented(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line for line in rest)])


def _forget(module: Module, name: str, *, but: str) -> None:
    """A name is in one table at most."""
    module.__dict__.pop(name, None)
    for table in _TABLES:
        if table != but:
            module.__dict__[table].pop(name, None)


def _check_name(module: Module, name: object, kind: str, table: str) -> None:
    if "_parameters" not in module.__dict__:
        raise ArgumentError(f"cannot assign {kind} before Module.__init__() call")
    if not isinstance(name, str):
        raise ArgumentError(f"{kind} name should be a string. Got {type(name).__name__}")
    if "." in name or not name:
        raise ArgumentError(f'{kind} name can\'t be empty or contain ".", got: {name!r}')
    if hasattr(module, name) and name not in module.__dict__[table]:
        raise ArgumentError(f"attribute '{name}' already exists")


def _convert(module: Module, table: str, name: str, value: Any, wanted: DType) -> None:
    if table == "_buffers":
        module.__dict__[table][name] = value.to(wanted)
        return
    value.data = value.detach().to(wanted)  # the parameter stays the object that optimisers know
    if value.grad is not None:
        gradient, value.grad = value.grad, None
        value.grad = gradient.detach().to(wanted)


def _dtype(name: str) -> DType:
    from tensorlab.core.dtype import BY_NAME

    return BY_NAME[name]
