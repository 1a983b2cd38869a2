"""The cache on disk: bounded, the longest unused goes first, and processes that share it do not disturb each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tensorlab as tl
from tensorlab.core.config import config
from tensorlab.core.loop_files import LoopFiles


def filled(folder: Path, count: int, *, limit: int = 2**20) -> LoopFiles:
    """Loops ``l0``, ``l1``, ... of 1000 bytes of code each, used a second after one another, long ago."""
    files = LoopFiles(folder, limit)
    for i in range(count):
        files.write_source(f"l{i}", "pass\n")
        files.write_object(f"l{i}", bytes([i]) * 1000)
        for path in (files.source_path(f"l{i}"), files.object_path(f"l{i}")):
            os.utime(path, (1000.0 + i, 1000.0 + i))
    return files


def kept(files: LoopFiles) -> list[str]:
    return sorted({p.stem for p in files.folder.iterdir()})


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    files = filled(tmp_path / "loops", 8)
    files.limit = 8 * 1037
    assert files.read_object("l0") == bytes(1000)  # used again
    files.write_object("new", b"x" * 1000)
    files.keep_to_limit()
    assert kept(files) == ["l0", "l4", "l5", "l6", "l7", "new"]
    info = files.info()
    assert (info.files, info.limit_nbytes, info.evicted) == (11, 8 * 1037, 3)
    assert info.nbytes <= info.limit_nbytes * 3 // 4
    assert info.to_dict()["path"] == str(tmp_path / "loops")


def test_writing_keeps_to_the_limit_all_the_time(tmp_path: Path) -> None:
    files = LoopFiles(tmp_path / "loops", 20_000)
    for i in range(200):
        files.write_source(f"l{i}", "pass\n")
        files.write_object(f"l{i}", bytes([i % 256]) * 900)
        assert files.info().nbytes <= 20_000
        assert files.read_object(f"l{i}") is not None
    assert (files.info().hits, files.info().misses) == (200, 0)


WRITER = """
import sys
from pathlib import Path
from tensorlab.core.loop_files import LoopFiles
files = LoopFiles(Path(sys.argv[1]), 30_000)
highest = wrong = 0
for turn in range(300):
    i = turn % 60
    code = bytes([i]) * 900
    found = files.read_object(f"l{i}")
    wrong += found is not None and found != code
    if found is None:
        files.write_source(f"l{i}", "pass")
        files.write_object(f"l{i}", code)
    highest = max(highest, files.info().nbytes)
print(highest, wrong)
"""


def test_processes_that_write_read_and_remove_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "loops"
    command = [sys.executable, "-W", "error", "-c", WRITER, str(folder)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    for highest, wrong in outputs:
        assert int(highest) <= 30_000 + 3 * 932  # a file that each is just putting there
        assert wrong == "0"
    assert {p.suffix for p in folder.iterdir()} <= {".o", ".py"}


def test_what_was_left_half_written_goes_after_an_hour(tmp_path: Path) -> None:
    files = filled(tmp_path / "loops", 1)
    old, young = files.folder / "l1.oabc", files.folder / "l2.oabc"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 3700,) * 2)
    files.keep_to_limit()
    assert (old.exists(), young.exists()) == (False, True)
    assert files.clear() == 1000 + 32 + len("pass\n")
    assert [p.name for p in files.folder.iterdir()] == ["l2.oabc"]


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    files = LoopFiles(tmp_path / "loops", 0)
    files.write_object("l", b"x")
    assert files.read_object("l") is None
    assert (files.info().nbytes, files.info().misses) == (0, 1)


def test_files_that_vanish_while_they_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = filled(tmp_path / "loops", 3)
    listed = list(os.scandir(files.folder))
    files.object_path("l1").unlink()
    assert LoopFiles(tmp_path / "nowhere").info().nbytes == 0
    monkeypatch.setattr("os.scandir", lambda _: listed)
    assert files.info().files == 5
    assert files.clear() > 0


def test_the_cache_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLAB_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TENSORLAB_CACHE_MIB", "2")
    config.cache_clear()
    try:
        filled(tmp_path / "loops", 2)
        info = tl.jit.cache_info()
        assert (info.path, info.files, info.limit_nbytes) == (str(tmp_path / "loops"), 4, 2 * 2**20)
        assert tl.jit.clear_cache() == info.nbytes
        assert tl.jit.cache_info().files == 0
    finally:
        config.cache_clear()
