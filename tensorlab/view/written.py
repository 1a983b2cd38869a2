"""A text that a person is to edit and give back: a graph as a cell."""

from __future__ import annotations

from tensorlab.view import html
from tensorlab.view.html import CODE, Html
from tensorlab.view.mime import View


class WrittenView(View):
    """The text of a cell, as it is: nothing is left out of it or broken into shorter lines."""

    __slots__ = ("cell",)

    def __init__(self, cell: str) -> None:
        self.cell = cell

    def to_dict(self) -> dict[str, object]:
        return {"cell": self.cell}

    def text(self) -> str:
        return self.cell.rstrip("\n")

    def html(self) -> str:
        lines = html.join(map(html.esc, self.text().split("\n")), "\n")
        body = Html(f'<div style="{CODE}white-space:pre-wrap">{lines}</div>')
        return html.card(html.header("A cell", "edit it and run it"), html.spaced(body))
