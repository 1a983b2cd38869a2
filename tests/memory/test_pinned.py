"""Locked pages: by the system for real, by CUDA with a driver of our own."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_allocator import free

from tensorlab.errors import OutOfMemoryError, RangeError, StateError
from tensorlab.memory import (
    CachingAllocator,
    CudaLock,
    DataPtr,
    HostAllocator,
    PinnedAllocator,
    StatisticsAllocator,
    SystemLock,
    is_pinned,
    pinned,
    pinned_allocator,
)

PAGE = os.sysconf("SC_PAGE_SIZE")


class FakeDriver:
    """The driver's functions that a lock calls, over a table of what is registered."""

    def __init__(self, **codes: int) -> None:
        self.codes = codes  # by function; 0 is success
        self.registered: dict[int, int] = {}
        self.current: list[Any] = []  # stack of contexts
        self.calls: list[str] = []

    def _done(self, function: str) -> int:
        self.calls.append(function)
        return self.codes.get(function, 0)

    def cuInit(self, flags: Any) -> int:
        return self._done("cuInit")

    def cuDeviceGet(self, device: Any, ordinal: Any) -> int:
        device._obj.value = ordinal.value
        return self._done("cuDeviceGet")

    def cuDevicePrimaryCtxRetain(self, context: Any, device: Any) -> int:
        context._obj.value = 0xC0DE
        return self._done("cuDevicePrimaryCtxRetain")

    def cuCtxPushCurrent_v2(self, context: Any) -> int:
        code = self._done("cuCtxPushCurrent_v2")
        if not code:
            self.current.append(context)
        return code

    def cuCtxPopCurrent_v2(self, context: Any) -> int:
        context._obj.value = self.current.pop().value
        return 0

    def cuMemHostRegister_v2(self, address: Any, nbytes: Any, flags: Any) -> int:
        assert self.current[-1].value == 0xC0DE
        assert flags.value == 1
        code = self._done("cuMemHostRegister_v2")
        if not code:
            self.registered[address.value] = nbytes.value
        return code

    def cuMemHostUnregister(self, address: Any) -> int:
        assert self.current[-1].value == 0xC0DE
        del self.registered[address.value]
        return 0

    def cuGetErrorString(self, code: Any, text: Any) -> int:
        text._obj.value = {2: b"out of memory", 100: b"no CUDA-capable device is detected"}.get(code.value)
        return 0


def locked_nbytes() -> int:
    found = re.search(r"VmLck:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_the_system_locks_whole_pages() -> None:
    allocator = PinnedAllocator(SystemLock())
    before = locked_nbytes()
    data = allocator.allocate(PAGE + 1)
    assert (data.nbytes, data.address % PAGE) == (2 * PAGE, 0)
    assert locked_nbytes() - before == 2 * PAGE
    ctypes.memset(data.address, 1, data.nbytes)
    free(data)
    assert locked_nbytes() == before
    assert (data.address, data.deleter) == (0, None)


def test_neighbours_stay_locked() -> None:
    allocator = PinnedAllocator(SystemLock())
    before = locked_nbytes()
    blocks = [allocator.allocate(100) for _ in range(5)]
    assert locked_nbytes() - before == 5 * PAGE
    free(blocks.pop(2))
    assert locked_nbytes() - before == 4 * PAGE
    for data in blocks:
        free(data)
    assert locked_nbytes() == before


def test_large_blocks_begin_at_a_huge_page() -> None:
    data = PinnedAllocator(CudaLock(driver=FakeDriver())).allocate((2 << 20) + 1)
    assert (data.address % (2 << 20), data.nbytes) == (0, (2 << 20) + PAGE)
    free(data)


def test_a_refusal_tells_the_limit() -> None:
    code = (
        "import resource, tensorlab.memory as m\n"
        "from tensorlab.errors import OutOfMemoryError\n"
        f"resource.setrlimit(resource.RLIMIT_MEMLOCK, ({4 * PAGE}, {4 * PAGE}))\n"
        "allocator = m.PinnedAllocator(m.SystemLock())\n"
        "try:\n"
        f"    allocator.allocate({100 * PAGE})\n"
        "except OutOfMemoryError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    drop = "import os\nif os.getuid() == 0: os.setgid(65534), os.setuid(65534)\n"  # root may lock all it likes
    done = subprocess.run(
        [sys.executable, "-c", "import tensorlab.memory\n" + drop + code], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (
        f"OutOfMemoryError SystemLock.lock: the system locks no {100 * PAGE:,} bytes: Cannot allocate memory; "
        f"the process may lock {4 * PAGE:,} bytes in all (RLIMIT_MEMLOCK, `ulimit -l`)\n",
        "",
    )


def test_a_refusal_leaves_no_block() -> None:
    class Refusing:
        name = "refusing"

        def lock(self, address: int, nbytes: int) -> None:
            self.address = address
            raise OutOfMemoryError("no")

        def unlock(self, address: int, nbytes: int) -> None:
            raise AssertionError("it was never locked")

    with pytest.raises(OutOfMemoryError):
        PinnedAllocator(Refusing()).allocate(100)


def test_cuda_registers_with_the_driver() -> None:
    driver = FakeDriver()
    allocator = PinnedAllocator(CudaLock(driver=driver))
    assert allocator.name == "pinned(cuda)"
    assert driver.calls == ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain"]
    data = allocator.allocate(100)
    assert driver.registered == {data.address: PAGE}
    assert driver.current == []  # the caller's context is as it was
    free(data)
    assert (driver.registered, driver.current) == ({}, [])


def test_what_the_driver_says() -> None:
    driver = FakeDriver(cuMemHostRegister_v2=2)
    with pytest.raises(OutOfMemoryError) as error:
        PinnedAllocator(CudaLock(driver=driver)).allocate(100)
    assert str(error.value) == f"CudaLock.lock: the driver locks no {PAGE:,} bytes: out of memory (error 2)"
    assert driver.current == []
    with pytest.raises(StateError) as state:
        CudaLock(driver=FakeDriver(cuInit=100))
    assert str(state.value) == "CudaLock: cuInit failed: no CUDA-capable device is detected (error 100)"
    with pytest.raises(StateError) as state:
        CudaLock(driver=FakeDriver(cuDeviceGet=999))
    assert str(state.value) == "CudaLock: cuDeviceGet failed: error 999"


def test_a_driver_that_is_gone_is_not_asked_to_unlock() -> None:
    driver = FakeDriver()
    allocator = PinnedAllocator(CudaLock(driver=driver))
    data = allocator.allocate(100)
    driver.codes["cuCtxPushCurrent_v2"] = 4  # deinitialised
    free(data)
    assert len(driver.registered) == 1


def test_a_forked_child_leaves_the_driver_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver()
    allocator = PinnedAllocator(CudaLock(driver=driver))
    data, own = allocator.allocate(100), os.getpid()
    monkeypatch.setattr(pinned.os, "getpid", lambda: own + 1)
    free(data)
    assert len(driver.registered) == 1
    with pytest.raises(StateError) as error:
        allocator.allocate(100)
    assert str(error.value) == "CudaLock.lock: CUDA does not work in a forked child; start children with spawn"


def test_which_lock_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*, device: int = 0) -> CudaLock:
        raise OSError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr(pinned, "CudaLock", missing)
    assert PinnedAllocator().name == "pinned(mlock)"
    monkeypatch.setattr(pinned, "CudaLock", lambda: CudaLock(driver=FakeDriver(cuInit=100)))
    assert PinnedAllocator().name == "pinned(mlock)"
    monkeypatch.setattr(pinned, "CudaLock", lambda: CudaLock(driver=FakeDriver()))
    assert PinnedAllocator().name == "pinned(cuda)"


def test_the_process_has_one_pinned_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "CudaLock", lambda: CudaLock(driver=FakeDriver()))
    pinned.pinned_allocator.cache_clear()
    try:
        allocator = pinned_allocator()
        assert pinned_allocator() is allocator
        assert allocator.name == "caching(pinned(cuda))"
        data = allocator.allocate(100)
        assert is_pinned(data)
        free(data)
        assert allocator.empty_cache() == PAGE
    finally:
        pinned.pinned_allocator.cache_clear()


def test_which_blocks_are_pinned() -> None:
    stack = StatisticsAllocator(CachingAllocator(PinnedAllocator(CudaLock(driver=FakeDriver()))))
    data = stack.allocate(100)
    assert is_pinned(data)
    free(data)
    assert not is_pinned(data)  # it waits in the cache
    other = HostAllocator().allocate(100)
    assert not is_pinned(other)
    free(other)
    assert not is_pinned(DataPtr(64, 10, context=bytearray(10), deleter=None))


def test_no_bytes_are_not_locked() -> None:
    allocator = PinnedAllocator(CudaLock(driver=FakeDriver()))
    data = allocator.allocate(0)
    assert (data.address, data.nbytes) == (0, 0)
    free(data)


@pytest.mark.parametrize("nbytes", [-1, 2.0])
def test_what_is_not_a_count_of_bytes_is_not_pinned(nbytes: object) -> None:
    with pytest.raises(RangeError) as error:
        PinnedAllocator(SystemLock()).allocate(nbytes)  # type: ignore[arg-type]
    assert str(error.value) == f"PinnedAllocator.allocate: takes bytes as an int of at least 0, got {nbytes!r}"


def test_more_than_there_is() -> None:
    with pytest.raises(OutOfMemoryError) as error:
        PinnedAllocator(SystemLock()).allocate(2**62)
    assert str(error.value) == (
        "PinnedAllocator.allocate: the system gives no block of 4,611,686,018,427,387,904 bytes: Cannot allocate memory"
    )
