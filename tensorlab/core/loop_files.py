"""The disk cache of loops: a readable module and an object file for each, side by side in one folder.

Names carry the digest of all that made the loop, so nothing is ever out of date, only missing. An object file ends with
the digest of what comes before it: a file that was cut short or changed is as good as none. Each is put in place in one
step, so that processes that compile the same loop at once do not disturb each other.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from pathlib import Path

from tensorlab.errors import CacheWarning

_DIGEST_NBYTES = hashlib.sha256().digest_size


class LoopFiles:
    """The files of loops under one folder; what cannot be written is not kept, which is said once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writable = True

    def source_path(self, name: str) -> Path:
        """Where the module of a loop is."""
        return self.folder / f"{name}.py"

    def object_path(self, name: str) -> Path:
        """Where the machine code of a loop is."""
        return self.folder / f"{name}.o"

    def write_source(self, name: str, source: str) -> Path | None:
        """Put the module of a loop in its place, unless it is there; None where that is not possible."""
        path = self.source_path(name)
        content = source.encode()
        return path if _read(path) == content or self._write(path, content) else None

    def read_object(self, name: str) -> bytes | None:
        """The machine code of a loop, if there is any that is whole."""
        content = _read(self.object_path(name))
        if content is None:
            return None
        code, digest = content[:-_DIGEST_NBYTES], content[-_DIGEST_NBYTES:]
        return code if hashlib.sha256(code).digest() == digest else None

    def write_object(self, name: str, code: bytes) -> None:
        """Keep the machine code of a loop, if that is possible."""
        self._write(self.object_path(name), code + hashlib.sha256(code).digest())

    def _write(self, path: Path, content: bytes) -> bool:
        if not self._writable:
            return False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(path, content)
        except OSError as error:
            self._writable = False
            reason = error.strerror or type(error).__name__
            message = f"compiled loops are not kept: {self.folder} cannot be written to ({reason})"
            warnings.warn(CacheWarning(message), stacklevel=2)
        return self._writable


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    """Put content at path in one step: readers see the old file or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
