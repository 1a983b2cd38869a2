"""Checks of tensorlab itself: memory, loops and their cache, arithmetic, BLAS, native entries."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from tensorlab.doctor.records import Finding, failure, ok, warning
from tensorlab.errors import CompileError, RangeError

_SIZE = 1000
_DIGEST_NBYTES = 32  # behind the machine code in its file
_LOOP = '''\
"""A loop of the doctor's, of this moment: {moment}."""

from tensorlab.core.intrinsics import float64_at


def loop(n, out_at, a_at):
    out = float64_at(out_at)
    a = float64_at(a_at)
    i = 0
    while i < n:  # Numba compiles it: only loops over a range are written without
        out[i] = a[i] * 3.0 + 1.0
        i += 1
'''
_SIGNATURE = "void(int64, int64, int64)"


def tensor() -> Finding:
    """A tensor is made, holds what it was given, and its bytes go back."""
    from tensorlab.memory.usage import stats
    from tensorlab.ops.data import tensor as make

    values = [float(i) for i in range(_SIZE)]
    for _ in range(3):  # another thread may allocate meanwhile
        try:
            before = stats()
        except RangeError:
            kept = make(values).tolist() == values
            text = (
                "a tensor holds what it was given; the allocator in use does not count, so what it freed is not known"
            )
            advice = "tensorlab.memory.set_allocator(tensorlab.memory.default_allocator()) counts"
            return warning(text, advice) if kept else failure("a tensor does not hold what it was given", _REPORT)
        made = make(values)
        there = stats()
        kept = made.tolist() == values
        del made
        after = stats()
        if not kept:
            return failure("a tensor does not hold what it was given", _REPORT)
        if there.live_blocks > before.live_blocks and after.live_blocks == before.live_blocks:
            nbytes = there.allocated_bytes - before.allocated_bytes
            return ok(f"a tensor of {_SIZE} numbers took {nbytes:,} bytes and gave them back")
    return failure("a tensor was let go of, and its bytes were not freed", _REPORT)


def loop(*, paths: bool = False) -> Finding:
    """A loop that is new is compiled by Numba, runs, and is written to the cache and read back.

    The arithmetic of `numbers` runs loops that are made without Numba.
    """
    import numpy as np

    from tensorlab.core import native
    from tensorlab.core.compile import compile_loop
    from tensorlab.core.loop_files import loop_files

    source = _LOOP.format(moment=f"{time.time_ns()} in {os.getpid()}")
    try:
        made = compile_loop(source, _SIGNATURE, label="doctor")
    except CompileError as error:
        return failure(
            f"a loop cannot be compiled: {str(error).splitlines()[0]}",
            "unset NUMBA_DISABLE_JIT, or reinstall numba and llvmlite",
        )
    files = loop_files()
    try:
        numbers, out = np.arange(float(_SIZE)), np.empty(_SIZE)
        made.entry(_SIZE, out.ctypes.data, numbers.ctypes.data)
        if not np.array_equal(out, numbers * 3 + 1):
            return failure("a compiled loop gives wrong numbers", _REPORT)
        code = _code(made.name)
        where = f" in {files.folder}" if paths else ""
        if code is None:
            text = f"a loop compiles and runs; its machine code cannot be kept{where}, so each process compiles again"
            return warning(text, "set TENSORLAB_CACHE_DIR to a folder that can be written, TENSORLAB_CACHE_MIB above 0")
        out[:] = 0
        native.load_object(code, made.name)(_SIZE, out.ctypes.data, numbers.ctypes.data)
        if not np.array_equal(out, numbers * 3 + 1):
            return failure(f"a loop that was read back from the cache{where} gives wrong numbers", _CLEAR)
    finally:
        for path in (files.object_path(made.name), files.source_path(made.name)):
            with suppress(OSError):
                path.unlink()
    return ok(f"a new loop was compiled by Numba, written{where}, read back, and gives the right numbers both times")


def _code(name: str) -> bytes | None:
    """The machine code in a loop's file, without the digest behind it; None where there is no file."""
    from tensorlab.core.loop_files import loop_files

    with suppress(OSError):
        return loop_files().object_path(name).read_bytes()[:-_DIGEST_NBYTES]
    return None


def numbers() -> Finding:
    """A chain of operations gives NumPy's numbers."""
    import numpy as np

    from tensorlab.core.interop import from_numpy

    given = np.linspace(-4, 4, _SIZE, dtype=np.float32)
    x = from_numpy(given)
    got = (x * 2 + 1).tanh().sum().item()
    expected = float(np.tanh(given.astype(np.float64) * 2 + 1).sum())
    if abs(got - expected) > 1e-3:
        return failure(f"tanh(x * 2 + 1).sum() gives {got}, NumPy {expected}", _CLEAR)
    if (x * 2 + 1).tolist() != (given * 2 + 1).tolist():
        return failure("x * 2 + 1 differs from NumPy's", _CLEAR)
    return ok("x * 2 + 1 is NumPy's to the last bit, tanh and sum as close as float32 is")


def blas() -> Finding:
    """Matrix products reach OpenBLAS by its address, and are NumPy's."""
    import numpy as np

    from tensorlab.core.interop import from_numpy
    from tensorlab.ops import blas

    a = np.arange(12.0).reshape(3, 4)
    got = (from_numpy(a) @ from_numpy(a.T.copy())).tolist()
    if got != (a @ a.T).tolist():
        return failure("a matrix product differs from NumPy's", _REPORT)
    if not blas.address("dgemm"):
        text = (
            "a matrix product is NumPy's; its BLAS is not one that loops can call, so products go through numpy.matmul"
        )
        return warning(text, "NumPy's own wheel from PyPI carries OpenBLAS: pip install --force-reinstall numpy")
    return ok("OpenBLAS was found in NumPy, and a product of it is right")


def entries() -> Finding:
    """The native entries for shared memory load into this interpreter."""
    from tensorlab.core.sharing_native import ENTRIES
    from tensorlab.core.sharing_native import entries as loaded

    if loaded.load():
        return ok(f"{len(ENTRIES)} entries over CPython's and NumPy's C interfaces are loaded")
    text = "objects of this interpreter do not look as the native entries take them to: Python's own code shares memory"
    return warning(text, "nothing is wrong but slower; CPython 3.11 to 3.13 from python.org or a distribution has them")


_REPORT = "this is a bug: please report it with the output of tensorlab doctor --json"
_CLEAR = "clear the cache of loops with tensorlab.jit.clear_cache(), and report it if that does not help"
