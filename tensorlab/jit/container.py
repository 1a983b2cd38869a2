"""The zip around an archive: written with aligned data, read with suspicion.

Entries are stored, never compressed, so that a reader can map the file and use the bytes where they lie. `zipfile`
takes much on trust (Python 3.11 does not even see that entries overlap), so everything that it says is checked here
against the file itself, and nothing is ever extracted to disk.
"""

from __future__ import annotations

import mmap
import os
import re
import secrets
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tensorlab.errors import ArchiveError

ALIGNMENT = 64
MOST_ENTRIES = 16384
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_PADDING = 0xD935  # the extra field in which Android's zipalign pads too: its alignment, then zeros
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold: equal contents give equal files
_ZIP64_EXTRA = 20
_UTF8_NAME = 0x800
_NAME = re.compile(r"[A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the container: where its bytes lie."""

    name: str
    start: int
    nbytes: int
    checksum: int


class Writer:
    """Adds entries to a new container."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, name: str, content: bytes | memoryview) -> None:
        """Write one entry, its first byte at a multiple of `ALIGNMENT`."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = 0o644 << 16
        info.file_size = len(content)
        large = len(content) * 1.05 > zipfile.ZIP64_LIMIT  # as zipfile decides, which then adds a field of its own
        head = self._file.tell() + _LOCAL_HEADER.size + len(name) + (_ZIP64_EXTRA if large else 0)
        padding = -(head + 6) % ALIGNMENT
        info.extra = struct.pack("<HHH", _PADDING, 2 + padding, ALIGNMENT) + bytes(padding)
        with self._zip.open(info, "w") as target:
            target.write(content)

    def close(self) -> None:
        """Write the directory."""
        self._zip.close()


@contextmanager
def replacing(path: Path) -> Generator[Writer]:
    """A writer whose container takes the place of ``path`` at the end, or leaves it as it was.

    Raises: `ArchiveError` where the file cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(scratch, "xb") as file:
            with closing(Writer(file)) as writer:
                yield writer
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def map_file(path: Path) -> mmap.mmap:
    """A file's bytes, mapped: writing to them changes a private copy of the page, never the file.

    Raises: `ArchiveError` for a file that cannot be read, or is empty.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ArchiveError(f"{path}: is no regular file")
            if status.st_size == 0:
                raise ArchiveError(f"{path}: is empty")
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read: {error.strerror}") from error


def read_entries(path: Path, mapped: mmap.mmap) -> dict[str, Entry]:
    """The entries of a container, by name, each inside the file and apart from the others.

    Raises: `ArchiveError` for what is no zip or cut short, and for entries that are compressed, encrypted, links,
            named twice or dangerously, too many, or that lie over each other.
    """
    infos, directory = _directory(path, mapped)
    if len(infos) > MOST_ENTRIES:
        raise ArchiveError(f"{path}: holds {len(infos)} entries; takes up to {MOST_ENTRIES}")
    found: dict[str, Entry] = {}
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        check_name(path, info.filename)
        if info.filename in found:
            raise ArchiveError(f"{path}: {info.filename} is there twice")
        entry = _entry(path, mapped, info, directory)
        if info.header_offset < end:
            raise ArchiveError(f"{path}: {info.filename} lies over another entry")
        end = entry.start + entry.nbytes
        found[entry.name] = entry
    return found


def check_name(path: Path, name: str) -> None:
    """Refuse a name that would lead anywhere but into the container.

    Raises: `ArchiveError`.
    """
    if _NAME.fullmatch(name) is None or ".." in name.split("/") or "." in name.split("/"):
        raise ArchiveError(f"{path}: the entry name {name!r} is not taken")


def checksum_fits(mapped: mmap.mmap, entry: Entry) -> bool:
    """Whether an entry's bytes have the checksum that the directory says."""
    with memoryview(mapped) as view, view[entry.start : entry.start + entry.nbytes] as content:
        return zlib.crc32(content) == entry.checksum


def _directory(path: Path, mapped: mmap.mmap) -> tuple[list[zipfile.ZipInfo], int]:
    """What the directory at the end says, and where it begins."""
    try:
        opened = zipfile.ZipFile(cast(BinaryIO, mapped))  # a mapping reads and seeks as a file does
        return opened.infolist(), opened.start_dir
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError, OSError) as error:
        raise ArchiveError(f"{path}: is no archive, or cut short ({error})") from error


def _entry(path: Path, mapped: mmap.mmap, info: zipfile.ZipInfo, directory: int) -> Entry:
    """Compare what the directory says of an entry with the header in front of its bytes."""
    name = info.filename
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ArchiveError(f"{path}: {name} is compressed; takes stored entries only")
    if info.flag_bits & ~_UTF8_NAME:
        raise ArchiveError(f"{path}: {name} has flags {info.flag_bits:#x}: it is encrypted, or written as a stream")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ArchiveError(f"{path}: {name} is no regular file")
    at = info.header_offset
    if at < 0 or at + _LOCAL_HEADER.size > directory:
        raise ArchiveError(f"{path}: {name} lies outside of the file")
    header = _LOCAL_HEADER.unpack_from(mapped, at)
    signature, _, flags, method, *_, packed, size, name_length, extra_length = header
    start: int = at + _LOCAL_HEADER.size + name_length + extra_length
    if signature != b"PK\3\4" or start > directory or info.file_size > directory - start:
        raise ArchiveError(f"{path}: {name} lies outside of the file")
    sizes = {packed, size} - {0xFFFFFFFF}  # a large entry says its size in the extra field instead
    said = mapped[at + _LOCAL_HEADER.size : start - extra_length]
    if said != name.encode() or flags != info.flag_bits or method != 0 or sizes - {info.file_size}:
        raise ArchiveError(f"{path}: {name} is not what the directory says")
    if start % ALIGNMENT:
        raise ArchiveError(f"{path}: {name} begins at byte {start}, which is no multiple of {ALIGNMENT}")
    return Entry(name, start, info.file_size, info.CRC)
