"""What is wrong with outputs that a page shows, as lines that name output, element and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from view_pages import parse

CHECKS = Path(__file__).with_name("page_checks.js")
MOST_BYTES = 300_000
_CHUNK = 12_000  # pixels; Chromium's limit for one picture is 16,384


def faults(seen: Sequence[Mapping[str, Any]], sent: Mapping[str, Sequence[str]]) -> list[str]:
    """Lines for what the page's own checks found, for outputs that are too large, and for words more or fewer.

    ``seen`` is what ``tensorlabChecks`` gave; ``sent`` holds the HTML of each output by name. The words of the page
    must be those of the HTML: neither the insides of a stripped element nor anything that a page made of them.
    """
    lines = []
    for output in seen:
        name = output["name"]
        lines += [f"{name}: {f['kind']}: {f['element']}: {f['value']}" for f in output["findings"]]
        htmls = sent[name]
        if len(htmls) != len(output["words"]):
            lines.append(f"{name}: {len(output['words'])} outputs of {len(htmls)} are shown")
            continue
        for html, shown in zip(htmls, output["words"], strict=True):
            if len(html.encode()) > MOST_BYTES:
                lines.append(f"{name}: size: {len(html.encode())} bytes of HTML, at most {MOST_BYTES}")
            lines += _differing(name, parse(html).words.split(), shown.split())
    return lines


def _differing(name: str, sent: list[str], shown: list[str]) -> list[str]:
    if sent == shown:
        return []
    same = next((i for i, pair in enumerate(zip(sent, shown, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(sent), len(shown)) if same is None else same
    return [f"{name}: words: shown {' '.join(shown[at : at + 8])!r}, sent {' '.join(sent[at : at + 8])!r}"]


def kept(page: Any, path: Path, *, kind: str = "jpeg") -> None:
    """A picture of the page, however long, in as many numbered files as it takes, for a person to open."""
    width, tall = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    for number, top in enumerate(range(0, tall, _CHUNK), 1):
        clip = {"x": 0, "y": top, "width": width, "height": min(_CHUNK, tall - top)}
        file = path.with_name(f"{path.name} {number}.{kind}")
        page.screenshot(path=file, full_page=True, clip=clip, type=kind, quality=60 if kind == "jpeg" else None)
