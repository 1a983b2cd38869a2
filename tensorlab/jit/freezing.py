"""`freeze`: a compiled module whose tensors are constants of its graph, for use alone.

Source: torch.jit.freeze of PyTorch 2, for what is refused and what stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, AssignmentError, StateError
from tensorlab.jit.build import clone
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import CAPTURED, CONSTANT, Graph
from tensorlab.jit.passes.freeze import drop_dropout, fold_norm
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.rewrite import Pass
from tensorlab.jit.script_module import ScriptModule
from tensorlab.jit.scripting.markers import mark_of
from tensorlab.jit.traced_module import TracedModule, named_tensors
from tensorlab.nn.module import Module

_SETTLE = Pipeline.parse("inline,constant,control,tuples,peephole,constant,control,dce")


class FrozenModule(ScriptFunction, Module):
    """What ``freeze`` makes of a compiled module: it has no parameters, and what is learnt later is not seen.

    ``preserved`` attributes are its own, under their names; ``freezing`` is what the passes did to the graph.
    """

    def __init__(self, graph: Graph, source: Any, preserved: dict[str, Any], *, traced: bool) -> None:
        Module.__init__(self)
        self.original_name: str = source.original_name
        self.methods: dict[str, ScriptFunction] = {}
        first = (drop_dropout,) if traced else ()
        self.freezing: tuple[PassRecord, ...] = replace(_SETTLE, passes=(*_SETTLE.passes, *first)).run(graph)
        pipeline: Pipeline = source.pipeline
        folding = replace(pipeline, passes=_with_folding(pipeline.passes))
        takes = source if traced else source.method("forward")
        nesting = source._nesting if traced else None  # pyright: ignore[reportPrivateUsage]
        ScriptFunction.__init__(
            self, graph, kind="frozen", pipeline=folding, doc=source.__doc__, defaults=getattr(takes, "defaults", None)
        )
        self._nesting = nesting
        self.__dict__["training"] = False
        for name, value in preserved.items():
            if isinstance(value, ScriptFunction):
                self.methods[name] = value
            else:
                setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        methods = self.__dict__.get("methods", {})
        return methods[name] if name in methods else super().__getattr__(name)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Preserved parameters and buffers by name."""
        return named_tensors(self)

    def _get_name(self) -> str:
        return "RecursiveScriptModule"

    def extra_repr(self) -> str:
        return f"original_name={self.original_name}"

    def __repr__(self) -> str:
        return Module.__repr__(self)


def _with_folding(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    """Passes with the folding of batch norms before the first fusion: once the checks of shapes are decided."""
    at = next((i for i, p in enumerate(passes) if p.name == "fuse"), len(passes))
    return (*passes[:at], fold_norm, *passes[at:])


def freeze(mod: Any, preserved_attrs: Sequence[str] | None = None, optimize_numerics: bool = True) -> FrozenModule:  # noqa: FBT001 - torch's signature
    """A scripted or traced module with its parameters and buffers as constants of the graph.

    What the mode decides is decided; batch norms go into the weights before them where their input's shape is known,
    at a call (not without ``optimize_numerics``). ``preserved_attrs`` are attributes and methods that stay.

    Raises: `ArgumentError` for what is no compiled module, `StateError` in training, `AssignmentError` for an attribute
            that is not there.
    """
    if not isinstance(mod, ScriptModule | TracedModule):
        raise ArgumentError(
            "Freezing expects a ScriptModule as input. Please use tensorlab.jit.script or tensorlab.jit.trace to "
            f"script your 'nn.Module', got {type(mod).__name__}"
        )
    if mod.training:
        raise StateError(
            "Freezing is currently only implemented for modules in eval mode. Please call .eval() on your module "
            "before freezing."
        )
    names = list(preserved_attrs or ())
    preserved = {name: _preserved(mod, name) for name in names}
    keep = frozenset(names)
    if isinstance(mod, ScriptModule):
        graph, _ = mod.method("forward").frozen(keep=keep)
    else:
        graph = _constants(mod, keep)
    found = FrozenModule(graph, mod, preserved, traced=isinstance(mod, TracedModule))
    if not optimize_numerics:
        found.pipeline = mod.pipeline
    return found


def optimize_for_inference(mod: Any, other_methods: Sequence[str] | None = None) -> FrozenModule:
    """A module frozen in eval mode; one that is frozen already comes back. ``other_methods`` stay, as in `freeze`.

    Raises: as `freeze`.
    """
    if isinstance(mod, FrozenModule):
        return mod
    return freeze(mod.eval() if isinstance(mod, Module) else mod, preserved_attrs=other_methods)


def _preserved(mod: Any, name: str) -> Any:
    if not hasattr(mod, name):
        raise AssignmentError(f"freeze: the module has no attribute {name!r} to preserve")
    if isinstance(mod, ScriptModule):
        found = getattr(mod.original_class, name, None)
        if callable(found) and not mark_of(found).startswith(("ignore", "unused")) and name not in mod.__dict__:
            graph, _ = mod.method(name).frozen()
            return ScriptFunction(graph, kind="frozen", pipeline=mod.pipeline, defaults=mod.method(name).defaults)
    return getattr(mod, name)


def _constants(mod: TracedModule, keep: frozenset[str]) -> Graph:
    """A copy of a trace's graph with copies of the tensors that others hold."""
    own = clone(mod.graph)
    kept = {id(tensor) for name, tensor in named_tensors(mod).items() if name in keep}
    for node in own.nodes():
        held = node.attributes.get("value")
        if node.kind == CONSTANT and isinstance(held, Tensor) and id(held) not in kept:
            node.attributes["value"] = held.detach().clone()
            node.attributes.pop(CAPTURED, None)
    return own
