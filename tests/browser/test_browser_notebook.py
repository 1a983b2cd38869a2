"""What the magics show: in JupyterLab's three themes, trusted and untrusted, and in the pages of nbconvert.

And in a live kernel: the completer pops up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab_cells
import lab_server
import pytest
from browser_faults import CHECKS, faults, kept

THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")
TRUST = ("trusted", "untrusted")
WIDTH = 1100
_PATIENCE = 60_000  # milliseconds; what is waited for comes within two seconds on a machine that has nothing else to do

OPEN = """async (path) => {
    const widget = await jupyterapp.commands.execute("docmanager:open", { path, factory: "Notebook" });
    await widget.context.ready;
    await widget.revealed;
    return widget.id;
}"""
SHOW = """(id) => jupyterapp.shell.activateById(id)"""
TALL = """(id) => {
    const outer = document.querySelector(`[id="${id}"] .jp-WindowedPanel-outer`);
    return Math.ceil(outer.getBoundingClientRect().top + outer.scrollHeight) + 60;
}"""
SEEN = """([id, names]) => tensorlabCells(document.querySelector(`[id="${id}"]`), names)"""


@pytest.fixture(scope="module")
def notebook(chromium: str) -> Any:
    """Run once; after the browser is known to be there."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    return lab_cells.run()


@pytest.fixture(scope="module")
def page(browser: Any, notebook: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("home")
    lab_server.settle(home)
    lab_server.put(home, "trusted.ipynb", notebook, trusted=True)
    lab_server.put(home, "untrusted.ipynb", lab_cells.resigned(notebook), trusted=False)
    lab_server.put(home, "typing.ipynb", lab_cells.unrun(), trusted=False)
    with lab_server.lab(home) as address:
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        page.set_default_timeout(_PATIENCE)
        page.goto(f"{address}/lab")
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(
            """async () => {
                await jupyterapp.restored;
                jupyterapp.shell.mode = "single-document";
                jupyterapp.shell.collapseLeft();
            }"""
        )
        page.add_script_tag(path=CHECKS)
        yield page
        page.close()


@pytest.fixture(scope="module")
def opened(page: Any, notebook: Any) -> dict[str, str]:
    """Both notebooks, opened and drawn: the ids of their tabs."""
    ids = {trust: page.evaluate(OPEN, f"{trust}.ipynb") for trust in TRUST}
    outputs = sum(map(len, lab_cells.htmls(notebook).values()))
    for number in ids.values():
        page.evaluate(SHOW, number)
        page.wait_for_function(
            """([id, n]) => document.querySelectorAll(`[id="${id}"] .jp-RenderedHTMLCommon.jp-OutputArea-output`)
                .length === n""",
            arg=[number, outputs],
        )
    return ids


@pytest.mark.parametrize("theme", THEMES)
def test_outputs(page: Any, opened: dict[str, str], notebook: Any, shots: Path, theme: str) -> None:
    page.evaluate("(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function("(theme) => document.body.dataset.jpThemeName === theme", arg=theme)
    found = []
    for trust, number in opened.items():
        page.evaluate(SHOW, number)
        seen = page.evaluate(SEEN, [number, lab_cells.names()])
        page.set_viewport_size({"width": WIDTH, "height": page.evaluate(TALL, number)})
        kept(page, shots / f"{theme} {trust}", kind="png")
        page.set_viewport_size({"width": WIDTH, "height": 1000})
        # An untrusted page drops every variable: that is how one knows which of the two this is.
        assert any("var(--" in style for s in seen for style in s["styles"]) is (trust == "trusted")
        found += [f"{theme}, {trust}: {line}" for line in faults(seen, lab_cells.htmls(notebook))]
    assert found == []


def test_completion_pops_up(page: Any, shots: Path) -> None:
    number = page.evaluate(OPEN, "typing.ipynb")
    page.evaluate(SHOW, number)
    cells = page.locator(f"[id='{number}'] .jp-CodeCell")
    page.wait_for_function("() => jupyterapp.shell.currentWidget.context.sessionContext.isReady")
    # A run before the kernel answers would ask which kernel is meant.
    page.evaluate("() => jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.info")
    page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        "(id) => document.querySelector(`[id='${id}'] .jp-CodeCell .jp-InputPrompt`).textContent.includes('1')",
        arg=number,
    )
    cells.last.locator(".cm-content").click()
    page.keyboard.type("%sto")
    page.keyboard.press("Tab")
    item = page.locator(".jp-Completer-item", has_text="%storage").first
    item.wait_for()
    page.screenshot(path=shots / "completion.png")
    assert "%storage" in [text.strip() for text in page.locator(".jp-Completer-match").all_inner_texts()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nbconvert(browser: Any, notebook: Any, shots: Path, tmp_path: Path, theme: str) -> None:
    exporters = pytest.importorskip("nbconvert.exporters", reason="nbconvert is not installed")
    path = tmp_path / "page.html"
    path.write_text(exporters.HTMLExporter(theme=theme).from_notebook_node(notebook)[0], encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    # The page asks the net for what renders formulas and diagrams: there are none, and no net is needed.
    page.route("http**", lambda route: route.abort())
    page.goto(path.as_uri())
    page.add_script_tag(path=CHECKS)
    seen = page.evaluate("(names) => tensorlabCells(document, names)", lab_cells.names())
    kept(page, shots / f"nbconvert {theme}", kind="png")
    page.close()
    assert faults(seen, lab_cells.htmls(notebook)) == []


def test_each_magic_is_shown(chromium: str, tmp_path: Path) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from tensorlab.magics import load, unload
    from tensorlab.magics.session import session_of

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ipython_dir = str(tmp_path)
    shell = InteractiveShell(config=config)
    load(shell)
    ours = {name for magic in session_of(shell).magics for table in magic.magics.values() for name in table}
    unload(shell)
    shown = {word.lstrip("%") for cell in lab_cells.CELLS for word in cell.split() if word.startswith("%")}
    assert sorted(ours - shown) == [], "a magic without a cell in lab_cells.py"
