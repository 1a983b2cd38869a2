"""The door to Numba: one loop for one text, kept on disk, compiled anew where the disk is damaged or missing."""

import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import numba.core.config
import numpy as np
import pytest

from tensorlab.core import compile as door
from tensorlab.core.loop_files import LoopFiles
from tensorlab.errors import CacheWarning, CompileError

SIGNATURE = "void(int64, int64, int64)"
SOURCE = '''"""Twice a run of float64."""

from tensorlab.core.intrinsics import float64_at


def loop(n, out_at, in_at):
    out = float64_at(out_at)
    a = float64_at(in_at)
    for i in range(n):
        out[i] = 2 * a[i]
'''


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A cache of this test's own."""
    return use(LoopFiles(tmp_path / "loops"), monkeypatch)


def use(files, monkeypatch):
    """A process that has compiled nothing yet, as far as the door can tell."""
    monkeypatch.setattr(door, "_files", lambda: files)
    monkeypatch.setattr(door, "_loops", {})
    monkeypatch.setattr(door, "compiled_log", [])
    return files


def twice(loop):
    a, out = np.arange(5.0), np.zeros(5)
    loop.entry(5, out.ctypes.data, a.ctypes.data)
    return out.tolist()


def made(label="twice", source=SOURCE):
    return door.compile_loop(source, SIGNATURE, label=label)


def test_the_same_text_is_the_same_loop(files):
    loop = made()
    assert made() is loop
    assert twice(loop) == [0, 2, 4, 6, 8]
    assert not loop.from_cache
    other = made(source=SOURCE.replace("2 *", "4 *"))
    assert door.compiled_log == [loop, other]
    assert loop.name.startswith("twice_")
    assert (loop.source, loop.signature) == (SOURCE, SIGNATURE)


def test_a_loop_on_disk_is_not_compiled_again(files, monkeypatch):
    first = made()
    use(files, monkeypatch)
    monkeypatch.setattr(door, "_compile", lambda *_: pytest.fail("compiled again"))
    again = made()
    assert again is not first
    assert again.from_cache
    assert twice(again) == [0, 2, 4, 6, 8]


def test_a_loop_shows_its_stages_also_when_it_comes_from_the_disk(files, monkeypatch):
    made()
    use(files, monkeypatch)
    loop = made()
    assert "define" in loop.llvm()
    assert "fmul" in loop.llvm() or "fadd" in loop.llvm()
    assert "out[i] = 2 * a[i]" in loop.typed()
    assert "float64" in loop.typed()
    assert "ret" in loop.asm()


def test_the_module_on_disk_can_be_read_and_imported(files):
    loop = made()
    assert Path(loop.path).read_text() == SOURCE
    spec = importlib.util.spec_from_file_location("a_loop", loop.path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.__doc__ == "Twice a run of float64."
    assert module.loop.__code__.co_argcount == 3


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGE = {
    "a bit flipped": flipped,
    "cut short": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-1],
    "longer": lambda content: content + b"x",
    "empty": lambda content: b"",
    "something else": lambda content: b"#!/bin/sh\n",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_machine_code_is_compiled_anew(files, monkeypatch, damage):
    path = files.object_path(made().name)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    use(files, monkeypatch)
    loop = made()
    assert not loop.from_cache
    assert twice(loop) == [0, 2, 4, 6, 8]
    use(files, monkeypatch)
    assert made().from_cache  # and put in place again


def test_whole_machine_code_that_cannot_be_linked_is_compiled_anew(files, monkeypatch):
    files.write_object(made().name, b"not an object file", door._digest(SOURCE, SIGNATURE))
    use(files, monkeypatch)
    loop = made()
    assert not loop.from_cache
    assert twice(loop) == [0, 2, 4, 6, 8]


def test_machine_code_of_another_text_is_not_taken_for_ours(files, monkeypatch):
    loop, other = made(), made(source=SOURCE.replace("2 *", "4 *"))
    os.replace(files.object_path(other.name), files.object_path(loop.name))
    use(files, monkeypatch)
    again = made()
    assert not again.from_cache
    assert twice(again) == [0, 2, 4, 6, 8]


def test_what_it_took_is_kept(files, monkeypatch):
    compiled = made().seconds
    assert min(compiled.reading, compiled.llvm, compiled.machine_code, compiled.linking) > 0
    use(files, monkeypatch)
    read = made().seconds
    assert (read.llvm, read.machine_code) == (0.0, 0.0)
    assert list(read.to_dict()) == ["reading", "llvm", "machine_code", "linking", "total"]
    assert read.total == read.reading + read.linking


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_module_is_written_anew_and_its_machine_code_stays(files, monkeypatch, damage):
    path = files.source_path(made().name)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    use(files, monkeypatch)
    loop = made()
    assert loop.from_cache
    assert path.read_text() == SOURCE


def test_a_missing_file_is_made_again(files, monkeypatch):
    name = made().name
    files.source_path(name).unlink()
    use(files, monkeypatch)
    assert made().from_cache
    files.object_path(name).unlink()
    use(files, monkeypatch)
    assert not made().from_cache


def test_nothing_is_left_beside_the_two_files(files):
    name = made().name
    assert sorted(p.name for p in files.folder.iterdir()) == [f"{name}.o", f"{name}.py"]


def test_a_folder_that_cannot_be_used_costs_one_warning(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    use(LoopFiles(tmp_path / "file" / "loops"), monkeypatch)
    with pytest.warns(CacheWarning) as caught:
        loop = made()
        other = made(source=SOURCE.replace("2 *", "3 *"))
    assert [str(w.message) for w in caught] == [
        f"compiled loops are not kept: {tmp_path / 'file' / 'loops'} cannot be written to (Not a directory)"
    ]
    assert twice(loop) == [0, 2, 4, 6, 8]
    assert twice(other) == [0, 3, 6, 9, 12]
    assert loop.path == f"<tensorlab {loop.name}>"
    assert "out[i] = 2 * a[i]" in loop.typed()


def test_a_filled_cache_that_is_read_only_serves_without_a_word(files, monkeypatch):
    made()
    use(LoopFiles(files.folder), monkeypatch)
    monkeypatch.setattr("tensorlab.core.loop_files._replace", lambda *_: pytest.fail("written to"))
    assert made().from_cache


def test_a_disk_that_fills_up_leaves_no_half_a_file(files, monkeypatch):
    def full(_source, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.warns(CacheWarning, match=r"cannot be written to \(No space left on device\)$"):
        assert twice(made()) == [0, 2, 4, 6, 8]
    assert list(files.folder.iterdir()) == []


def test_what_numba_cannot_compile_says_where(files):
    with pytest.raises(CompileError) as caught:
        made("broken", SOURCE.replace("2 * a[i]", "undefined_name * a[i]"))
    (path,) = files.folder.glob("broken_*.py")
    assert str(caught.value).startswith(f"{path.stem}: Numba cannot compile {path}: Failed in nopython mode pipeline")
    assert "undefined_name" in str(caught.value)
    assert list(files.folder.glob("*.o")) == []


def test_without_numba_there_are_the_loops_that_need_none(files, monkeypatch):
    monkeypatch.setattr(numba.core.config, "DISABLE_JIT", 1)
    assert twice(made()) == [0, 2, 4, 6, 8]
    message = r"^squares_\w+: this loop is compiled by Numba; NUMBA_DISABLE_JIT is set and has to go$"
    with pytest.raises(CompileError, match=message):
        made("squares", SOURCE.replace("2 * a[i]", "a[i] ** 2.5"))


def test_threads_that_need_a_loop_at_once_share_it(files):
    start = threading.Barrier(8)
    found = []

    def need():
        start.wait()
        found.append(made())

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert door.compiled_log == [found[0]]


PROGRAM = """
import sys
import tensorlab as tl
from tensorlab.core.compile import compiled_log
a = tl.tensor([1.0, 2.0])
assert ((a + a) * 2.5).tanh().sum().item() > 1.9
print(*(loop.from_cache for loop in compiled_log), "numba" in sys.modules)
"""


def run(cache: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "TENSORLAB_CACHE_DIR": str(cache), "PYTHONWARNINGS": "error"}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)


def test_processes_share_the_cache_and_none_needs_numba(tmp_path):
    at_once = [run(tmp_path), run(tmp_path)]
    outputs = [process.communicate(timeout=120)[0] for process in at_once]
    assert [process.returncode for process in at_once] == [0, 0]
    for *from_cache, numba_is_loaded in map(str.split, outputs):
        assert len(from_cache) == 4
        assert numba_is_loaded == "False"
    later = run(tmp_path)
    assert later.communicate(timeout=120)[0].split() == ["True", "True", "True", "True", "False"]
