"""What every folder of tests shares: expected output in files, written anew with ``--update-golden``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Loops that tests compile are kept beside what pytest keeps: the next run finds them, and the user's cache is let be.
os.environ.setdefault("TENSORLAB_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "tensorlab"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the files under tests/golden anew instead of comparing"
    )
    parser.addoption("--whole", action="store_true", help="run all of tests/oracle and tests/nn, not a share of them")


class Golden:
    """Files of expected output, in ``tests/golden/<folder of the test>``."""

    def __init__(self, folder: Path, *, update: bool) -> None:
        self.folder = folder
        self.update = update

    def check(self, name: str, text: str) -> None:
        """Compare with the file of that name, or write it."""
        path = self.folder / name
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run with --update-golden and look at it"
        assert text == path.read_text(encoding="utf-8"), f"{path} differs: --update-golden, if that is right"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    folder = Path(__file__).parent / "golden" / request.path.parent.name
    return Golden(folder, update=request.config.getoption("--update-golden"))
