"""The disk cache of loops: a readable module and an object file for each, side by side in one folder.

Names carry the digest of all that made the loop, so nothing is ever out of date, only missing. An object file ends with
the digest of what comes before it: a file that was cut short or changed is as good as none. Each is put in place in one
step, so that processes that compile the same loop at once do not disturb each other.

The folder has a limit. What was used longest ago goes first: reading a file makes its time the present one. Any process
that writes looks after the limit, and one that reads what another has just removed compiles it again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tensorlab.core.config import config
from tensorlab.errors import CacheWarning

_DIGEST_NBYTES = hashlib.sha256().digest_size
_KINDS = (".o", ".py")  # in the order in which a loop's files are removed
_STALE_SECONDS = 3600.0  # a file half written for longer than this belongs to nobody any more
_WRITERS = 8  # as many processes may fill the folder at once and keep to the limit


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What the cache holds, and what it was good for in this process.

    ``hits`` and ``misses`` count the loops that were looked for; ``evicted`` those that this process removed to keep
    to the limit.
    """

    path: str
    files: int
    nbytes: int
    limit_nbytes: int
    hits: int
    misses: int
    evicted: int

    def to_dict(self) -> dict[str, str | int]:
        return asdict(self)


@dataclass(slots=True)
class _Uses:
    """What this process did with a folder; ``room`` is what it may write until it has to look at the whole again."""

    hits: int = 0
    misses: int = 0
    evicted: int = 0
    room: int = -1


@dataclass(slots=True)
class _Group:
    """The files of one loop."""

    used: float = 0.0  # seconds of the system's clock
    nbytes: int = 0
    files: int = 0


_uses: defaultdict[Path, _Uses] = defaultdict(_Uses)


class LoopFiles:
    """The files of loops under one folder; what cannot be written is not kept, which is said once.

    ``limit`` is in bytes, that of the settings where it is left out.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.folder = folder
        self.limit = config().cache_nbytes if limit is None else limit
        self._uses = _uses[folder]
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

    def read_object(self, name: str, made_of: str = "") -> bytes | None:
        """The machine code of a loop, if there is any that is whole, and made of just that: names are short digests."""
        path = self.object_path(name)
        content = _read(path) or b""
        code, digest = content[:-_DIGEST_NBYTES], content[-_DIGEST_NBYTES:]
        if not code or _digest(code, made_of) != digest:
            self._uses.misses += 1
            return None
        self._uses.hits += 1
        with suppress(OSError):  # a folder that can only be read, or a file that is gone by now
            os.utime(path)
        return code

    def write_object(self, name: str, code: bytes, made_of: str = "") -> None:
        """Keep the machine code of a loop, if that is possible."""
        self._write(self.object_path(name), code + _digest(code, made_of))

    # The whole folder

    def info(self) -> CacheInfo:
        """What there is at this moment.

        Cost: a look at each file's size.
        """
        groups = self._groups().values()
        files, nbytes = sum(g.files for g in groups), sum(g.nbytes for g in groups)
        uses = self._uses
        return CacheInfo(str(self.folder), files, nbytes, self.limit, uses.hits, uses.misses, uses.evicted)

    def clear(self) -> int:
        """Remove every loop, but what is being written now; gives the bytes that this freed.

        Loops that a process holds already go on working.
        """
        return sum(group.nbytes for name, group in self._groups().items() if self._remove(name))

    def keep_to_limit(self) -> None:
        """Remove what was used longest ago, until a quarter of the limit is free, if there is more than the limit."""
        groups = self._groups()
        total = sum(g.nbytes for g in groups.values())
        if total > self.limit:
            for name, group in sorted(groups.items(), key=lambda pair: pair[1].used):
                if total <= self.limit * 3 // 4:
                    break
                if self._remove(name):
                    total -= group.nbytes
                    self._uses.evicted += 1
        self._uses.room = (self.limit - total) // _WRITERS

    def _groups(self) -> dict[str, _Group]:
        """The loops that are there, by their names; removes on the way what was left half written."""
        groups: defaultdict[str, _Group] = defaultdict(_Group)
        now = time.time()
        for name, kind, size, used in _files_of(self.folder):
            if kind not in _KINDS and now - used > _STALE_SECONDS:
                with suppress(OSError):
                    os.unlink(self.folder / f"{name}{kind}")
                continue
            group = groups[name if kind in _KINDS else f"{name}{kind}"]
            group.files += 1
            group.nbytes += size
            group.used = max(group.used, used)
        return dict(groups)

    def _remove(self, name: str) -> bool:
        """Remove the files of a loop; what is being written is none, and stays."""
        gone = False
        for kind in _KINDS:
            with suppress(OSError):  # another process was quicker
                os.unlink(self.folder / f"{name}{kind}")
                gone = True
        return gone

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
            return False
        self._uses.room -= len(content)
        if self._uses.room < 0:
            self.keep_to_limit()
        return True


def loop_files() -> LoopFiles:
    """The files of this process's loops."""
    return LoopFiles(config().cache_dir / "loops")


def _digest(code: bytes, made_of: str) -> bytes:
    return hashlib.sha256(code + made_of.encode()).digest()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _files_of(folder: Path) -> Iterator[tuple[str, str, int, float]]:
    """Name, suffix, bytes and time of last use of each file."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            if entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                yield *os.path.splitext(entry.name), found.st_size, found.st_mtime


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
