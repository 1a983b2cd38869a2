"""Source text in, a compiled loop out; the one door to Numba.

Generated source is a module on disk, named by the digest of its text and of what compiles it, so that Numba's
messages, tracebacks and the reader's editor all work on it. Beside it lies its machine code. Where that is there
already, LLVM alone puts it into the process (see `native`). Where it is not, most loops are written in LLVM's language
by `loop_code`, which gives the machine code that Numba would give; the rest goes through Numba, which is not even
imported for the others, but for a reader who asks for a loop's stages.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import linecache
import re
import sys
import threading
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from tensorlab.core import native
from tensorlab.core.loop_files import LoopFiles, loop_files
from tensorlab.core.loop_writing import write
from tensorlab.core.native import Entry
from tensorlab.core.object_code import code_difference
from tensorlab.errors import CompileError

if TYPE_CHECKING:
    from tensorlab.core.lowering import Lowered


@dataclass(frozen=True, slots=True)
class LoopSeconds:
    """What it took to get a loop, by phase: reading the disk, LLVM's text (Numba's, or ours without it) with its
    optimisation, machine code from that text, putting it into the process.
    """

    reading: float
    llvm: float
    machine_code: float
    linking: float

    @property
    def total(self) -> float:
        """All phases."""
        return self.reading + self.llvm + self.machine_code + self.linking

    def to_dict(self) -> dict[str, float]:
        return {**asdict(self), "total": self.total}


@dataclass(eq=False, slots=True)
class Loop:
    """A compiled loop.

    ``entry`` is native code: it takes addresses, counts and numbers, checks no more than how many and of what kind they
    are, and lets other threads run meanwhile. ``from_cache`` says whether the machine code was on disk already.
    """

    name: str
    source: str
    path: str
    signature: str
    from_cache: bool
    entry: Entry
    seconds: LoopSeconds
    _lowered: Lowered | None = field(default=None, repr=False)  # where Numba did not compile it, on demand
    _text: str | None = field(default=None, repr=False)

    @property
    def address(self) -> int:
        """Where its machine code is: it takes the same numbers, and gives a status, 0 for done."""
        return native.address(self.entry)

    def typed(self) -> str:
        """Numba's own IR of this loop under each source line, with the type that it inferred for each variable."""
        return self._compiled().typed()

    def llvm(self) -> str:
        """The optimised LLVM IR that this loop's machine code is made of.

        It is Numba's, also where the loop was made without Numba, as the two give the same machine code; should they
        not, it is the text that was used.
        """
        if self._text is None:
            lowered = self._compiled()
            with _lock:
                self._text = _text_that_runs(self, lowered)
        return self._text

    def asm(self) -> str:
        """The machine code of this loop as assembly, as `llvm`."""
        return native.assembly(self.llvm())

    def _compiled(self) -> Lowered:
        if self._lowered is None:
            with _lock:
                self._lowered = _compile(self.source, self.path, self.signature, self.name)
        return self._lowered


_lock = threading.RLock()  # a warning of the cache may run what it likes, in the same thread
_loops: dict[tuple[str, str], Loop] = {}
compiled_log: list[Loop] = []  # every loop of the process, in the order in which it was first needed
# Where to note the loops that this thread needs first.
noted: ContextVar[list[Loop] | None] = ContextVar("noted", default=None)


def compile_loop(source: str, signature: str, *, label: str) -> Loop:
    """Compile the function ``loop`` of ``source``; the same text gives the same loop object, in all threads.

    ``label`` starts the module's name, for people.
    Cost: about 0.05 s for a new text, 0.15 s where it takes Numba; a millisecond from the disk cache; a dict look-up in
            the same process.
    Raises: `CompileError` with Numba's message and the path of the source.
    """
    key = (source, signature)
    found = _loops.get(key)
    if found is not None:
        return found
    with _lock:
        found = _loops.get(key)  # another thread may have been quicker
        if found is None:
            found = _loops[key] = _make(source, signature, label)
            compiled_log.append(found)
            notes = noted.get()
            if notes is not None:
                notes.append(found)
        return found


def _make(source: str, signature: str, label: str) -> Loop:
    start = perf_counter()
    made_of = _digest(source, signature)
    name = f"{label}_{made_of[:12]}"
    files = _files()
    path = str(files.write_source(name, source) or f"<tensorlab {name}>")
    code = files.read_object(name, made_of)
    read = perf_counter()
    if code is not None:
        try:
            entry = native.load_object(code, name)
        except RuntimeError:
            pass  # whole, but LLVM cannot link it here: a file of another system under a name of ours
        else:
            seconds = LoopSeconds(read - start, 0.0, 0.0, perf_counter() - read)
            return Loop(name, source, path, signature, True, entry, seconds)
    lowered = None
    made = write(source, signature)
    if made is None:
        made = lowered = _compile(source, path, signature, name)
    text = made.llvm()
    known = perf_counter()
    code = native.emit_object(text, made.function, name, _arguments(signature))
    emitted = perf_counter()
    try:
        entry = native.load_object(code, name)
    except RuntimeError as error:
        raise CompileError(f"{label}: LLVM cannot link {path}: {error}") from error
    seconds = LoopSeconds(read - start, known - read, emitted - known, perf_counter() - emitted)
    files.write_object(name, code, made_of)
    return Loop(name, source, path, signature, False, entry, seconds, lowered)


def _text_that_runs(loop: Loop, lowered: Lowered) -> str:
    """Numba's text where the machine code of that is what runs."""
    written = write(loop.source, loop.signature)
    if written is None:
        return lowered.llvm()
    codes = [
        native.emit_object(m.llvm(), m.function, loop.name, _arguments(loop.signature)) for m in (written, lowered)
    ]
    return written.llvm() if code_difference(*codes) else lowered.llvm()


def _arguments(signature: str) -> list[str]:
    return re.findall(r"int64|float64", signature)


def _compile(source: str, path: str, signature: str, name: str) -> Lowered:
    """The loop of the text, run through Numba."""
    from numba.core.errors import NumbaError

    from tensorlab.core.lowering import is_off, lower

    if is_off():
        raise CompileError(f"{name}: this loop is compiled by Numba; NUMBA_DISABLE_JIT is set and has to go")
    if not Path(path).exists():
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    try:
        return lower(source, path, signature, name)
    except NumbaError as error:
        raise CompileError(f"{name}: Numba cannot compile {path}: {error}") from error


def _digest(source: str, signature: str) -> str:
    return hashlib.sha256(f"{source}\0{signature}\0{_compilers()}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _compilers() -> str:
    """What else decides the machine code: versions, the processor, and our own part in it; of all that the digest."""
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite")]
    texts = (
        *("intrinsics", "native_arithmetic", "transposing", "vectors", "lowering", "native", "compile"),
        *("loop_text", "loop_values", "loop_blocks", "loop_code", "loop_writing"),
    )
    ours = [Path(__file__).with_name(f"{name}.py").read_text() for name in texts]
    everything = "\0".join([*versions, str(sys.implementation.cache_tag), native.host(), *ours])
    return hashlib.sha256(everything.encode()).hexdigest()


@lru_cache(maxsize=1)
def _files() -> LoopFiles:
    return loop_files()
