"""A pipeline in one line, ``dce,cse,(constant,peephole)*2,unroll(factor=4) first 12``, written and read back.

Options that a pass has of its own are left out, repetitions of one pass are counted. ``first`` limits the rewrites of
all passes together.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from tensorlab.errors import RangeError
from tensorlab.jit.rewrite import Pass

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>\d+)|(?P<sign>[(),*=]))")
_MOST = 1_000  # passes that a line may name: a repetition is written out before anything runs
_LITERAL = re.compile(r"""\s*(?P<text>-?[\w.]+|"[^"]*"|'[^']*')""")


def format_line(passes: Sequence[Pass], limit: int | None, known: Mapping[str, Pass]) -> str:
    """The line that `parse_line` reads as these passes, given the same ``known`` ones.

    Raises: `RangeError` for an option that no line can hold, as a list of types is.
    """
    parts: list[str] = []
    for text, alike in groupby(_format_pass(p, known) for p in passes):
        count = sum(1 for _ in alike)
        parts.append(text if count == 1 else f"{text}*{count}")
    line = ",".join(parts)
    return line if limit is None else f"{line} first {limit}".strip()


def _format_pass(pass_: Pass, known: Mapping[str, Pass]) -> str:
    base = known.get(pass_.name)
    usual: Mapping[str, Any] = {} if base is None else base.options
    options = {k: v for k, v in pass_.options.items() if k not in usual or v != usual[k]}
    for key, value in options.items():
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise RangeError(f"pipeline: the option {key} of {pass_.name} cannot be written in a line: {value!r}")
    listed = ", ".join(f"{key}={value!r}" for key, value in options.items())
    return f"{pass_.name}({listed})" if listed else pass_.name


def parse_line(text: str, known: Mapping[str, Pass]) -> tuple[tuple[Pass, ...], int | None]:
    """The passes that a line names, and the limit that it ends with.

    Raises: `RangeError` for a name that is not known, an option that the pass does not have, or a line that cannot be
            read, with what was expected where.
    """
    return _Reader(text, known).line()


class _Reader:
    def __init__(self, text: str, known: Mapping[str, Pass]) -> None:
        self.text = text.rstrip()
        self.known = known
        self.at = 0

    def line(self) -> tuple[tuple[Pass, ...], int | None]:
        passes: list[Pass] = []
        if self.text and not self.peek("first"):
            passes = self.items()
        limit = self.number() if self.skip("first") else None
        if self.at < len(self.text):
            raise self.unexpected("',' or the end")
        return tuple(passes), limit

    def items(self) -> list[Pass]:
        passes = self.item()
        while self.skip(","):
            passes += self.item()
        return passes

    def item(self) -> list[Pass]:
        if self.skip("("):
            passes = self.items()
            self.expect(")")
        else:
            passes = [self.one()]
        times = self.number() if self.skip("*") else 1
        if len(passes) * times > _MOST:
            raise RangeError(f"pipeline: {len(passes) * times:,} passes in {self.text!r}; takes {_MOST:,} at most")
        return passes * times

    def one(self) -> Pass:
        name = self.word("the name of a pass")
        found = self.known.get(name)
        if found is None:
            raise RangeError(f"pipeline: no pass {name!r}; takes {', '.join(self.known)}")
        if not self.skip("("):
            return found
        options = dict(found.options)
        while not self.skip(")"):
            key = self.word("the name of an option")
            if key not in found.options:
                have = ", ".join(found.options) or "none"
                raise RangeError(f"pipeline: {name} has no option {key!r}; it has {have}")
            self.expect("=")
            options[key] = self.literal()
            if not self.skip(",") and not self.peek(")"):
                raise self.unexpected("',' or ')'")
        return replace(found, options=options)

    # -- tokens

    def match(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def peek(self, token: str) -> bool:
        found = self.match()
        return found is not None and found[0].strip() == token

    def skip(self, token: str) -> bool:
        if not self.peek(token):
            return False
        found = self.match()
        self.at = self.at if found is None else found.end()
        return True

    def expect(self, token: str) -> None:
        if not self.skip(token):
            raise self.unexpected(repr(token))

    def word(self, what: str) -> str:
        return self.take("word", what)

    def number(self) -> int:
        return int(self.take("number", "a number"))

    def take(self, kind: str, what: str) -> str:
        found = self.match()
        if found is None or found[kind] is None:
            raise self.unexpected(what)
        self.at = found.end()
        return found[kind]

    def literal(self) -> Any:
        found = _LITERAL.match(self.text, self.at)
        try:
            value = None if found is None else ast.literal_eval(found["text"])
        except (ValueError, SyntaxError):
            found, value = None, None
        if found is None:
            raise self.unexpected("a number, a string, True, False or None")
        self.at = found.end()
        return value

    def unexpected(self, wanted: str) -> RangeError:
        rest = self.text[self.at :].strip()
        got = repr(rest) if rest else "the end"
        return RangeError(f"pipeline: expected {wanted}, got {got} in {self.text!r}")
