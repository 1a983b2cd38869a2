"""LLVM's text of a loop without Numba: written by `loop_code`, optimised here as Numba has it optimised.

The passes and their order are Numba's, which decides the machine code as much as the text does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tensorlab.core import native
from tensorlab.core.loop_code import LoopCode
from tensorlab.core.loop_values import UnknownError

_NAME = "loop"


@dataclass(frozen=True, slots=True)
class Written:
    """Optimised LLVM text, and the name of the loop in it."""

    text: str
    function: str

    def llvm(self) -> str:
        """The text."""
        return self.text


def write(source: str, signature: str) -> Written | None:
    """The function ``loop`` of a module for the one signature; None where only Numba can.

    Cost: 20 ms, nearly all of it LLVM's; Numba takes 100 ms more.
    """
    try:
        code = LoopCode(source, signature, _NAME)
        text = code.text()
    except UnknownError:
        return None
    module = _linked(_with_function_passes(text))
    for name, helper in code.blocks.helpers.items():
        module.link_in(_helper(name, helper), preserve=True)
    _run_module_passes(module)
    return Written(str(module), _NAME)


@lru_cache(maxsize=16)
def _helper(name: str, text: str) -> Any:
    """What is put in place of its calls, optimised by itself first."""
    module = _with_function_passes(text)
    _run_module_passes(module)
    module.get_function(name).linkage = "linkonce_odr"
    return module


def _with_function_passes(text: str) -> Any:
    module = native.parsed(_head() + text)
    for function in module.functions:
        if not function.is_declaration:
            builder = _builder(3, vectorize=True)
            builder.getFunctionPassManager().run(function, builder)
    return module


def _run_module_passes(module: Any) -> None:
    """Cheap ones that bring loops into form, then all."""
    builder = _builder(0, vectorize=False)
    passes = builder.getModulePassManager()
    passes.add_loop_rotate_pass()
    passes.add_instruction_combine_pass()
    passes.add_jump_threading_pass()
    passes.run(module, builder)
    builder = _builder(3, vectorize=True)
    builder.getModulePassManager().run(module, builder)


def _linked(module: Any) -> Any:
    """The module's functions in one of their own, the defined ones first, without what nobody calls."""
    whole = native.parsed(_head())
    whole.link_in(module)
    return whole


def _builder(level: int, *, vectorize: bool) -> Any:
    llvm = native.llvm()
    options = llvm.create_pipeline_tuning_options()
    options.speed_level = level
    options.slp_vectorization = False
    options.loop_vectorization = vectorize
    return llvm.create_pass_builder(native.machine(), options)


@lru_cache(maxsize=1)
def _head() -> str:
    """What a module is for: the layout of numbers in memory decides alignments as soon as the text is read."""
    target = native.llvm().get_process_triple()
    return f'target triple = "{target}"\ntarget datalayout = "{native.machine().target_data}"\n'
