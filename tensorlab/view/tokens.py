"""The tokens of a piece of source, line by line."""

from __future__ import annotations

from itertools import groupby, islice

from tensorlab.jit.syntax_tree import SyntaxTree, Token
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, RULE
from tensorlab.view.mime import View
from tensorlab.view.text import counted, line_width, listed, shortened, visible, wrapped

_MOST = 300
_LONGEST = 40  # characters of a token
_RULE = RULE.css("border-top", "1px solid")


class TokensView(View):
    """Each token with its kind, in the lines that they stand in."""

    __slots__ = ("tree",)

    def __init__(self, tree: SyntaxTree) -> None:
        self.tree = tree

    def to_dict(self) -> dict[str, object]:
        tokens = [token.to_dict() for token in self.tree.tokens]
        return {"name": self.tree.name, "label": self.tree.label, "tokens": tokens}

    def text(self) -> str:
        lines = [*wrapped(visible(" · ".join((self.tree.name, *self._facts()))), line_width()), ""]
        shown = self._lines()
        width = max((len(str(number)) for number, _ in shown), default=0)
        for number, tokens in shown:
            words = "  ".join(f"{token.kind} {told(token)}".rstrip() for token in tokens)
            room = line_width() - width - 2
            first, *others = wrapped(words, room, "  ")
            lines.append(f"{number:>{width}}  {first}".rstrip())
            lines += [f"{' ' * width}  {other}".rstrip() for other in others]
        return "\n".join([*lines, *self._notes()])

    def html(self) -> str:
        heads = [
            Cell(html.esc(h), ink=QUIET, size=11.5, scope="col", pad="2px 12px 2px 0")
            for h in ("line", "tokens and their kinds")
        ]
        rows = [heads]
        for number, tokens in self._lines():
            boxes = html.chips((html.join([html.code(told(t)), html.quiet(f" {t.kind}")]), "") for t in tokens)
            rows.append(
                [
                    Cell(html.esc(number), "right", QUIET, mono=True, wraps=False, pad="12px 12px 0 0", extra=_RULE),
                    Cell(Html(boxes), pad="0", extra=f"width:100%;{_RULE}"),
                ]
            )
        table = html.table(rows, "Tokens by the line that they begin in", wide=True)
        return html.card(html.header(self.tree.name, *self._facts()), table, html.footer(*self._notes()))

    def _facts(self) -> list[str]:
        kinds: dict[str, int] = {}
        for token in self.tree.tokens:
            kinds[token.kind] = kinds.get(token.kind, 0) + 1
        most = sorted(kinds.items(), key=lambda item: -item[1])[:4]
        facts = [self.tree.label] if self.tree.label else []
        count = len(self.tree.tokens)
        return [*facts, counted(count, "token"), *([listed([f"{n} {kind}" for kind, n in most])] if count else [])]

    def _lines(self) -> list[tuple[int, list[Token]]]:
        shown = islice(self.tree.tokens, _MOST)
        return [(number, list(tokens)) for number, tokens in groupby(shown, lambda token: token.place.line)]

    def _notes(self) -> list[str]:
        more = len(self.tree.tokens) - _MOST
        return [f"… {counted(more, 'more token')}"] if more > 0 else []


def told(token: Token) -> str:
    """A token's text in one line: space at the beginning of a line is counted, nothing is nothing."""
    if token.kind == "INDENT":
        return counted(len(token.text), "space" if not token.text.strip(" ") else "character")
    return shortened(visible(token.text), _LONGEST)
