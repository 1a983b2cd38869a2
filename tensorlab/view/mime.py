"""What every magic returns: one set of facts as text, as HTML and as data."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from typing import Any

from tensorlab.view.html import Html, card, esc, paragraph
from tensorlab.view.page import page
from tensorlab.view.text import WIDTH, at_width


class View:
    """A drawing of records. Subclasses give `text`, `html` and `to_dict`; what a notebook calls is here.

    Nothing is computed when it is drawn, and drawing never fails a cell: an error inside a drawing is shown in its
    place, since the work that the view reports on is done and its results are good.
    """

    __slots__ = ()

    def text(self) -> str:
        """The view for a terminal: at most 100 columns, or as many as `repr` finds there; no colour needed."""
        raise NotImplementedError

    def html(self) -> str:
        """The view for a notebook, trusted or not."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, object]:
        """The records as plain data."""
        raise NotImplementedError

    def to_json(self, *, indent: int | None = None) -> str:
        """The records as JSON, keys in the order of `to_dict`."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_html(self, *, title: str = "tensorlab") -> str:
        """The view as a page of its own, for a file that a browser opens; `html` is the part of it for a notebook."""
        return page(self.html(), title)

    @property
    def failed(self) -> bool:
        """Whether the view tells of a check that found something wrong."""
        return False

    def printed(self) -> str:
        """The text, for the terminal that there is."""
        with at_width(_terminal_columns()):
            return self.text()

    def __repr__(self) -> str:
        return self._drawn(self.printed, lambda message: message)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # A front end may ask for fewer kinds than there are; only those are drawn.
        kinds = {"text/plain": self.__repr__, "text/html": lambda: self._drawn(self.html, _error_card)}
        wanted = set(kinds if include is None else include) - set(exclude or ())
        return {kind: draw() for kind, draw in kinds.items() if kind in wanted}

    def _drawn(self, draw: Callable[[], str], shown: Callable[[str], str]) -> str:
        try:
            return draw()
        except Exception as error:  # noqa: BLE001 - a repr that raises fails the cell, and with it the user's results
            return shown(f"<{type(self).__name__} could not be drawn: {type(error).__name__}: {error}>")


def _terminal_columns() -> int:
    """Columns of the terminal that text is printed to; where there is none, as many as a view may take."""
    out = sys.stdout
    return shutil.get_terminal_size((WIDTH, 24)).columns if out is not None and out.isatty() else WIDTH


def _error_card(message: str) -> Html:
    return card(paragraph(esc(message)))
