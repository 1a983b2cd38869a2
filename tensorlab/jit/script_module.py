"""Scripted modules: a module's tensors, parts and attributes, and its methods as graphs."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import RLock
from types import FunctionType, MethodType
from typing import Any, cast

from tensorlab.core.config import config
from tensorlab.core.tensor import Tensor
from tensorlab.jit.arguments import Parameters
from tensorlab.jit.binding import bind
from tensorlab.jit.differentiable import GradientProgram
from tensorlab.jit.function import ScriptFunction, Stage
from tensorlab.jit.ir import Block, Graph
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.scripting.frontend import Method, compile_methods
from tensorlab.jit.scripting.markers import mark_of
from tensorlab.jit.scripting.module_types import check_annotations
from tensorlab.jit.scripting.modules import CONTAINERS
from tensorlab.jit.specialisations import LIMIT, Specialisation, Specialisations
from tensorlab.nn.module import Module

_SHARED = ("original_class", "pipeline")
_PLAIN = (bool, int, float, str, type(None))


class ScriptMethod:
    """A method of a scripted module: its graph takes the module first.

    A call runs the program for the modes and numbers that the module has by then; see `binding`.
    """

    def __init__(self, module: Module, name: str, method: Method, pipeline: Pipeline) -> None:
        self.graph = method.graph
        self.name = self.__name__ = name
        self.__doc__ = method.doc
        self.pipeline = pipeline
        self.defaults = dict(method.defaults)
        self._binding = bind(method.graph, module)
        given = method.graph.inputs[1:]
        self._takes = Parameters(Graph(name, Block(params=given)), self.defaults)
        self._functions: OrderedDict[tuple[Any, ...], ScriptFunction] = OrderedDict()
        self._lock = RLock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function()(*self._arguments(args, kwargs))

    def function(self) -> ScriptFunction:
        """The compiled function for the module's present modes and numbers; it takes the tensors last."""
        settings = self._binding.settings()
        found = self._functions.get(settings)
        if found is not None:
            return found
        with self._lock:
            found = self._functions.get(settings)
            if found is None:
                found = ScriptFunction(
                    self._binding.bound(), kind="scripted", pipeline=self.pipeline, defaults=self.defaults
                )
                self._functions[settings] = found
                if len(self._functions) > LIMIT:
                    self._functions.popitem(last=False)
        return found

    def _arguments(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        if kwargs or len(args) != len(self._takes.names):
            args, _ = self._takes.prepare(args, kwargs)
        return [*args, *self._binding.arguments()]

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """Run the graph one instruction at a time."""
        return self.function().interpret(*self._arguments(args, kwargs))

    def graph_and_inputs(self, *args: Any, **kwargs: Any) -> tuple[Graph, list[Any]]:
        """What `interpret` runs for a call: the graph for the module's present modes, and what it is given."""
        return self.function().graph_and_inputs(*self._arguments(args, kwargs))

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph for arguments of these types, in the module's present mode."""
        return self.specialisation_for(*args, **kwargs).graph

    def specialisation_for(self, *args: Any, **kwargs: Any) -> Specialisation:
        """The compilation for arguments of these types, made if it is not there."""
        return self.function().specialisation_for(*self._arguments(args, kwargs))

    def gradient_program(self, *args: Any, **kwargs: Any) -> GradientProgram:
        """How a call with these arguments is run and differentiated."""
        return self.function().gradient_program(*self._arguments(args, kwargs))

    def frozen(self, *, keep: frozenset[str] = frozenset()) -> tuple[Graph, dict[str, Tensor]]:
        """The graph with copies of the tensors as constants, and those by path; paths in ``keep`` are not copied."""
        held = {part.path: part.read() for part in self._binding.tensors}
        copied = {path: t if path in keep else t.detach().clone() for path, t in held.items()}
        return self._binding.bound(constants=copied, shared=keep), copied

    def archived(self) -> tuple[Graph, dict[str, Tensor]]:
        """The graph with the tensors as constants, and those by path: what an archive takes."""
        held = {part.path: part.read().detach() for part in self._binding.tensors}
        return self._binding.bound(constants=held, shared=frozenset(held)), held

    @property
    def code(self) -> str:
        """The graph as readable Python."""
        from tensorlab.jit.code import graph_to_code

        return graph_to_code(self.graph)

    @property
    def schema(self) -> str:
        """Parameters with their types, and the results' types."""
        takes = str(self._takes).removeprefix("takes (").removesuffix(")")
        results = ", ".join(str(v.type) for v in self.graph.outputs)
        self_ = f"{self.graph.inputs[0].type} self"
        return f"{self.name}({self_}{', ' if takes else ''}{takes}) -> {results}"

    def __repr__(self) -> str:
        return f"<scripted method {self.schema}>"


class ScriptModule(Module):
    """What ``script`` makes of a module. It shares the module's tensors: training one trains the other.

    ``training``, parameters, buffers and attributes are read at each call. Attributes are the scripted module's own.
    """

    original_class: type
    original_name: str

    def __init__(self, module: Module, *, pipeline: Pipeline = DEFAULT, made: dict[int, Module] | None = None) -> None:
        super().__init__()
        memo = {} if made is None else made
        memo[id(module)] = self
        own, held = self.__dict__, module.__dict__
        own["original_class"], own["original_name"] = type(module), type(module).__name__
        own["pipeline"], own["_methods"] = pipeline, {}
        for table in ("_parameters", "_buffers", "_non_persistent_buffers_set"):
            own[table].update(held[table])
        for name, value in _class_values(type(module)).items():
            own.setdefault(name, value)
        for name, value in held.items():
            if name == "training" or not (name.startswith("_") and name in Module().__dict__):
                own[name] = _copied(value)
        for name, child in held["_modules"].items():
            own["_modules"][name] = child if child is None else _scripted(child, pipeline, memo)

    def compile(self) -> None:
        """Compile ``forward`` and what is exported.

        Raises: `ScriptError` at the place of what is outside the language.
        """
        check_annotations(self)
        static = [(name, inspect.getattr_static(self.original_class, name)) for name in dir(self.original_class)]
        names = [name for name, found in static if mark_of(found) == "export"]
        forward = inspect.getattr_static(self.original_class, "forward", None)
        if forward is not Module.forward and not mark_of(forward):
            names.insert(0, "forward")
        self._compile(names)

    def _compile(self, names: Sequence[str]) -> None:
        compiled = compile_methods(self, names)
        made = {name: ScriptMethod(self, name, method, self.pipeline) for name, method in compiled.items()}
        self.__dict__["_methods"].update(made)
        hidden = {name: method for name, method in made.items() if name != "forward" and name in vars(Module)}
        self.__dict__.update(hidden)  # a user's own ``half`` goes before that of every module

    def method(self, name: str) -> ScriptMethod:
        """A method as a graph, compiled if it is not yet.

        Raises: `ScriptError`.
        """
        methods: dict[str, ScriptMethod] = self.__dict__["_methods"]
        if name not in methods:
            self._compile([name])
        return methods[name]

    @property
    def forward(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - torch's too is an object to call
        """The method that calling the module runs."""
        found = inspect.getattr_static(self.original_class, "forward", None)
        if found is Module.forward or mark_of(found) in ("ignore", "unused"):
            return MethodType(cast("FunctionType", found), self)
        return self.method("forward")

    @property
    def graph(self) -> Graph:
        """The graph of ``forward``; its first input is the module."""
        return self.method("forward").graph

    @property
    def inlined_graph(self) -> Graph:
        """The same: what a scripted method calls is put in place as it is compiled."""
        return self.graph

    @property
    def code(self) -> str:
        """``forward`` as readable Python."""
        return self.method("forward").code

    @property
    def schema(self) -> str:
        """Parameters of ``forward`` with their types, and its results' types."""
        return self.method("forward").schema

    @property
    def records(self) -> tuple[PassRecord, ...]:
        """What each pass did, for the latest call in the present mode."""
        return self.method("forward").function().records

    @property
    def programs(self) -> tuple[Specialisation, ...]:
        """Every compilation of the present mode that is kept."""
        return self.method("forward").function().programs

    @property
    def specialisations(self) -> Specialisations:
        """What `programs` holds, as data, as of a function."""
        return self.method("forward").function().specialisations

    @property
    def latest(self) -> Specialisation | None:
        """The compilation of the present mode that was called last."""
        return self.method("forward").function().latest

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph for arguments of these types, in the present mode."""
        return self.method("forward").graph_for(*args, **kwargs)

    def specialisation_for(self, *args: Any, **kwargs: Any) -> Specialisation:
        """The compilation for arguments of these types, made if it is not there."""
        return self.method("forward").specialisation_for(*args, **kwargs)

    def gradient_program(self, *args: Any, **kwargs: Any) -> GradientProgram:
        """How a call with these arguments is run and differentiated."""
        return self.method("forward").gradient_program(*args, **kwargs)

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` one instruction at a time."""
        return self.method("forward").interpret(*args, **kwargs)

    def graph_and_inputs(self, *args: Any, **kwargs: Any) -> tuple[Graph, list[Any]]:
        """What `interpret` runs for a call: the graph of ``forward``, and what it is given."""
        return self.method("forward").graph_and_inputs(*args, **kwargs)

    def stages(self, stage: Stage) -> str:
        """The text of one stage of the latest call's compilation."""
        return self.method("forward").function().stages(stage)

    def save(self, path: str | Path) -> None:
        """Write an archive of ``forward`` in the present mode, with the tensors under their names; see `archive`.

        Raises: `ArchiveError` where the path cannot be written, `GraphError` where the graph has no form in code: what
                assigns attributes, or calls into Python.
        """
        from tensorlab.jit.archive import archive_name
        from tensorlab.jit.archive import save as save_archive

        graph, tensors = self.method("forward").archived()
        save_archive(path, self.original_name, graph, {archive_name(name): t for name, t in tensors.items()})

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptModule:
        """A scripted module of its own, with copies of the tensors; it compiles when it is called."""
        made = memo[id(self)] = ScriptModule.__new__(ScriptModule)
        methods: dict[str, ScriptMethod] = self.__dict__["_methods"]
        for name, value in self.__dict__.items():
            if name == "_methods":
                made.__dict__[name] = {}
            elif name not in methods:
                made.__dict__[name] = value if name in _SHARED else copy.deepcopy(value, memo)
        if hidden := [name for name in methods if name in self.__dict__]:
            made._compile(hidden)
        return made

    # As Python sees it

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and "original_class" in self.__dict__:
            found = inspect.getattr_static(self.original_class, name, None)
            if isinstance(found, property) and found.fget is not None:
                return found.fget(self)
            if isinstance(found, staticmethod):
                return found.__func__
            if isinstance(found, FunctionType) and name not in vars(Module):
                if issubclass(self.original_class, CONTAINERS) or mark_of(found) in ("ignore", "unused"):
                    return MethodType(found, self)
                return self.method(name)
        return super().__getattr__(name)

    def _get_name(self) -> str:
        return "RecursiveScriptModule"

    def extra_repr(self) -> str:
        return f"original_name={self.original_name}"

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts())

    def __contains__(self, key: Any) -> bool:
        return key in self._parts()

    def __getitem__(self, index: Any) -> Any:
        return self._container("__getitem__")(self, index)

    def _parts(self) -> list[Any]:
        return list(self._container("__iter__")(self))

    def _container(self, name: str) -> Any:
        if not issubclass(self.original_class, CONTAINERS):
            raise TypeError(f"{self.original_name!r} object is no container of modules")
        return getattr(self.original_class, name)


def _class_values(plain: type) -> dict[str, Any]:
    """Numbers and strings that a class has: attributes of its modules as well."""
    found: dict[str, Any] = {}
    for base in reversed(plain.__mro__):
        if base is object or base is Module:
            continue
        for name, value in vars(base).items():
            plain_tuple = isinstance(value, tuple) and all(isinstance(v, _PLAIN) for v in cast("tuple[Any]", value))
            if not name.startswith("__") and (isinstance(value, _PLAIN) or plain_tuple):
                found[name] = value
    return found


def _copied(value: Any) -> Any:
    """An attribute of its own: a list or a dict is written to without the module's changing."""
    if isinstance(value, list):
        return list(cast("list[Any]", value))
    return dict(cast("dict[Any, Any]", value)) if isinstance(value, dict) else value


def _scripted(module: Module, pipeline: Pipeline, made: dict[int, Module]) -> Module:
    if isinstance(module, (ScriptModule, ScriptFunction)):
        return module
    found = made.get(id(module))
    return ScriptModule(module, pipeline=pipeline, made=made) if found is None else found


def script_module(module: Module, *, pipeline: Pipeline = DEFAULT) -> Any:
    """Compile a module; with ``TENSORLAB_JIT=0`` the module itself comes back.

    Raises: `ScriptError` at the place of what is outside the language.
    """
    if isinstance(module, ScriptModule) or not config().jit:
        return module
    made = ScriptModule(module, pipeline=pipeline)
    made.compile()
    return made
