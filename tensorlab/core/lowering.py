"""Numba, cut down to what a loop needs: Python text in, LLVM's text out.

Three things are left out, which together take a third of the time: passes for what no loop has (closures, ``with``,
array expressions), machine code of Numba's own (`native` makes the only one), and the inference of types that the text
spells out: ``np.float32(0.5)`` is a constant of that type before Numba sees it.

Two things are added: how many vectors a loop goes at once, where a comment beside it says so (see `loops`), and a stack
on which a register of 32 bytes lies within one line of memory: one that lies across two costs several times as much
there and back.
"""

from __future__ import annotations

import ast
import linecache
import re
import types
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba.core import compiler, config, registry, sigutils, typed_passes, untyped_passes
from numba.core import compiler_machinery as machinery
from numba.core import ir as numba_ir
from numba.core import lowering as numba_lowering
from numba.core.codegen import AOTCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.cpu_options import FastMathOptions
from numba.core.errors import NumbaError
from numba.core.runtime.nrt import rtsys

from tensorlab.core.intrinsics import chosen

# Numba declares no types: its own things are Any here.
_compiler: Any = compiler
_config: Any = config
_signatures: Any = sigutils
_processor: Any = registry.cpu_target
_ahead_of_time: Any = AOTCPUCodegen
_turn: Any = global_compiler_lock
_runtime: Any = rtsys
_ir: Any = numba_ir
_Lower: Any = numba_lowering.Lower
_NativeLowering: Any = typed_passes.NativeLowering
_machinery: Any = machinery

_STACK_NBYTES = 32
_TURN = re.compile(r"# (\d+) vectors a turn$")


class _LoopLower(_Lower):
    """Numba's lowering, with what comments say of loops."""

    def pre_lower(self) -> None:
        _Lower.pre_lower(self)
        self.function.attributes.add("nounwind")  # llvmlite writes no other attribute where there is none by name
        self.function.attributes.alignstack = _STACK_NBYTES

    def lower_inst(self, inst: Any) -> None:
        _Lower.lower_inst(self, inst)
        if isinstance(inst, _ir.Jump):
            head: Any = self.blocks[inst.target].loc
            found = _TURN.search(linecache.getline(head.filename, head.line))
            if found and inst.loc.line != head.line:
                self.builder.block.terminator.set_metadata("llvm.loop", _turn_of(self.module, int(found[1])))


def _turn_of(module: Any, count: int) -> Any:
    """What LLVM reads at the jump back to a loop's beginning; each such node is its own first operand."""
    asked = module.add_metadata(["llvm.loop.interleave.count", ir.Constant(ir.IntType(32), count)])
    node: Any = ir.values.MDValue(module, (), name=str(len(module.metadata)))
    node.operands = (node, asked)
    return node


@_machinery.register_pass(mutates_CFG=True, analysis_only=False)
class _LoopLowering(_NativeLowering):
    """Numba's pass with a lowering of our own."""

    _name = "loop_lowering"

    @property
    def lowering_class(self) -> Any:
        return _LoopLower


_PASSES: tuple[Any, ...] = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.GenericRewrites,  # numbers known beforehand, and what is raised
    untyped_passes.ReconstructSSA,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    _LoopLowering,
    typed_passes.NoPythonBackend,
)


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """What Numba made of a loop."""

    result: Any

    @property
    def function(self) -> str:
        """The name of the loop in LLVM's text."""
        return self.result.fndesc.llvm_func_name

    def llvm(self) -> str:
        """The optimised LLVM text."""
        return self.result.library.get_llvm_str()

    def typed(self) -> str:
        """Numba's own IR under each line of the source, with the type of each variable."""
        return str(self.result.type_annotation)


def is_off() -> bool:
    """Whether Numba was told to compile nothing."""
    return bool(_config.DISABLE_JIT)


def lower(source: str, path: str, signature: str, name: str) -> Lowered:
    """The function ``loop`` of a module, for the one signature.

    Raises: Numba's own errors.
    """
    module = types.ModuleType(f"tensorlab_loops.{name}")
    module.__file__ = path
    tree: ast.Module = _Constants(module.__dict__).visit(ast.parse(source, path))
    exec(compile(tree, path, "exec"), module.__dict__)  # noqa: S102 - our own generated text
    with _turn:
        try:
            with _numbers_alone():
                return _compiled(module.loop, signature)
        except (NumbaError, NotImplementedError):  # wrong, or in need of something that was not loaded
            return _compiled(module.loop, signature)


def _compiled(loop: Any, signature: str) -> Lowered:
    arguments, result = _signatures.normalize_signature(signature)
    typing, target = _processor.typing_context, _target()
    typing.refresh()
    target.refresh()
    found = _compiler.compile_extra(typing, target, loop, arguments, result, _flags(), {}, pipeline_class=_Pipeline)
    found.library.finalize()
    return Lowered(found)


@contextmanager
def _numbers_alone() -> Generator[None]:
    """Let Numba load what it knows of numbers, ranges and tuples: loops have no arrays, lists or random numbers.

    All the rest, and SciPy's linear algebra with it, takes longer to load than five loops to compile. Whoever uses
    Numba beside us gets it at his first compilation, as Numba loads what it has not loaded yet before each.
    """
    targets = (_processor.target_context, _target())

    def load() -> None:
        whole = targets[0]
        _runtime.initialize(whole)
        for name in ("builtins", "numbers", "rangeobj", "tupleobj"):  # they register what they know by themselves
            import_module(f"numba.cpython.{name}")
        for name in ("numba.cpython.mathimpl", "numba.np.npyimpl"):
            module: Any = import_module(name)
            whole.install_registry(module.registry)

    for target in targets:
        target.load_additional_registries = load
    try:
        yield
    finally:
        for target in targets:
            del target.load_additional_registries


class _Constants(ast.NodeTransformer):
    """Puts in what the text spells out of NumPy (``np.float32``, ``np.float32(0.5)``), and what chooses."""

    def __init__(self, module: dict[str, Any]) -> None:
        self._module = module

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "np":
            return self._named(node, f"np_{node.attr}", getattr(np, node.attr))
        self.generic_visit(node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """A choice between what is there already needs no jump: LLVM then finds minima and maxima in it."""
        self.generic_visit(node)
        there = isinstance(node.body, ast.Name) and isinstance(node.orelse, ast.Name)
        if not there or not isinstance(node.test, ast.Compare) or len(node.test.ops) != 1:
            return node
        function = self._named(node, "chosen", chosen)
        return ast.copy_location(ast.Call(function, [node.test, node.body, node.orelse], []), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        number = _number(node.args[0]) if len(node.args) == 1 else None
        if number is None or not isinstance(node.func, ast.Name) or not node.func.id.startswith("np_"):
            return node
        kind: Any = self._module[node.func.id]
        with np.errstate(over="ignore"):
            value = np.asarray(number).astype(kind)[()]
        return self._named(node, f"{node.func.id}_{len(self._module)}", value)

    def _named(self, node: ast.expr, name: str, value: Any) -> ast.expr:
        self._module[name] = value
        return ast.copy_location(ast.Name(name, ast.Load()), node)


def _number(node: ast.expr) -> float | None:
    """The number that is written there, if it is one."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        below = _number(node.operand)
        return None if below is None else -below
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


class _Pipeline(_compiler.CompilerBase):
    """Numba's pipeline without what loops have none of."""

    def define_pipelines(self) -> list[Any]:
        manager: Any = PassManager("nopython")
        for each in _PASSES:
            manager.add_pass(each, each.__name__)
        manager.finalize()
        return [manager]


class _Codegen(_ahead_of_time):
    """LLVM's text for this very processor, and no machine code."""

    def _customize_tm_features(self) -> Any:
        return self._get_host_cpu_features()


@lru_cache(maxsize=1)
def _target() -> Any:
    return _processor.target_context.subtarget(_internal_codegen=_Codegen("tensorlab", "host"), aot_mode=True)


def _flags() -> Any:
    """Of LLVM's liberties "contract" alone: see `scalar_math`. Nothing calls a loop through Numba: no wrappers."""
    flags = _compiler.Flags()
    flags.error_model = "numpy"
    flags.fastmath = FastMathOptions({"contract"})
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.no_compile = True
    return flags
