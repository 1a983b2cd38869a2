"""Boxes with arrows between them: what holds what."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.view.html import Html, join, quiet, strong
from tensorlab.view.ink import LINE


def box(title: str, lines: Sequence[Html], colour: str = LINE) -> Html:
    """A frame with a title in bold and lines under it; its upper edge has the colour of the thing."""
    body = join(Html(f"<div>{line}</div>") for line in lines)
    style = (
        f"border:1px solid {LINE};border-top:3px solid {colour};border-radius:4px;padding:6px 10px;"
        "flex:1 1 190px;min-width:0;font-size:12.5px;"
    )
    return Html(f'<div style="{style}"><div style="margin-bottom:2px">{strong(title)}</div>{body}</div>')


def arrow(word: str) -> Html:
    """What leads from one box to the next."""
    style = "text-align:center;flex:0 0 auto;font-size:11.5px;padding:18px 2px 0;"
    return Html(f'<div style="{style}"><div>{quiet(word)}</div><div>→</div></div>')


def row(parts: Sequence[Html]) -> Html:
    """Boxes and arrows from left to right; a narrow page puts them below each other."""
    style = "display:flex;flex-wrap:wrap;gap:6px;margin:8px 0;"
    return Html(f'<div style="{style}">{join(parts)}</div>')
