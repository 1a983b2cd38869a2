"""An archive's ``model.json``: which tensor is called what, where its bytes are, and the hash of every file.

``{"parameters": [{"isBuffer": true, "tensorId": "0", "name": "c0"}], "name": "resnet", "optimize": true,
"tensors": [{"dataType": "FLOAT", "dims": [2, 2], "strides": [2, 1], "offset": 0, "data": {"key": "tensors/0"}}],
"files": {"version": {"sha256": "..."}}}``; a ``tensorId`` is a position in ``tensors``.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

from tensorlab.core.dtype import BY_IR_NAME
from tensorlab.core.layout import Layout, layout
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArchiveError
from tensorlab.jit.container import Entry, checksum_fits

MOST_DIMS = 32
LARGEST = 64 * 2**20  # bytes of a model.json that is still read
_DTYPES = {name.upper(): dtype for name, dtype in BY_IR_NAME.items()}


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A tensor as a view of a storage. Units: sizes, strides and offset in elements."""

    dtype: str
    dims: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    storage: str
    is_buffer: bool = True

    @classmethod
    def of(cls, tensor: Tensor, storage: str) -> Self:
        """The record of a tensor whose storage is written under a name."""
        dtype, shape = tensor.dtype.ir_name.upper(), tuple(tensor.shape)
        return cls(dtype, shape, tuple(tensor.strides), tensor.offset, storage, not tensor.requires_grad)

    def layout(self, path: Path, name: str, nbytes: int) -> Layout:
        """The layout over a storage of so many bytes.

        Raises: `ArchiveError` where it reaches outside.
        """
        found = layout(_DTYPES[self.dtype], self.dims, self.strides)
        size = found.dtype.itemsize
        low, high = self.offset + found.first, self.offset + found.last + 1
        if self.offset < 0 or self.offset * size > nbytes or (found.numel and (low < 0 or high * size > nbytes)):
            raise ArchiveError(f"{path}: tensor {name} reaches outside of its {nbytes} bytes")
        return found

    def to_json(self) -> dict[str, object]:
        return {
            "dataType": self.dtype,
            "dims": list(self.dims),
            "strides": list(self.strides),
            "offset": self.offset,
            "data": {"key": self.storage},
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a ``model.json``."""

    name: str
    tensors: dict[str, TensorRecord]
    hashes: dict[str, str]

    @property
    def storages(self) -> list[str]:
        """The files that tensors are views of, each once."""
        return list(dict.fromkeys(t.storage for t in self.tensors.values()))

    def text(self) -> str:
        """The JSON, with a line for each parameter, tensor and file."""
        named = enumerate(self.tensors.items())
        parameters = [{"isBuffer": t.is_buffer, "tensorId": str(i), "name": name} for i, (name, t) in named]
        files = [f"{json.dumps(key)}: {json.dumps({'sha256': digest})}" for key, digest in self.hashes.items()]
        parts = (
            f'"parameters": [{_rows([json.dumps(p) for p in parameters])}]',
            f'"name": {json.dumps(self.name)}',
            '"optimize": true',
            f'"tensors": [{_rows([json.dumps(t.to_json()) for t in self.tensors.values()])}]',
            f'"files": {{{_rows(files)}}}',
        )
        return "{" + ",\n ".join(parts) + "}\n"


def _rows(parts: list[str]) -> str:
    return "".join(f"\n  {part}," for part in parts).removesuffix(",")


def read_manifest(path: Path, mapped: mmap.mmap, entry: Entry | None) -> Manifest:
    """Read and check a ``model.json``.

    Raises: `ArchiveError` where it is missing, damaged, or says something that cannot be.
    """
    if entry is None:
        raise ArchiveError(f"{path}: model.json is missing; it is written last, so the archive is not whole")
    if entry.nbytes > LARGEST:
        raise ArchiveError(f"{path}: model.json has {entry.nbytes} bytes; takes up to {LARGEST}")
    if not checksum_fits(mapped, entry):
        raise ArchiveError(f"{path}: model.json was changed: its checksum does not fit")
    try:
        data = json.loads(mapped[entry.start : entry.start + entry.nbytes])
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{path}: model.json is no JSON ({error})") from error
    return _Reader(path).manifest(data)


class _Reader:
    """Takes a value out of JSON if it is what it should be."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, where: str, takes: str) -> NoReturn:
        raise ArchiveError(f"{self.path}: model.json: {where} is not {takes}")

    def field(self, data: Any, key: str, kind: type, where: str) -> Any:
        fields: dict[str, Any] = data if isinstance(data, dict) else {}  # pyright: ignore[reportUnknownVariableType]
        if type(fields.get(key)) is not kind:
            self.fail(f"{where}{key}", f"a {kind.__name__}")
        return fields[key]

    def manifest(self, data: Any) -> Manifest:
        name: str = self.field(data, "name", str, "")
        listed: list[Any] = self.field(data, "tensors", list, "")
        records = [self.tensor(listed[i], f"tensors[{i}]") for i in range(len(listed))]
        tensors: dict[str, TensorRecord] = {}
        parameters: list[Any] = self.field(data, "parameters", list, "")
        for i in range(len(parameters)):
            parameter = parameters[i]
            where = f"parameters[{i}]."
            key: str = self.field(parameter, "name", str, where)
            position: str = self.field(parameter, "tensorId", str, where)
            self.field(parameter, "isBuffer", bool, where)
            if position not in map(str, range(len(records))):
                self.fail(f"{where}tensorId", f"one of {len(records)} tensors")
            if key in tensors:
                self.fail(f"{where}name", "given once")
            tensors[key] = records[int(position)]
        files: dict[str, Any] = self.field(data, "files", dict, "")
        hashes: dict[str, str] = {}
        for key in files:
            hashes[key] = self.field(self.field(files, key, dict, "files."), "sha256", str, f"files.{key}.")
        return Manifest(name, tensors, hashes)

    def tensor(self, data: Any, where: str) -> TensorRecord:
        dtype: str = self.field(data, "dataType", str, f"{where}.")
        if dtype not in _DTYPES:
            self.fail(f"{where}.dataType", f"one of {', '.join(_DTYPES)}")
        dims, strides = (self.integers(data, key, where) for key in ("dims", "strides"))
        if len(dims) != len(strides) or len(dims) > MOST_DIMS or min(dims, default=0) < 0:
            self.fail(f"{where}.dims", f"up to {MOST_DIMS} sizes, with as many strides")
        key: str = self.field(self.field(data, "data", dict, f"{where}."), "key", str, f"{where}.data.")
        return TensorRecord(dtype, dims, strides, self.field(data, "offset", int, f"{where}."), key)

    def integers(self, data: Any, key: str, where: str) -> tuple[int, ...]:
        values: list[Any] = self.field(data, key, list, f"{where}.")
        if not all(type(v) is int and abs(v) < 2**63 for v in values):
            self.fail(f"{where}.{key}", "a list of integers")
        return tuple(values)
