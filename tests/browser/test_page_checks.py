"""The checks of a page find what they are there for: each fault, once, in a page that has them all."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from browser_faults import CHECKS, MOST_BYTES, faults


def image(svg: str, alt: str = "a picture") -> str:
    data = b64encode(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20">{svg}</svg>'.encode()).decode()
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


DARK_RECT = '<rect width="90" height="20" fill="#222222"/>'
WHITE = '<text y="15" fill="#ffffff">bar</text>'
OUTPUTS = {
    "good": f'<div style="background:#000">{image(DARK_RECT + WHITE)}'
    '<span style="color:rgba(255,255,255,.9)">white</span> <b style="color:#8a919c">●</b></div>',
    "faint": '<div style="background:#ffffff80"><span style="color:#999999">grey</span></div>',
    "faded": '<div style="opacity:.4"><span style="color:#000000">black</span></div>',
    "hidden": "<details><summary>more</summary><div style='color:#eeeeee'>unseen</div></details>",
    "mute": image(DARK_RECT, ""),
    "picture": image(DARK_RECT + WHITE.replace("#ffffff", "#000000")),
    "leak": "<div>color:var(--jp-x) is undefined</div>",
    "wide": '<div style="width:2000px">far</div>',
    "scrolls": '<div style="overflow-x:auto"><div style="width:2000px">far</div></div>',
    "eaten": "<div>a <svg><text>word</text></svg></div>",
}
EXPECTED = {
    "good": [],
    "faint": ['faint: contrast: <span> "grey": 2.85'],
    "faded": ['faded: contrast: <span> "black": 2.85'],
    "hidden": ['hidden: contrast: <div> "unseen": 1.16'],
    "mute": ['mute: alt text: <img> "": is missing or too short'],
    "picture": ['picture: contrast in a picture: <text> "bar": 1.32'],
    "leak": [
        "leak: leaked text: var(--: color:var(--jp-x) is undefined",
        "leak: leaked text: undefined: color:var(--jp-x) is undefined",
    ],
    "wide": ['wide: overflow: <div> "far": 1020 px too wide'],
    "scrolls": [],
    "eaten": ['eaten: inline picture: <svg> "word": '],
}


@pytest.fixture(scope="module")
def seen(browser: Any) -> dict[str, Any]:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    body = "".join(f'<section style="width:980px">{html}</section>' for html in OUTPUTS.values())
    page.set_content(f"<!doctype html><body>{body}")
    page.add_script_tag(path=CHECKS)
    found = page.evaluate(
        """(names) => tensorlabChecks([...document.querySelectorAll("section")].map(
            (s, i) => ({ name: names[i], areas: [s] })))""",
        list(OUTPUTS),
    )
    page.close()
    return {output["name"]: output for output in found}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_fault_is_found(seen: dict[str, Any], name: str) -> None:
    assert faults([seen[name]], {name: [OUTPUTS[name]]}) == EXPECTED[name]


def test_words_are_those_that_were_sent() -> None:
    def output(*words: str) -> list[dict[str, Any]]:
        return [{"name": "f", "words": list(words), "findings": []}]

    assert faults(output("a  b\nc"), {"f": ["<p>a b c</p>"]}) == []
    assert faults(output("a b leaked"), {"f": ["<p>a b</p>"]}) == ["f: words: shown 'leaked', sent ''"]
    assert faults(output("a"), {"f": ["<p>a b</p>"]}) == ["f: words: shown '', sent 'b'"]
    assert faults(output("a 7 c"), {"f": ["<p>a $7 c</p>"]}) == ["f: words: shown '7 c', sent '$7 c'"]
    assert faults(output(), {"f": ["<p>a b</p>"]}) == ["f: 0 outputs of 1 are shown"]


def test_a_large_output_is_found() -> None:
    html = f"<p>{'x' * MOST_BYTES}</p>"
    output = {"name": "f", "words": ["x" * MOST_BYTES], "findings": []}
    assert faults([output], {"f": [html]}) == [f"f: size: {MOST_BYTES + 7} bytes of HTML, at most {MOST_BYTES}"]
