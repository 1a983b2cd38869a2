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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium. Closed with the module: while playwright is open, an event loop runs in this thread."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium: on Debian, apt install chromium")
    # Without its sandbox, which needs rights that a container's root does not have; it opens our own pages alone.
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--force-color-profile=srgb"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()
