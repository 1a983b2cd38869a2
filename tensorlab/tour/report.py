"""The report's file: checked before the tour runs, and there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from tensorlab.tour.errors import TourError, TourInputError


def check_writable(output: Path) -> None:
    """Make sure that a report can be written, by making and removing an empty file beside it.

    Raises: `TourInputError` if the folder is missing or takes no file, or if ``output`` is no ordinary file.
    """
    target = output.resolve()
    if target.exists() and not target.is_file():
        raise TourInputError(f"{output}: not a file that a report can replace")
    if target.exists() and not os.access(target, os.W_OK):
        raise TourInputError(f"{output}: not writable")
    if not target.parent.is_dir():
        raise TourInputError(f"{output}: there is no folder {target.parent}")
    beside = _beside(target)
    try:
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise TourInputError(f"{output}: cannot be written: {_reason(error)}") from None


def write_report(output: Path, html: str) -> None:
    """Write beside ``output`` and rename over it, so that a reader never sees half a report.

    Raises: `TourError` if the disk does not take it; what stood there before is untouched.
    """
    target = output.resolve()
    beside = _beside(target)
    try:
        beside.write_text(html, encoding="utf-8")
        os.replace(beside, target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise TourError(f"{output}: cannot be written: {_reason(error)}") from None


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
