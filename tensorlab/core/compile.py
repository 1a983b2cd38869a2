"""The one door to Numba: source text in, a compiled loop out.

Generated source is a module on disk, named by the digest of its text and of what compiles it, so that Numba's cache,
tracebacks and the reader's editor all work on it. A sidecar holds the digests of what Numba wrote: files that do not
match it are thrown away and compiled anew, because Numba itself trusts its cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import linecache
import os
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
from numba.core.errors import NumbaError

from tensorlab.core.config import config
from tensorlab.errors import CacheWarning, CompileError

FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
REDUCTION_FLAGS: dict[str, Any] = {**FLAGS, "fastmath": {"contract", "reassoc", "nsz"}}


@dataclass(eq=False, slots=True)
class Loop:
    """A compiled loop. ``entry`` is the native wrapper: it takes addresses, counts and numbers, and checks nothing."""

    name: str
    source: str
    path: str
    signature: str
    from_cache: bool
    entry: Callable[..., None]
    dispatcher: Any
    _twin: Any = None  # the same loop compiled in this process, where `dispatcher` came from the cache

    def typed(self) -> str:
        """Numba's own IR of this loop under each source line, with the type that it inferred for each variable."""
        out = io.StringIO()
        self._inspected().inspect_types(file=out)
        return out.getvalue()

    def llvm(self) -> str:
        """The optimised LLVM IR of this loop, compiled once more from the same source where it came from the cache."""
        return next(iter(self._inspected().inspect_llvm().values()))

    def asm(self) -> str:
        """The machine code of this loop as assembly, as `llvm`."""
        return next(iter(self._inspected().inspect_asm().values()))

    def _inspected(self) -> Any:
        if not self.from_cache:
            return self.dispatcher
        if self._twin is None:
            options = {k: v for k, v in self.dispatcher.targetoptions.items() if k in FLAGS}
            self._twin = numba.njit(self.signature, **options)(self.dispatcher.py_func)
        return self._twin


_loops: dict[tuple[str, str], Loop] = {}
compiled_log: list[Loop] = []  # every loop of the process, in the order in which it was first needed


def compile_loop(source: str, signature: str, *, label: str, reduction: bool = False) -> Loop:
    """Compile the function ``loop`` of ``source``; the same text gives the same loop object.

    ``label`` starts the module's name, for people. ``reduction`` lets LLVM reassociate additions.
    Cost: about 0.15 s for a new text; a few milliseconds from the disk cache; a dict look-up in the same process.
    Raises: `CompileError` with Numba's message and the path of the source.
    """
    key = (source, signature)
    found = _loops.get(key)
    if found is None:
        found = _loops[key] = _compile(source, signature, label, REDUCTION_FLAGS if reduction else FLAGS)
        compiled_log.append(found)
    return found


def _compile(source: str, signature: str, label: str, flags: dict[str, Any]) -> Loop:
    digest = hashlib.sha256(f"{source}\0{signature}\0{sorted(flags['fastmath'])}\0{_versions()}".encode()).hexdigest()
    name = f"{label}_{digest[:12]}"
    folder = _folder()
    path = folder / f"{name}.py" if folder is not None else Path(f"<tensorlab {name}>")
    module = _import(name, source, path, on_disk=folder is not None)
    trusted = folder is not None and _verified(path)
    try:
        dispatcher = numba.njit(signature, cache=folder is not None, **flags)(module.loop)
    except NumbaError as error:
        raise CompileError(f"{label}: Numba cannot compile {path}: {error}") from error
    compiled = dispatcher.overloads[dispatcher.signatures[0]]
    from_cache = bool(folder is not None and sum(dispatcher.stats.cache_hits.values()))
    if folder is not None and not (trusted and from_cache):
        _seal(path)
    return Loop(name, source, str(path), signature, from_cache, compiled.entry_point, dispatcher)


@lru_cache(maxsize=1)
def _versions() -> str:
    """What else decides the machine code: part of every digest."""
    import llvmlite

    here = Path(__file__).with_name("intrinsics.py").read_bytes()
    return f"{numba.__version__} {llvmlite.__version__} {sys.version_info[:2]} {hashlib.sha256(here).hexdigest()}"


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    """The cache folder if it can be written to; else None, with one warning."""
    folder = config().cache_dir / "loops"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__pycache__").mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        warnings.warn(
            CacheWarning(f"compiled loops are not kept: {folder} cannot be written to ({reason})"), stacklevel=2
        )
        return None
    return folder


def _import(name: str, source: str, path: Path, *, on_disk: bool) -> types.ModuleType:
    """The generated module, in sys.modules under its own name before it runs, so that Numba can find it again."""
    full_name = f"tensorlab_loops.{name}"
    if on_disk:
        _write(path, source.encode())
        spec = importlib.util.spec_from_file_location(full_name, path)
        if spec is None or spec.loader is None:
            raise CompileError(f"{path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
    else:
        linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
        module = types.ModuleType(full_name)
        module.__file__ = str(path)
    sys.modules[full_name] = module
    # Executed from the text in hand: what a stale .pyc or an edited file says does not matter.
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own generated text
    return module


def _write(path: Path, content: bytes) -> None:
    """Put content at path in one step; leave an equal file alone, because Numba's cache goes by its time stamp."""
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def _numba_files(path: Path) -> Iterator[Path]:
    return (path.parent / "__pycache__").glob(f"{path.stem}.loop-*.nb[ic]")


def _digests(path: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in _numba_files(path)}


def _verified(path: Path) -> bool:
    """Whether Numba's files for a module are those that it wrote; if not, they are removed."""
    try:
        expected = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        expected = None
    if expected is not None and expected == _digests(path):
        return True
    for file in _numba_files(path):
        file.unlink(missing_ok=True)
    return False


def _seal(path: Path) -> None:
    _write(path.with_suffix(".json"), json.dumps(_digests(path), indent=1).encode())
