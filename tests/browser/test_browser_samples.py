"""Every view, in a page without a notebook: on light and dark grounds, with themes and without."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pytest
from browser_faults import CHECKS, faults, kept
from view_pages import THEMES, Theme, parse
from view_samples import SAMPLES

# The ground of the page around the cards, and the variables that the page defines.
PAGES: dict[str, tuple[str, Theme]] = {
    "light": ("#ffffff", {}),
    "dark": ("#111111", {}),
    "VS Code Light": ("#ffffff", THEMES["VS Code Light"]),
    "VS Code Dark": ("#1e1e1e", THEMES["VS Code Dark"]),
}
GROUPS = """() => tensorlabChecks([...document.querySelectorAll("section")].map(
    (s) => ({ name: s.title, areas: [s.lastElementChild] })))"""


@pytest.fixture(scope="module")
def drawn(chromium: str) -> dict[str, str]:
    return {name: sample().html() for name, sample in SAMPLES.items()}


@pytest.fixture(scope="module")
def page(browser: Any, drawn: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    body = "".join(f'<section title="{n}"><h3>{escape(n)}</h3><div>{html}</div></section>' for n, html in drawn.items())
    path = tmp_path_factory.mktemp("samples") / "samples.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><body style="width:980px">{body}', encoding="utf-8")
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(path.as_uri())
    page.add_script_tag(path=CHECKS)
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_samples(page: Any, drawn: dict[str, str], shots: Path, name: str) -> None:
    ground, variables = PAGES[name]
    page.evaluate(
        """([ground, variables]) => {
            document.documentElement.removeAttribute("style");
            for (const [k, v] of Object.entries(variables)) document.documentElement.style.setProperty(k, v);
            document.body.style.background = ground;
        }""",
        [ground, variables],
    )
    seen = page.evaluate(GROUPS)
    if not name.startswith("VS"):  # of four pages that differ in colour alone, two are enough to look at
        kept(page, shots / f"samples {name}")
    assert [s["name"] for s in seen] == list(drawn)
    assert faults(seen, {n: [html] for n, html in drawn.items()}) == []


def test_the_samples_are_all_there(drawn: dict[str, str]) -> None:
    assert all(parse(html).words.strip() for html in drawn.values())
