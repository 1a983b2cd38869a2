"""The checks, where all is well and where each finds something."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tensorlab.core.loop_files import loop_files
from tensorlab.doctor import inside, outside
from tensorlab.doctor.examine import examine, run
from tensorlab.doctor.records import Check, Examination, Finding
from tensorlab.doctor.room import room
from tensorlab.memory import HostAllocator, use_allocator

NAMES = [
    *("tensor", "loop and cache", "numbers", "BLAS", "native entries", "kernel", "untrusted notebook", "serving"),
    *("charts", "CUDA", "memory"),
]


def test_all_checks_run_and_leave_nothing_behind() -> None:
    seen = examine(page=lambda: '<p style="color:#111;color:var(--x)">well</p>')
    assert [check.name for check in seen.checks] == NAMES
    of = {check.name: check for check in seen.checks}
    for name in ("tensor", "loop and cache", "numbers", "untrusted notebook", "charts"):
        assert of[name].status == "ok", of[name]
    assert (
        of["loop and cache"].message
        == "a new loop was compiled by Numba, written, read back, and gives the right numbers both times"
    )
    assert list(loop_files().folder.glob("doctor_*")) == []
    assert str(loop_files().folder) not in str(seen.to_dict())


def test_paths_only_when_asked_for() -> None:
    found = inside.loop(paths=True)
    assert found.status == "ok"
    assert str(loop_files().folder) in found.message


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_code", lambda _: None)
    found = inside.loop()
    assert found.status == "warning"
    assert found.message == (
        "a loop compiles and runs; its machine code cannot be kept, so each process compiles again"
    )


def test_an_allocator_that_does_not_count() -> None:
    with use_allocator(HostAllocator()):
        found = inside.tensor()
    assert found.status == "warning"
    assert "the allocator in use does not count" in found.message


def test_blas_of_another_build(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorlab.ops import blas

    monkeypatch.setattr(blas, "address", lambda _: 0)
    assert inside.blas().status == "warning"


def test_wrong_numbers_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(np, "tanh", np.sinh)
    found = inside.numbers()
    assert found.status == "failed"
    assert found.message.startswith("tanh(x * 2 + 1).sum() gives ")


def test_entries_that_do_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorlab.core.sharing_native import entries

    monkeypatch.setattr(type(entries), "load", lambda _: False)
    assert inside.entries().status == "warning"


def test_a_kernel_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setattr(KernelSpecManager, "_kernel_dirs_default", lambda _: [str(tmp_path)])
    found = outside.kernel()
    assert (found.status, found.message) == ("warning", "Jupyter finds no kernel called tensorlab")
    folder = tmp_path / "tensorlab"
    folder.mkdir()
    spec = '{"argv": ["no-such-python", "--ext=tensorlab"], "display_name": "t", "language": "python"}'
    (folder / "kernel.json").write_text(spec)
    found = outside.kernel()
    assert found.message == "the kernel called tensorlab starts 'no-such-python', which is not on the path"
    (folder / "kernel.json").write_text(spec.replace("--ext=tensorlab", "--ext=other"))
    assert outside.kernel().status == "failed"


@pytest.mark.parametrize(
    ("page", "lost"),
    [
        ("<svg><text>a</text></svg>", "<svg>"),
        ("<div id='a' data-b='c'>x</div>", "data-b and id"),
        ("<div style='color:var(--x)'>x</div>", "color without a literal"),
        ("<img src='https://example.org/a.png'>", "a picture of another place and words of a picture"),
    ],
    ids=["svg", "attributes", "variable", "picture"],
)
def test_pages_that_an_untrusted_notebook_would_spoil(page: str, lost: str) -> None:
    found = outside.page(lambda: page)
    assert (found.status, found.message) == ("failed", f"an untrusted notebook would drop {lost}")


def test_packages_that_are_not_there_or_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = outside.packages("serving", "tensorlab[serve]", ("no_such_module", "no-such"))
    assert found == Finding("warning", "no-such is not there: no serving", "pip install 'tensorlab[serve]'")
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = outside.packages("serving", "tensorlab[serve]", ("broken_module", "broken"))
    assert (broken.status, broken.message) == (
        "failed",
        "broken cannot be imported: ZeroDivisionError: division by zero",
    )


class _Driver:
    """A driver of CUDA with two devices, or with an error."""

    def __init__(self, status: int) -> None:
        self.status = status

    def cuInit(self, flags: int) -> int:
        return self.status

    def cuDeviceGetCount(self, count: object) -> int:
        count._obj.value = 2
        return 0


def test_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    only = "tensorlab computes on the CPU in this version"
    monkeypatch.setattr(ctypes, "CDLL", lambda _: _Driver(0))
    assert outside.cuda().message == f"CUDA's driver is there with 2 devices, which nothing uses: {only}"
    monkeypatch.setattr(ctypes, "CDLL", lambda _: _Driver(100))
    assert outside.cuda().message == f"no CUDA: its driver is installed and answers with error 100; {only}"


def test_a_check_that_breaks_is_a_finding() -> None:
    def broken() -> Finding:
        raise OSError("no\nway")

    advice = "report it with the output of tensorlab doctor --json"
    assert run("x", broken) == Check("x", "failed", "OSError: no", advice)
    seen = Examination((run("x", broken), Check("y", "ok", "well")))
    assert seen.to_dict() == {
        "healthy": False,
        "failed": 1,
        "warnings": 0,
        "checks": [
            {"name": "x", "status": "failed", "message": "OSError: no", "advice": advice},
            {"name": "y", "status": "ok", "message": "well", "advice": ""},
        ],
    }


MIB = 1 << 20


def test_room_in_a_container(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:        8192 kB\nMemFree: 1 kB\nMemAvailable:    6144 kB\nHugePages_Total: 0\n")
    (tmp_path / "memory.current").write_text(f"{3 * MIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {MIB}\n")
    found = room(tmp_path, meminfo, limit=4 * MIB)
    assert found.to_dict() == {"machine": 8 * MIB, "limit": 4 * MIB, "free": 2 * MIB}
    assert found.is_container
    free = room(tmp_path, meminfo, limit=64 * MIB)  # no limit
    assert (free.limit, free.free, free.is_container) == (8 * MIB, 6 * MIB, False)


def test_little_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorlab.doctor import room as module

    monkeypatch.setattr(module, "room", lambda: module.Room(8 << 30, 4 << 30, 1 << 20))
    found = outside.memory()
    assert found.status == "warning"
    assert found.message == "0.000977 GiB of 4 GiB free, the limit of the container; the machine has 8 GiB"
