"""Colours and marks: the same thing has the same mark in every view.

Text is drawn in the theme's own ink, each themed property twice, the literal and then the variable: where a page
drops variables (an untrusted notebook), the literal pair stays and is a light card on any page.
"""

from __future__ import annotations

from typing import NamedTuple


class Themed(NamedTuple):
    """A colour that follows the page: what it is without a theme, and the variables of JupyterLab and VS Code."""

    literal: str
    jupyter: str
    vscode: str

    def css(self, prop: str, before: str = "") -> str:
        """``color:#1b1f24;color:var(...)``; ``before`` is what the property holds besides, as ``1px solid``."""
        lead = f"{prop}:{before} " if before else f"{prop}:"
        return f"{lead}{self.literal};{lead}var({self.jupyter},var({self.vscode},{self.literal}));"


INK = Themed("#1b1f24", "--jp-content-font-color1", "--vscode-editor-foreground")
QUIET = Themed("#59636e", "--jp-content-font-color2", "--vscode-descriptionForeground")
CARD = Themed("#ffffff", "--jp-layout-color1", "--vscode-editor-background")
RULE = Themed("#d0d7de", "--jp-border-color2", "--vscode-panel-border")

# Mid-tones, at least 3:1 on white and on the dark grounds of JupyterLab: for shapes, never for words.
STORAGES = ("#3d7fc4", "#c2662d", "#2f8f6b", "#a3579b", "#8f7a1f", "#c24f5f")
ACCENT = STORAGES[0]
ADDED, REMOVED, REPLACED = "#2f8f6b", "#c24f5f", "#a36a1f"
LINE = "#8a919c"


def storage_colour(letter: str) -> str:
    """A storage's colour: the first six letters have one each, then they come round (the letter still tells)."""
    index = 0
    for character in letter:
        index = index * 26 + ord(character) - ord("A") + 1
    return STORAGES[(index - 1) % len(STORAGES)]


def tint(colour: str) -> str:
    """The colour at 14 % over the card."""
    return f"{colour}24"


class Mark(NamedTuple):
    """What stands before a line of a diff: a sign that reads without colour, the word for it, its colour."""

    sign: str
    word: str
    colour: str

    @property
    def changed(self) -> bool:
        """Whether the line is to stand out."""
        return self.sign != "="


KEPT = Mark("=", "kept", LINE)
MARKS = {
    mark.sign: mark
    for mark in (
        Mark("+", "added", ADDED),
        Mark("-", "removed", REMOVED),
        KEPT,
        Mark(">", "replaced by", REPLACED),
        Mark("~", "retyped", ACCENT),
        Mark("↕", "moved", ACCENT),
        Mark("x", "refused", REMOVED),
    )
}
PASS_CHANGED, PASS_UNCHANGED, PASS_SKIPPED = "●", "○", "–"
