"""A loop through Numba once more, with the line of the loop's text noted at each of LLVM's instructions.

Debug information changes nothing of what LLVM makes of code, as long as it names places alone: what Numba adds for
debuggers (variables kept in memory, functions that are not inlined) is left out. Whether it is so, `located` sees by
comparing. The notes are never part of what runs: nothing of this enters the cache of loops.
"""

from __future__ import annotations

import ast
import types
import warnings
from functools import lru_cache
from typing import Any

from numba.core import compiler, debuginfo, sigutils  # noqa: TID253 - as `lowering`, which it repeats
from numba.core.errors import NumbaDebugInfoWarning  # noqa: TID253

from tensorlab.core import lowering
from tensorlab.core.lowering import Lowered

# Numba declares no types: its own things are Any here. Both compilations are one, but for the notes.
_compiler: Any = compiler
_signatures: Any = sigutils
_builder: Any = debuginfo.DIBuilder
_Constants: Any = lowering._Constants  # pyright: ignore[reportPrivateUsage]
_Pipeline: Any = lowering._Pipeline  # pyright: ignore[reportPrivateUsage]
_flags: Any = lowering._flags  # pyright: ignore[reportPrivateUsage]
_processor: Any = lowering._processor  # pyright: ignore[reportPrivateUsage]
_target: Any = lowering._target  # pyright: ignore[reportPrivateUsage]
_turn: Any = lowering._turn  # pyright: ignore[reportPrivateUsage]


class _Places(_builder):
    """Notes places, and nothing of variables and types."""

    def __init__(self, module: Any, filepath: str, cgctx: Any, **_: Any) -> None:
        _builder.__init__(self, module=module, filepath=filepath, cgctx=cgctx, directives_only=True)

    def mark_variable(self, *_: Any, **__: Any) -> None:
        """A variable has no place in memory that would have to be told."""

    def _di_subroutine_type(self, line: int, function: Any, argmap: Any) -> Any:
        return self.module.add_debug_info("DISubroutineType", {"types": self.module.add_metadata([])})


def lower_located(source: str, path: str, signature: str, name: str) -> Lowered:
    """As `lowering.lower` for a loop that went through it in this process before: that loads what Numba needs.

    Cost: 0.1 to 0.4 s.
    Raises: Numba's own errors.
    """
    module = types.ModuleType(f"tensorlab_loops.{name}")
    module.__file__ = path
    tree: ast.Module = _Constants(module.__dict__).visit(ast.parse(source, path))
    exec(compile(tree, path, "exec"), module.__dict__)  # noqa: S102 - our own generated text
    arguments, result = _signatures.normalize_signature(signature)
    with _turn, warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaDebugInfoWarning)  # of functions of Numba's own without a file
        found = _compiler.compile_extra(
            _processor.typing_context,
            _placing_target(),
            module.loop,
            arguments,
            result,
            _flags(),
            {},
            pipeline_class=_Pipeline,
        )
        found.library.finalize()
    return Lowered(found)


@lru_cache(maxsize=1)
def _placing_target() -> Any:
    target = _target().subtarget(enable_debuginfo=True, DIBuilder=_Places)
    target.load_additional_registries = lambda: None  # the other compilation did
    return target
