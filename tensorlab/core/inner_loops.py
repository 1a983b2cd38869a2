"""Loops inside of one function: a module's functions called by its main one, tables of integers, checked arithmetic.

A module of generated text takes these by import, as it takes `intrinsics`. ``inner`` compiles a loop by itself and
links it in, where LLVM inlines it; ``table`` is constant data of the object file, so that LLVM sees the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types
from numba.core import compiler, sigutils
from numba.extending import intrinsic

from tensorlab.core import lowering

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.
_compiler: Any = compiler
_signatures: Any = sigutils
_flags: Any = lowering._flags  # pyright: ignore[reportPrivateUsage] - one function, compiled in two parts
_Pipeline: Any = lowering._Pipeline  # pyright: ignore[reportPrivateUsage]
_I64 = ir.IntType(64)


def inner(signature: str) -> Callable[[Any], Any]:
    """Decorator of a loop that the module's main function calls, ``@inner("void(int64, int64)")``."""
    arguments, result = _signatures.normalize_signature(signature)
    names = ", ".join(f"a{i}" for i in range(len(arguments)))

    def decorate(function: Any) -> Any:
        wanted = result(*arguments)
        compiled: list[Any] = []  # once, however often it is called

        def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            if not compiled:
                typing, flags = context.typing_context, _flags()
                made = _compiler.compile_extra(
                    typing, context, function, arguments, result, flags, {}, pipeline_class=_Pipeline
                )
                compiled.append(made)
            (found,) = compiled
            context.active_code_library.add_linking_library(found.library)
            return context.call_internal(builder, found.fndesc, wanted, args)

        # An intrinsic has a fixed number of arguments, each by a name.
        typing = eval(f"lambda _context, {names}: found", {"found": (wanted, codegen)})
        typing.__name__ = function.__name__
        return intrinsic(typing)

    return decorate


def table(*numbers: int) -> Any:
    """A function of no arguments that gives the address of these integers."""

    def typing(_context: Any) -> Any:
        """Nothing -> address (int64)."""

        def codegen(_context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
            kind = ir.ArrayType(_I64, len(numbers))
            held: Any = ir.GlobalVariable(builder.module, kind, builder.module.get_unique_name("table"))
            held.initializer = ir.Constant(kind, list(numbers))
            held.global_constant = True
            held.linkage = "internal"
            return builder.ptrtoint(held, _I64)

        return types.int64(), codegen

    typing.__name__ = f"table_of_{len(numbers)}"
    return intrinsic(typing)


def _overflow(name: str) -> Any:
    def typing(_context: Any, a: Any, b: Any) -> Any:
        """Two integers -> whether the result needs more than 64 bits."""

        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            pair = ir.LiteralStructType([_I64, ir.IntType(1)])
            function = ir.FunctionType(pair, [_I64, _I64])
            declared = builder.module.declare_intrinsic(f"llvm.{name}.with.overflow", [_I64], function)
            return builder.extract_value(builder.call(declared, args), 1)

        return types.boolean(types.int64, types.int64), codegen

    typing.__name__ = name
    return intrinsic(typing)


sum_overflows = _overflow("sadd")
difference_overflows = _overflow("ssub")
product_overflows = _overflow("smul")


def _status_at(_context: Any, address: Any, arguments: Any) -> Any:
    """Calls the loop at an address (`Loop.address`) with a tuple of numbers, and gives its status: 0 for done."""
    signature = types.int64(types.int64, arguments)

    def codegen(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [builder.extract_value(args[1], i) for i in range(len(sig.args[1]))]
        function = ir.FunctionType(ir.IntType(32), [v.type for v in values])
        return builder.sext(builder.call(builder.inttoptr(args[0], function.as_pointer()), values), _I64)

    return signature, codegen


status_at = intrinsic(_status_at)


def _move_bytes(_context: Any, target: Any, source: Any, nbytes: Any) -> Any:
    """Two addresses and a count -> nothing; the bytes are copied, whether they overlap or not."""
    signature = types.void(types.int64, types.int64, types.int64)

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        place = ir.IntType(8).as_pointer()
        kinds = [place, place, _I64]
        function = ir.FunctionType(ir.VoidType(), [*kinds, ir.IntType(1)])
        declared = builder.module.declare_intrinsic("llvm.memmove", kinds, function)
        to, of = (builder.inttoptr(a, place) for a in args[:2])
        builder.call(declared, [to, of, args[2], ir.IntType(1)(0)])
        return context.get_dummy_value()

    return signature, codegen


move_bytes = intrinsic(_move_bytes)
