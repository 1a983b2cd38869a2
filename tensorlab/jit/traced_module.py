"""A traced module: a compiled function with the parameters and buffers of the module that was traced, by name."""

from __future__ import annotations

from typing import Any, Self

from tensorlab.core.dtype import DType
from tensorlab.core.tensor import Tensor
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.tracing import Trace
from tensorlab.nn.module import Module


class TracedModule(ScriptFunction, Module):
    """What ``trace`` makes of a module. It shares the module's tensors: training one trains the other.

    Whether layers behave as in training was settled when the trace was made; ``train`` and ``eval`` only set
    ``training``.
    """

    def __init__(self, found: Trace, module: Module, *, pipeline: Pipeline, doc: str | None) -> None:
        Module.__init__(self)
        self.original_name = type(module).__name__
        self.methods: dict[str, ScriptFunction] = {}  # traced beside it; see `trace_module`
        copy_names(module, self)
        super().__init__(found.graph, kind="traced", pipeline=pipeline, escapes=found.escapes, doc=doc, trace=found)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Parameters and buffers by dotted name, as archives call them."""
        return named_tensors(self)

    def __getattr__(self, name: str) -> Any:
        methods = self.__dict__.get("methods", {})
        return methods[name] if name in methods else super().__getattr__(name)

    def to(self, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False) -> Self:
        """As a module's; the graph follows, and compiles anew."""
        before = named_tensors(self)
        super().to(*args, dtype=dtype, device=device, non_blocking=non_blocking)
        after = named_tensors(self)
        new = {id(before[name]): tensor for name, tensor in after.items()}
        for function in (self, *self.methods.values()):
            function.rebind(new)
        return self

    def _get_name(self) -> str:
        return self.original_name

    def __repr__(self) -> str:
        return Module.__repr__(self)


class _Part(Module):
    """A module below a traced one: names and tensors; what it computed is part of the trace."""

    def __init__(self, original_name: str) -> None:
        super().__init__()
        self.original_name = original_name

    def _get_name(self) -> str:
        return self.original_name


def copy_names(module: Module, copy: Module) -> None:
    """Give ``copy`` the tensors of a module and of all below it, under their names, and its mode."""
    made: dict[int, Module] = {}

    def fill(source: Module, target: Module) -> None:
        made[id(source)] = target
        target.__dict__["training"] = source.training
        # Past the checks of names: a child may be called as a method of compiled functions is.
        for table in ("_parameters", "_buffers", "_non_persistent_buffers_set"):
            target.__dict__[table].update(source.__dict__[table])
        for name, child in source.__dict__["_modules"].items():
            if child is not None and id(child) not in made:
                fill(child, _Part(getattr(child, "original_name", type(child).__name__)))
            target.__dict__["_modules"][name] = None if child is None else made[id(child)]

    fill(module, copy)


def named_tensors(module: Module) -> dict[str, Tensor]:
    """Parameters and buffers by dotted name, each once."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


class State:
    """A module's buffers before its forward ran: what it assigned anew is copied back, what it wrote can be undone."""

    def __init__(self, module: Module) -> None:
        self._places = [
            (part.__dict__["_buffers"], name, buffer)
            for part in module.modules()
            for name, buffer in part.__dict__["_buffers"].items()
            if buffer is not None
        ]
        self._saved = [buffer.detach().clone() for _, _, buffer in self._places]

    def settle(self) -> None:
        """Copy buffers that were replaced into the ones that were there, and put those back: a trace sees the copy.

        One of another shape or dtype stays what it is: a graph has no tensors that change their kind.
        """
        for table, name, buffer in self._places:
            found = table.get(name)
            if found is not buffer and isinstance(found, Tensor) and found.type == buffer.type:
                buffer.copy_(found)
                table[name] = buffer

    def restore(self) -> None:
        """Bring every buffer back to what it held."""
        for (table, name, buffer), saved in zip(self._places, self._saved, strict=True):
            if buffer.type == saved.type:
                buffer.detach().copy_(saved)
            table[name] = buffer
