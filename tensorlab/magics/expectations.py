"""``--expect``: lines that a view's text has to show, in their order, and lines that it must not show between them.

A line is looked for by its words: how many spaces stand between them does not matter. ``NOT: text`` must not stand
between what was found before it and what is found after it. ``CHECK:`` and ``CHECK-NOT:`` may stand before lines, as in
LLVM's FileCheck.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tensorlab.magics.errors import MagicError

_RULE = re.compile(r"\s*(?:(?:CHECK-)?(NOT)|CHECK):(.*)$")
_NEAREST = 3
_MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line: its words, and whether they must not be there."""

    text: str
    absent: bool

    def stands_in(self, line: str) -> bool:
        return self.text in _spaced(line)


def read_expectations(text: str) -> list[Expectation]:
    """The lines of an option's text; a ``\\n`` that was typed, and ``;;``, end a line too. Empty lines say nothing."""
    found: list[Expectation] = []
    for line in re.split(r"\n|\\n|;;", text):
        rule = _RULE.match(line)
        words = _spaced(line if rule is None else rule[2])
        if words:
            found.append(Expectation(words, rule is not None and rule[1] is not None))
    return found


def check_expectations(magic: str, text: str, shown: str) -> None:
    """Look for each line of a text in what is shown.

    Raises: `MagicError` for a line that is not there, with those that are nearest to it, for one that must not be
            there, and for a text without lines.
    """
    expectations = read_expectations(text)
    if not expectations:
        raise MagicError(magic, "--expect: got no line to look for", f'{magic} f --expect "aten::tanh"')
    lines = shown.splitlines()
    at = 0
    forbidden: list[Expectation] = []
    for expected in expectations:
        if expected.absent:
            forbidden.append(expected)
            continue
        found = next((i for i in range(at, len(lines)) if expected.stands_in(lines[i])), None)
        if found is None:
            raise _missing(magic, expected, lines, at)
        _check_absent(magic, forbidden, lines, at, found)
        forbidden, at = [], found + 1
    _check_absent(magic, forbidden, lines, at, len(lines))


def _check_absent(magic: str, forbidden: Sequence[Expectation], lines: Sequence[str], start: int, stop: int) -> None:
    for expected in forbidden:
        for number in range(start, stop):
            if expected.stands_in(lines[number]):
                shown = _line(number, lines[number])
                message = f"--expect: {expected.text!r} must not be there, and is in {shown}"
                raise MagicError(magic, message, failed=True)


def _missing(magic: str, expected: Expectation, lines: Sequence[str], at: int) -> MagicError:
    """Says where the line stands instead, or which lines are nearest to it."""
    earlier = next((i for i in range(at) if expected.stands_in(lines[i])), None)
    if earlier is not None:
        message = f"--expect: {expected.text!r} is not below line {at}, where the one before it was found"
        return MagicError(magic, message, f"it is in {_line(earlier, lines[earlier])}", failed=True)
    where = f" below line {at}" if at else ""
    scored = [(_likeness(expected.text, lines[i]), -i) for i in range(len(lines)) if lines[i].strip()]
    best = sorted(-i for _, i in sorted(scored, reverse=True)[:_NEAREST])
    nearest = "\n".join(["nearest:", *(f"    {_line(i, lines[i])}" for i in best)])
    return MagicError(magic, f"--expect: no line{where} shows {expected.text!r}", nearest, failed=True)


def _likeness(text: str, line: str) -> float:
    words, have = set(re.findall(r"\w+", text)), set(re.findall(r"\w+", line))
    shared = len(words & have) / (len(words) or 1)
    return shared + SequenceMatcher(None, text, _spaced(line)[:_MOST_COLUMNS], autojunk=False).ratio()


def _line(number: int, line: str) -> str:
    text = _spaced(line)
    return f"line {number + 1}: {text if len(text) <= _MOST_COLUMNS else text[: _MOST_COLUMNS - 1] + '…'}"


def _spaced(line: str) -> str:
    return " ".join(line.split())
