"""One headless Chromium for the tests of a module; they are skipped, with a reason, where there is none."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# The samples of views, and what is known of pages, are shared with the tests of views.
sys.path.insert(0, str(ROOT / "tests" / "view"))


@pytest.fixture(scope="session")
def shots() -> Path:
    """The folder of the pictures: ``build/browser``, or what ``BROWSER_SHOTS`` says."""
    folder = Path(os.environ.get("BROWSER_SHOTS", ROOT / "build" / "browser"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium: on Debian, apt install chromium")
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser without pages. Closed with the module: while playwright is open, an event loop runs in this thread."""
    from playwright.sync_api import sync_playwright

    # Without its sandbox, which needs rights that a container's root does not have; it opens our own pages alone.
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
