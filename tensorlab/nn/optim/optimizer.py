"""What optimisers share: groups of parameters with their options, a state for each parameter, both out and in again."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import chain
from typing import Any

from tensorlab.autograd import Tensor, enable_grad, no_grad
from tensorlab.autograd.node import RemovableHandle, add_hook
from tensorlab.errors import ArgumentError, RangeError

Group = dict[str, Any]
Closure = Callable[[], Any]
ParamsT = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()  # the default of an option that each group has to give


class Optimizer:
    """Parameters in groups, each with options of its own; ``defaults`` holds the options that a group doesn't give.

    A subclass defines `update_group`, or `step` as a whole.
    """

    steps_taken = 0  # schedulers ask whether they come too early

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = with_hooks(cls.__dict__["step"])

    def __init__(self, params: ParamsT, defaults: Group) -> None:
        self.defaults = defaults
        self.state: defaultdict[Any, Group] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._before: dict[int, Callable[..., Any]] = {}
        self._after: dict[int, Callable[..., Any]] = {}
        self._step_depth = 0
        if isinstance(params, Tensor):
            raise ArgumentError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got Tensor"
            )
        groups: list[Any] = list(params)
        if not groups:
            raise RangeError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": params if isinstance(params, set) else groups}]
        for group in groups:
            self.add_param_group(group)

    # Groups

    def add_param_group(self, param_group: Group) -> None:
        """Take more parameters in: ``{"params": ..., option: value, ...}``.

        Raises: `ArgumentError` or `RangeError`, in torch's words, for what is no group of leaf tensors, or for
                parameters that are there already.
        """
        if not isinstance(param_group, dict):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
            raise ArgumentError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        listed, names = _listed_params(group["params"])
        if names:
            group["param_names"] = names
        for p in listed:
            if not isinstance(p, Tensor):
                raise ArgumentError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(p).__module__}."
                    f"{type(p).__qualname__}"
                )
            if not (p.is_leaf or p.retains_grad):
                raise RangeError("can't optimize a non-leaf Tensor")
        group["params"] = listed
        for name, value in self.defaults.items():
            if value is required and name not in group:
                raise RangeError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, value)
        own = {id(p) for p in listed}
        if len(own) != len(listed):
            warnings.warn("optimizer contains a parameter group with duplicate parameters", stacklevel=3)
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other):
                raise RangeError("all optimizer param groups should be with/without names")
            if any(id(p) in own for p in other["params"]):
                raise RangeError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:  # noqa: FBT001 - torch's signature
        """Forget all gradients, or make them zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach().zero_()

    # A step

    def step(self, closure: Closure | None = None) -> Any:
        """Update every parameter that has a gradient, after ``closure`` has worked the gradients out, if it is given.

        Gives what the closure gives.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update_group(group)
        return loss

    def update_group(self, group: Group) -> None:
        """Update the parameters of one group; a subclass defines it."""
        raise ArgumentError(f"{type(self).__name__} defines neither update_group nor step")

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; what it gives, if anything, replaces both."""
        return add_hook(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return add_hook(self._after, hook)

    # State

    def state_dict(self) -> Group:
        """States and options; parameters are numbers there, counted through all groups."""
        numbers = {id(p): k for k, p in enumerate(chain.from_iterable(g["params"] for g in self.param_groups))}
        state = {numbers.get(id(key), key): dict(value) for key, value in self.state.items()}
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of the states and options that `state_dict` gave; states get their parameter's dtype.

        Raises: `RangeError` for groups of another number or size, in torch's words; then nothing has changed.
        """
        saved: list[Group] = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise RangeError("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, saved, strict=True))
        if any(len(own["params"]) != len(other["params"]) for own, other in pairs):
            raise RangeError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = {n: p for own, other in pairs for n, p in zip(other["params"], own["params"], strict=True)}
        state: defaultdict[Any, Group] = defaultdict(dict)
        with no_grad():
            for number, held in state_dict["state"].items():
                if number in params:
                    state[params[number]] = {k: _taken(params[number], k, v) for k, v in held.items()}
                else:
                    state[number] = held
        for own, other in pairs:
            names = {"param_names": own["param_names"]} if "param_names" in own else {}
            own_params = own["params"]
            own.clear()
            own.update({**names, **other, "params": own_params})
        self.state = state

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            lines += [*([""] if k else []), f"Parameter Group {k}"]
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


def with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """An optimiser's step with its hooks around it, also where a subclass's step calls its parent's."""

    @wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._step_depth:
            return step(self, *args, **kwargs)
        for hook in list(self._before.values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                args, kwargs = changed
        self._step_depth += 1
        try:
            result = step(self, *args, **kwargs)
        finally:
            self._step_depth -= 1
        self.steps_taken += 1
        for hook in list(self._after.values()):
            hook(self, args, kwargs)
        return result

    return hooked


Optimizer.step = with_hooks(Optimizer.step)


def _listed_params(params: Any) -> tuple[list[Any], list[str]]:
    """Parameters as a list, with their names where all of them have one.

    Raises: `ArgumentError` for a set, `RangeError` where some names are missing.
    """
    if isinstance(params, (set, frozenset)):
        raise ArgumentError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    listed: list[Any] = [params] if isinstance(params, Tensor) else list(params)
    names = [p[0] for p in listed if isinstance(p, tuple)]
    if names and len(names) != len(listed):
        raise RangeError("all optimizer params should be with/without names. Some param names are missing")
    return [p[1] if isinstance(p, tuple) else p for p in listed], names


def _taken(param: Tensor, name: str, value: Any) -> Any:
    """A copy of a loaded state, in the parameter's dtype; counts stay what they are."""
    if isinstance(value, Tensor):
        wanted = param.dtype if name != "step" and value.dtype.is_floating_point else value.dtype
        return value.detach().to(wanted).clone()
    if isinstance(value, dict):
        return {k: _taken(param, k, v) for k, v in value.items()}
    return copy.deepcopy(value)


def check_number(name: str, value: Any, *, op: str, below: float | None = None) -> None:
    """Refuse an option that is negative, or not below a bound.

    Raises: `RangeError`, in torch's words.
    """
    if not (float(value) >= 0.0 and (below is None or float(value) < below)):
        raise RangeError(f"{op}: Invalid {name}: {value}")


def check_options(op: str, group: Mapping[str, Any]) -> None:
    """Refuse options that no update here has.

    Raises: `ArgumentError` for ``differentiable``: an update is one loop over all parameters, off the tape.
    """
    if group.get("differentiable"):
        raise ArgumentError(f"{op}: takes differentiable=False: updates are not written down")
