"""The words of the graph's text form, and errors that point at one of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tensorlab.errors import ParseError
from tensorlab.jit.ir import Span

_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<name>%[\w.]+)"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<number>-?(?:inf\b|nan\b|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
    r"|(?P<word>[A-Za-z_]\w*(?:::\w+)?)"
    r"|(?P<tensor><Tensor>)"
    r"|(?P<mark>->|[(){}\[\]=:,;*?])"
)
_SHOWN_BEFORE, _SHOWN_AFTER = 80, 40
_PLACE = re.compile(r"#\s*(.*):(\d+):(\d+)\s*$")


class Token(NamedTuple):
    """One word: its kind (a group of the pattern above), its text, and where it starts."""

    kind: str
    text: str
    start: int


class Lexer:
    """A text as tokens, with one token of look-ahead, and errors that show the place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.places: dict[int, Span] = {}  # by the number of tokens read before
        self.next = 0
        self._split()

    def _split(self) -> None:
        start = 0
        while start < len(self.text):
            if self.text[start].isspace():
                start += 1
                continue
            found = _TOKEN.match(self.text, start)
            if found is None:
                raise self.error(f"cannot read {self.text[start]!r}", Token("mark", self.text[start], start))
            token = Token(str(found.lastgroup), found.group(), start)
            start = found.end()
            if token.kind != "comment":
                self.tokens.append(token)
                continue
            place = _PLACE.match(token.text)
            if place is not None:
                self.places[len(self.tokens)] = Span(place[1], int(place[2]), int(place[3]))
        self.tokens.append(Token("end", "", len(self.text.rstrip())))

    def error(self, message: str, token: Token) -> ParseError:
        """An error that shows where."""
        before = self.text[: token.start]
        line = before.count("\n") + 1
        column = token.start - (before.rfind("\n") + 1)
        shown = self.text.split("\n")[line - 1]
        cut = max(0, column - _SHOWN_BEFORE)  # a line of generated text may have thousands of characters
        carets = " " * (column - cut) + "^" * min(max(1, len(token.text)), _SHOWN_AFTER)
        shown = shown[cut : column + _SHOWN_AFTER]
        return ParseError(f"line {line}, column {column + 1}: {message}\n    {shown}\n    {carets}")

    @property
    def ahead(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.ahead
        self.next += token.kind != "end"
        return token

    def skip(self, text: str) -> bool:
        """Take the next token if it is this one."""
        if self.ahead.text != text or self.ahead.kind == "end":
            return False
        self.next += 1
        return True

    def expect(self, text: str, where: str) -> Token:
        if self.ahead.text != text:
            raise self.unexpected(f"{text!r} {where}")
        return self.take()

    def expect_kind(self, kind: str, wanted: str) -> Token:
        if self.ahead.kind != kind:
            raise self.unexpected(wanted)
        return self.take()

    def unexpected(self, wanted: str) -> ParseError:
        got = repr(self.ahead.text) if self.ahead.kind != "end" else "the end of the text"
        return self.error(f"takes {wanted}, got {got}", self.ahead)
