"""The report's file: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlab.tour.errors import TourError, TourInputError
from tensorlab.tour.report import check_writable, write_report


def test_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_write_replaces(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    check_writable(target)
    write_report(target, "<p>µ</p>")
    assert target.read_text(encoding="utf-8") == "<p>µ</p>"
    assert list(tmp_path.iterdir()) == [target]


def test_write_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text("old")
    (tmp_path / "link.html").symlink_to("real.html")
    write_report(tmp_path / "link.html", "new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text() == "new"


def test_failed_write_keeps_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")

    def full(source: Path, destination: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(TourError) as caught:
        write_report(target, "new")
    assert str(caught.value) == f"{target}: cannot be written: no space left on device"
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_is_missing(tmp_path: Path) -> None:
    target = tmp_path / "no" / "report.html"
    with pytest.raises(TourInputError) as caught:
        check_writable(target)
    assert str(caught.value) == f"{target}: there is no folder {target.parent}"


@pytest.mark.parametrize("name", ["", "/dev/null"])
def test_target_is_no_file(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    with pytest.raises(TourInputError) as caught:
        check_writable(target)
    assert str(caught.value) == f"{target}: not a file that a report can replace"


def test_folder_takes_no_file() -> None:
    """The kernel's own tree refuses new files to everyone, root included."""
    target = Path("/proc/report.html")
    with pytest.raises(TourInputError) as caught:
        check_writable(target)
    assert str(caught.value) == "/proc/report.html: cannot be written: no such file or directory"


def test_protected_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(TourInputError) as caught:
        check_writable(target)
    assert str(caught.value) == f"{target}: not writable"
