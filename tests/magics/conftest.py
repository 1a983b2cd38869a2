"""A real shell in this process, without history on disk, and put away after the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config


class Shell:
    """Runs cells as a notebook does, and keeps what went out."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.ip = shell
        self.shown: list[str] = []
        shell._showtraceback = self._keep  # type: ignore[method-assign]

    def _keep(self, etype: type, value: BaseException, lines: Any) -> None:
        self.shown = [lines] if isinstance(lines, str) else list(lines)

    def run(self, cell: str) -> ExecutionResult:
        """Run a cell; what its error showed, without colours, is in ``shown``."""
        self.shown = []
        return self.ip.run_cell(cell, store_history=False)

    def value(self, cell: str) -> Any:
        """The value of a cell that must succeed."""
        result = self.run(cell)
        result.raise_error()
        return result.result

    def error(self, cell: str) -> str:
        """What the notebook shows of the error of a cell that must fail."""
        result = self.run(cell)
        assert not result.success
        assert self.shown, "the error was printed and not sent as an error"
        return "\n".join(self.shown)

    def completions(self, text: str) -> list[str]:
        """What Tab offers at the end of a text, with jedi on."""
        with provisionalcompleter():
            return [c.text for c in self.ip.Completer.completions(text, len(text))]

    @property
    def names(self) -> dict[str, Any]:
        return self.ip.user_ns


@pytest.fixture(scope="session")
def _config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ipython_dir = str(tmp_path_factory.mktemp("ipython"))
    config.InteractiveShell.colors = "nocolor"
    return config


@pytest.fixture(scope="session")
def _interactive(_config: Config) -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance(config=_config)
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def fresh(_config: Config) -> Shell:
    """A shell of its own, in which nothing has been used yet."""
    return Shell(InteractiveShell(config=_config))


@pytest.fixture
def plain(_interactive: InteractiveShell) -> Iterator[Shell]:
    """A shell without our extension."""
    before = dict(_interactive.user_ns)
    shell = Shell(_interactive)
    yield shell
    del _interactive._showtraceback
    _interactive.user_ns.clear()
    _interactive.user_ns.update(before)


@pytest.fixture
def lab(plain: Shell) -> Iterator[Shell]:
    """A shell with our extension loaded, and a few names."""
    from tensorlab.magics import load, unload

    load(plain.ip)
    plain.value("import numpy as np, tensorlab as tl")
    yield plain
    unload(plain.ip)
