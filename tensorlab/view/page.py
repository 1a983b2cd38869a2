"""A view as a page of its own: it needs no notebook, no network and no script, and is light or dark as the reader is.

The cards take their colours from variables that a notebook's theme sets. Here the page sets them.
"""

from __future__ import annotations

from html import escape

from tensorlab.view.ink import CARD, INK, QUIET, RULE, Themed

_LIGHT = {INK: "#1b1f24", QUIET: "#59636e", CARD: "#ffffff", RULE: "#d0d7de"}
_DARK = {INK: "#e6e6e6", QUIET: "#a8b0b8", CARD: "#181b1f", RULE: "#3d444d"}
_GROUNDS = ("#f6f8fa", "#0f1114")


def page(body: str, title: str) -> str:
    """A whole document around a view's HTML."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
:root {{ {_variables(_LIGHT)} --ground: {_GROUNDS[0]}; }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(_DARK)} --ground: {_GROUNDS[1]}; }} }}
body {{ margin: 24px; background: var(--ground); }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def _variables(colours: dict[Themed, str]) -> str:
    return " ".join(f"{themed.jupyter}: {colour};" for themed, colour in colours.items())
