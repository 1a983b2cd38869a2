"""The archive: code that can be read, tensors that can be mapped, and a list of what is what. No pickle.

::

    resnet/version            1
    resnet/code/resnet.py     op_version_set = 0, then the graph as Python
    resnet/tensors/0 ..       storages as raw bytes, each once however many tensors share it, at multiples of 64
    resnet/model.json         parameters, tensors and hashes; written last

Source: the talk "PyTorch under the hood" (2019), on the file format of PyTorch 1.0.
"""

from __future__ import annotations

import ctypes
import hashlib
import linecache
import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArchiveError, ScriptError
from tensorlab.jit.archivable import check_archivable
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.container import Entry, Writer, map_file, read_entries, replacing
from tensorlab.jit.ir import Graph
from tensorlab.jit.manifest import Manifest, TensorRecord, read_manifest
from tensorlab.jit.scripting import compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.scripting.source import split_lines
from tensorlab.memory import DataPtr

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction

VERSION = b"1\n"
_HEADER = "op_version_set = 0\n"
_ARCHIVE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}")
_TENSOR_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class LoadedArchive:
    """What an archive holds; the tensors' bytes are the file's own, mapped."""

    name: str
    graph: Graph
    tensors: dict[str, Tensor]


def save(path: str | Path, name: str, graph: Graph, tensors: Mapping[str, Tensor] | None = None) -> None:
    """Write an archive; whatever was at ``path`` stays until all is written.

    ``tensors`` names tensors of the graph (``conv1.weight``); those without a name become ``c0``, ``c1`` ...

    Raises: `ArchiveError` for a bad name, a path that cannot be written, or a node that needs a class or a function of
            the user's own; `GraphError` for a graph that has no form in code.
    """
    path = Path(path)
    check_archivable(graph)
    if _ARCHIVE_NAME.fullmatch(name) is None:
        raise ArchiveError(f"{name!r} is no name for an archive; takes up to 64 of A-Z a-z 0-9 _ . -")
    named = name_constants(graph, tensors)
    for key in named:
        if _TENSOR_NAME.fullmatch(key) is None:
            raise ArchiveError(f"{key!r} is no name for a tensor; takes names like conv1.weight")
    code = f"{_HEADER}{graph_to_code(graph, constants=named)}".encode()
    storages = list({id(t.storage().owner): t.storage().owner for t in named.values()}.values())
    keys = {id(s): f"tensors/{i}" for i, s in enumerate(storages)}
    contents: dict[str, bytes | memoryview] = {"version": VERSION, f"code/{name}.py": code}
    contents |= {keys[id(s)]: _bytes_of(s) for s in storages}
    manifest = Manifest(
        name,
        {key: TensorRecord.of(t, keys[id(t.storage().owner)]) for key, t in named.items()},
        {key: hashlib.sha256(content).hexdigest() for key, content in contents.items()},
    )
    with replacing(path) as writer:
        _write(writer, name, contents, manifest)


def _write(writer: Writer, name: str, contents: Mapping[str, bytes | memoryview], manifest: Manifest) -> None:
    for key, content in contents.items():
        writer.add(f"{name}/{key}", content)
    writer.add(f"{name}/model.json", manifest.text().encode())


def _bytes_of(storage: Storage) -> bytes | memoryview:
    """The bytes of a storage, where they are."""
    if not storage.nbytes:
        return b""
    return np.asarray((ctypes.c_ubyte * storage.nbytes).from_address(storage.address)).data


def load(path: str | Path) -> LoadedArchive:
    """Open an archive. Tensors are views of the mapped file: what is written to them stays in memory.

    Cost:   each byte is read once, for its hash; nothing is copied.
    Raises: `ArchiveError` for what is no archive, is cut short or changed, or holds what an archive does not.
    """
    path = Path(path)
    mapped = map_file(path)
    entries = read_entries(path, mapped)
    roots = {name.split("/")[0] for name in entries}
    if len(roots) != 1:
        raise ArchiveError(f"{path}: holds {len(roots)} folders at the top; takes one")
    (name,) = roots
    files = {entry.removeprefix(f"{name}/"): e for entry, e in entries.items()}
    manifest = read_manifest(path, mapped, files.pop("model.json", None))
    _check_files(path, name, mapped, files, manifest)
    tensors = _tensors(path, mapped, files, manifest)
    code = _content(mapped, files[f"code/{name}.py"])
    return LoadedArchive(name, _graph(path, name, code, tensors), tensors)


def _content(mapped: mmap.mmap, entry: Entry) -> bytes:
    return mapped[entry.start : entry.start + entry.nbytes]


def _check_files(path: Path, name: str, mapped: mmap.mmap, files: Mapping[str, Entry], manifest: Manifest) -> None:
    if manifest.name != name:
        raise ArchiveError(f"{path}: the folder is called {name}, the model {manifest.name}")
    storages = {f"tensors/{i}" for i in range(len(manifest.storages))}
    wanted = {"version", f"code/{name}.py", *storages}
    odd = (set(files) ^ wanted) | (set(manifest.hashes) ^ wanted) | (set(manifest.storages) ^ storages)
    if odd:
        raise ArchiveError(f"{path}: {min(odd)} is missing, or is no part of an archive")
    with memoryview(mapped) as view:
        for key, entry in files.items():
            with view[entry.start : entry.start + entry.nbytes] as content:
                if hashlib.sha256(content).hexdigest() != manifest.hashes[key]:
                    raise ArchiveError(f"{path}: {name}/{key} was changed: its hash is not the one in model.json")
    if _content(mapped, files["version"]) != VERSION:
        raise ArchiveError(f"{path}: is of a version that this tensorlab does not read")


def _tensors(path: Path, mapped: mmap.mmap, files: Mapping[str, Entry], manifest: Manifest) -> dict[str, Tensor]:
    storages: dict[str, Storage] = {}
    for key in manifest.storages:
        entry = files[key]
        mapping = np.frombuffer(mapped, np.uint8, entry.nbytes, entry.start) if entry.nbytes else np.empty(0, np.uint8)
        address: int = mapping.ctypes.data if entry.nbytes else 0
        # Not an import of the whole file: each storage has its own version.
        storages[key] = Storage(DataPtr(address, entry.nbytes, mapping, None), entry.nbytes)
    found: dict[str, Tensor] = {}
    for name, record in manifest.tensors.items():
        layout = record.layout(path, name, files[record.storage].nbytes)
        found[name] = Tensor(storages[record.storage], layout, record.offset)
    return found


def _graph(path: Path, name: str, code: bytes, tensors: dict[str, Tensor]) -> Graph:
    """The graph of the code, which is read by the scripting frontend and never run."""
    filename = f"{path}/{name}/code/{name}.py"
    try:
        text = code.decode()
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path}: the code is no text ({error})") from error
    if not text.startswith(_HEADER):
        raise ArchiveError(f"{path}: the code does not begin with {_HEADER.strip()!r}")
    try:
        graph = compile_source(text, "forward", text_namespace(tensors), filename, resolve=lambda thing: None)
    except (ScriptError, RecursionError) as error:
        raise ArchiveError(f"{path}: the code cannot be read\n{error}") from error
    graph.name = name
    lines = list(split_lines(text))
    linecache.cache[filename] = (len(text), None, lines, filename)  # so that errors and views can show its lines
    return graph


def save_function(function: ScriptFunction, path: str | Path) -> None:
    """Write a compiled function; see `save`."""
    name = function.name if _ARCHIVE_NAME.fullmatch(function.name) else "model"
    save(path, name, function.graph, {archive_name(path): t for path, t in function.tensors.items()})


def archive_name(path: str) -> str:
    """A tensor's dotted name as archives take it: ``seq._0.weight`` for ``seq.0.weight``."""
    return ".".join(part if part.isidentifier() else f"_{part}" for part in path.split("."))


def load_function(path: str | Path) -> ScriptFunction:
    """Open an archive as a function; see `load`."""
    from tensorlab.jit.function import ScriptFunction

    loaded = load(path)
    return ScriptFunction(loaded.graph, kind="loaded")
