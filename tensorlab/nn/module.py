"""Modules: functions with parameters, made of one another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tensorlab.autograd import Tensor
from tensorlab.autograd.node import RemovableHandle, add_hook
from tensorlab.core.dtype import BY_NAME, DType
from tensorlab.errors import ArgumentError, AssignmentError, RangeError
from tensorlab.nn.attributes import TABLES, check_name, check_started, forget, holder, replace, type_name
from tensorlab.nn.backward_hooks import BackwardWatch
from tensorlab.nn.conversion import convert, target
from tensorlab.nn.parameter import Buffer, Parameter
from tensorlab.nn.printing import module_text
from tensorlab.nn.state import KeyDifference, load, save
from tensorlab.nn.tree import dotted, entry, members, submodule

M = TypeVar("M", bound="Module")
Hook = Callable[..., Any]


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
        for table in TABLES:
            plain(table, {})
        plain("_non_persistent_buffers_set", set())
        for hooks in ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks"):
            plain(hooks, {})

    # The call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise ArgumentError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before: dict[int, tuple[Hook, bool]] = self._forward_pre_hooks
        after: dict[int, tuple[Hook, bool]] = self._forward_hooks
        if not (before or after or self._backward_hooks or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        for hook, with_kwargs in list(before.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is None:
                continue
            if not with_kwargs:
                args = changed if isinstance(changed, tuple) else (changed,)
            elif isinstance(changed, tuple) and len(changed) == 2:
                args, kwargs = changed
            else:
                raise ArgumentError(
                    f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                )
        watch = None
        if self._backward_hooks or self._backward_pre_hooks:
            watch = BackwardWatch(self, self._backward_pre_hooks.values(), self._backward_hooks.values())
            args = watch.arguments(args)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(after.values()):
            changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            result = result if changed is None else changed
        return result if watch is None else watch.results(result)

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each ``forward``; what it gives, if anything, replaces the arguments."""
        return _add(self._forward_pre_hooks, (hook, with_kwargs), prepend=prepend)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call ``hook(module, args, result)`` after each ``forward``; what it gives, if anything, replaces that."""
        return _add(self._forward_hooks, (hook, with_kwargs), prepend=prepend)

    def register_full_backward_pre_hook(
        self,
        hook: Hook,
        prepend: bool = False,  # noqa: FBT001 - torch's signature
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` once the gradients of the module's result are there."""
        return _add(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(
        self,
        hook: Hook,
        prepend: bool = False,  # noqa: FBT001 - torch's signature
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` once the gradients of the module's arguments are there."""
        return _add(self._backward_hooks, hook, prepend=prepend)

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            check_started(self, "parameters")
            self.register_parameter(name, value, _replaces=True)
            return
        table = holder(self, name)
        if table == "_parameters":
            replace(self, table, name, value)
        elif isinstance(value, Module):
            check_started(self, "module")
            forget(self, name, but="_modules")
            self._modules[name] = value
        elif isinstance(value, Buffer):
            check_started(self, "buffer")
            forget(self, name, but="_buffers")
            self.register_buffer(name, value, value.persistent)
        elif table is not None:
            replace(self, table, name, value)
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        tables = self.__dict__
        for table in TABLES:
            if table in tables and name in tables[table]:
                return tables[table][name]
        raise AssignmentError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        table = holder(self, name)
        if table is None:
            super().__delattr__(name)
            return
        del self.__dict__[table][name]
        self._non_persistent_buffers_set.discard(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *(n for t in TABLES for n in self.__dict__.get(t, ()))}
        return sorted(n for n in names if not n[:1].isdigit())

    def register_parameter(self, name: str, param: Parameter | None, *, _replaces: bool = False) -> None:
        """Make ``param`` a parameter of the module under this name; None keeps the name without one.

        Raises: `ArgumentError` for another kind, `AttributeKeyError` for a name that cannot be an attribute,
                `RangeError` for a parameter with a history.
        """
        if _replaces:
            forget(self, name, but="_parameters")
        check_name(self, name, "parameter", "_parameters")
        if param is not None and not isinstance(param, Parameter):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"cannot assign '{type_name(param)}' object to parameter '{name}' (tensorlab.nn.Parameter or None "
                "required)"
            )
        if param is not None and param.grad_fn is not None:
            raise RangeError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:  # noqa: FBT001
        """Keep a tensor that is no parameter; a persistent one is part of the state.

        Raises: `ArgumentError` for another kind, `AttributeKeyError` for a name that cannot be an attribute.
        """
        check_name(self, name, "buffer", "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"cannot assign '{type_name(tensor)}' object to buffer '{name}' (tensorlab Tensor or None required)"
            )
        self._buffers[name] = tensor
        transient: set[str] = self._non_persistent_buffers_set
        transient.discard(name) if persistent else transient.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a part of this one under this name."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a part of this one under this name.

        Raises: `ArgumentError` for another kind, `AttributeKeyError` for a name that cannot be an attribute.
        """
        if module is not None and not isinstance(module, Module):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"{type_name(module)} is not a Module subclass")
        check_name(self, name, "module", "_modules")
        self._modules[name] = module

    # What it is made of

    def named_modules(
        self,
        memo: set[Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,  # noqa: FBT001
    ) -> Iterator[tuple[str, Module]]:
        """The module itself and all below it, by dotted name; each once."""
        seen = set[Module]() if memo is None else memo
        if remove_duplicate:
            if self in seen:
                return
            seen.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(seen, dotted(prefix, name), remove_duplicate)

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
        return members(self, "_parameters", prefix, recurse=recurse, once=remove_duplicate)

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
        return members(self, "_buffers", prefix, recurse=recurse, once=remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:  # noqa: FBT001 - torch's signature
        """Buffers, those of modules below too."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; the module itself for an empty one.

        Raises: `AssignmentError` naming the part that is missing.
        """
        return submodule(self, target)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        return entry(self, target, "_parameters")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        return entry(self, target, "_buffers")

    # State

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> OrderedDict[str, Tensor]:
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
            raise RangeError("training mode is expected to be boolean")
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
                p.grad.detach_().requires_grad_(False).zero_()

    def to(self: M, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False) -> M:
        """Convert floating parameters and buffers to a dtype; there is only one device.

        Raises: `DTypeError` for a dtype that is not floating.
        """
        wanted = target(args, dtype, device)
        if wanted is not None:
            convert(self, wanted)
        return self

    def float(self: M) -> M:
        """All floating parameters and buffers as float32."""
        return self.to(BY_NAME["float32"])

    def double(self: M) -> M:
        """All floating parameters and buffers as float64."""
        return self.to(BY_NAME["float64"])

    def half(self: M) -> M:
        """All floating parameters and buffers as float16."""
        return self.to(BY_NAME["float16"])

    def bfloat16(self: M) -> M:
        """All floating parameters and buffers as bfloat16."""
        return self.to(BY_NAME["bfloat16"])

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
        return module_text(self._get_name(), self.extra_repr(), [(n, repr(m)) for n, m in self._modules.items()])


def _add(hooks: dict[int, Any], entry: Any, *, prepend: bool) -> RemovableHandle:
    handle = add_hook(hooks, entry)
    if prepend:
        others = {k: v for k, v in hooks.items() if k != handle.id}
        hooks.clear()
        hooks.update({handle.id: entry, **others})
    return handle
