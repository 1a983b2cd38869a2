"""Several views as one, under each other."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.view import html
from tensorlab.view.html import Html
from tensorlab.view.mime import View


class SeveralViews(View):
    """Views in their order: what a cell shows of each of its functions."""

    __slots__ = ("views",)

    def __init__(self, views: Sequence[View]) -> None:
        self.views = tuple(views)

    def to_dict(self) -> dict[str, object]:
        return {"views": [view.to_dict() for view in self.views]}

    def text(self) -> str:
        return "\n\n".join(view.text() for view in self.views)

    def html(self) -> str:
        return "\n".join(html.spaced(Html(view.html())) for view in self.views)

    @property
    def failed(self) -> bool:
        return any(view.failed for view in self.views)
