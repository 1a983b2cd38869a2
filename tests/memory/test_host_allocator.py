from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_allocator import free
from hypothesis import given
from hypothesis import strategies as st

from tensorlab.errors import OutOfMemoryError, RangeError
from tensorlab.memory import HostAllocator, host

BAD_COUNTS = [-1, -(2**70), 64.0, "64", None, True]


@given(st.integers(1, 1 << 16))
def test_blocks_are_whole_aligned_cache_lines(nbytes: int) -> None:
    data = HostAllocator().allocate(nbytes)
    assert data.address % 64 == 0
    assert nbytes <= data.nbytes < nbytes + 64
    assert data.nbytes % 64 == 0
    assert (data.context, data.device) == (data.address, "cpu")
    free(data)


def test_each_byte_can_be_written_and_read() -> None:
    allocator = HostAllocator()
    first, second = allocator.allocate(1000), allocator.allocate(1000)
    ctypes.memset(first.address, 0x11, first.nbytes)
    ctypes.memset(second.address, 0x22, second.nbytes)
    assert ctypes.string_at(first.address, first.nbytes) == b"\x11" * 1024
    assert ctypes.string_at(second.address, second.nbytes) == b"\x22" * 1024
    free(first)
    free(second)


@pytest.mark.parametrize("nbytes", [2 << 20, (2 << 20) + 1, 9 << 20])
def test_large_blocks_begin_at_a_huge_page(nbytes: int) -> None:
    data = HostAllocator().allocate(nbytes)
    assert data.address % (2 << 20) == 0
    assert nbytes <= data.nbytes < nbytes + 64  # not rounded to huge pages
    free(data)


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="this system has no transparent huge pages"
)
def test_large_blocks_ask_for_huge_pages() -> None:
    data = HostAllocator().allocate(16 << 20)
    assert "hg" in mapping_flags(data.address)
    free(data)


def mapping_flags(address: int) -> list[str]:
    """Flags of the mapping around an address, as the kernel tells them."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            low, high = (int(bound, 16) for bound in name.split("-"))
            inside = low <= address < high
        elif inside and name == "VmFlags:":
            return rest.split()
    raise LookupError(hex(address))


def test_without_the_hint_large_blocks_are_given_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_MADV_HUGEPAGE", None)
    data = HostAllocator().allocate(4 << 20)
    assert (data.address % (2 << 20), data.nbytes) == (0, 4 << 20)
    free(data)


def test_no_bytes_have_no_address() -> None:
    data = HostAllocator().allocate(0)
    assert (data.address, data.nbytes, data.context) == (0, 0, 0)
    free(data)


def test_a_freed_block_cannot_be_freed_again() -> None:
    allocator = HostAllocator()
    data = allocator.allocate(64)
    free(data)
    assert (data.address, data.deleter) == (0, None)
    allocator.deallocate(data)  # free(NULL)


@pytest.mark.parametrize("nbytes", BAD_COUNTS)
def test_what_is_not_a_count_of_bytes_is_refused(nbytes: object) -> None:
    with pytest.raises(RangeError) as error:
        HostAllocator().allocate(nbytes)  # type: ignore[arg-type]
    assert str(error.value) == f"HostAllocator.allocate: takes bytes as an int of at least 0, got {nbytes!r}"
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize(
    ("nbytes", "message"),
    [
        (
            2**62,
            "HostAllocator.allocate: the system gives no block of 4,611,686,018,427,387,904 bytes: "
            "Cannot allocate memory",
        ),
        (
            2**64 + 64,  # as a size_t this would be 64
            "HostAllocator.allocate: the system gives no block of 18,446,744,073,709,551,680 bytes: "
            "more than an address can tell",
        ),
    ],
)
def test_what_the_system_does_not_have(nbytes: int, message: str) -> None:
    with pytest.raises(OutOfMemoryError) as error:
        HostAllocator().allocate(nbytes)
    assert str(error.value) == message
    assert isinstance(error.value, MemoryError)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("1048576\n", None), 1 << 20),
        (("max\n", None), None),
        ((None, "2097152\n"), 2 << 20),
        ((None, "9223372036854771712\n"), None),  # how version 1 says that there is no limit
        ((None, None), None),
    ],
)
def test_memory_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: tuple[str | None, ...], expected: int | None
) -> None:
    paths = [tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"]
    for path, text in zip(paths, texts, strict=True):
        if text is not None:
            path.write_text(text)
    monkeypatch.setattr(host, "_CONTAINER_LIMITS", tuple(str(path) for path in paths))
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert host.memory_nbytes() == (machine if expected is None else expected)


FORK = """
import ctypes, os
from tensorlab.memory import current, stats
before = current.allocate(3 << 20)
ctypes.memset(before.address, 1, 100)
child = os.fork()
ctypes.memset(before.address, 2 if child else 3, 100)
after = current.allocate(1000)
ctypes.memset(after.address, 4, 1000)
fresh = current.allocate(5 << 20)
for data in (after, fresh):
    data.deleter(data)
value = ctypes.string_at(before.address, 1)[0]
before.deleter(before)
counts = stats()
right = value == (2 if child else 3) and (counts.live_blocks, counts.total_blocks) == (0, 3)
if child:
    right = right and os.waitpid(child, 0)[1] == 0
os._exit(0 if right else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_allocates_and_frees() -> None:
    # In a process of its own: a fork of this one would carry over whatever threads other tests have left.
    assert subprocess.run([sys.executable, "-c", FORK], check=False, timeout=60).returncode == 0
