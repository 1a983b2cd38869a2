"""The builders: escaping, cells that depend on nothing, marks in every theme."""

from __future__ import annotations

import pytest
import view_pages as pages

from tensorlab.view import html, ink
from tensorlab.view.html import Cell, Html

GROUNDS = [(255.0, 255.0, 255.0), (17.0, 17.0, 17.0), (33.0, 33.0, 33.0), (30.0, 30.0, 30.0)]


@pytest.mark.parametrize("colour", [*ink.STORAGES, ink.ADDED, ink.REMOVED, ink.REPLACED, ink.LINE])
def test_marks_have_three_to_one_on_white_and_on_dark(colour: str) -> None:
    for ground in GROUNDS:
        assert pages.contrast(pages.over(colour, ground), ground) >= 3


@pytest.mark.parametrize("mark", [m for m in ink.MARKS.values() if m.changed], ids=lambda m: m.word)
def test_marks_and_words_stand_out_on_their_tint_too(mark: ink.Mark) -> None:
    for theme in pages.THEMES.values():
        card = pages.over(pages.resolved(_last(ink.CARD.css("background")), theme), (128, 128, 128))
        tinted = pages.over(ink.tint(mark.colour), card)
        words = pages.over(pages.resolved(_last(ink.INK.css("color")), theme), tinted)
        assert pages.contrast(words, tinted) >= 4.5
        assert pages.contrast(pages.over(mark.colour, tinted), tinted) >= 2.9


def _last(css: str) -> str:
    return pages.declarations(css)[-1][1]


def test_a_themed_property_is_stated_twice() -> None:
    assert ink.INK.css("color") == (
        "color:#1b1f24;color:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1b1f24));"
    )
    assert ink.RULE.css("border", "1px solid").startswith("border:1px solid #d0d7de;border:1px solid var(--jp-border")


def test_storages_keep_their_colour_and_come_round_after_six() -> None:
    assert [ink.storage_colour(letter) for letter in "ABF"] == ["#3d7fc4", "#c2662d", "#c24f5f"]
    assert ink.storage_colour("G") == ink.storage_colour("A")
    assert ink.storage_colour("AA") == ink.STORAGES[26 % 6]


def test_text_is_escaped_and_made_visible() -> None:
    assert html.esc('<b a="1">\u202e&') == "&lt;b a=&quot;1&quot;&gt;\\u202e&amp;"
    assert html.strong("<") == "<b>&lt;</b>"
    assert "&lt;" in html.quiet("<")
    assert "&lt;" in html.code("<")
    assert "&lt;" in html.details("<", html.EMPTY)
    assert "&lt;" in html.footer("<")
    assert 'alt="&lt;&quot;"' in html.picture("<svg/>", '<"', width=1, height=1)


def test_a_header_is_a_name_and_its_facts() -> None:
    assert pages.parse(html.header("tone", "traced", 9)).words == "tone · traced · 9"
    assert pages.parse(html.header("tone")).words == "tone"
    assert html.footer() == ""


def test_every_cell_states_ink_ground_size_and_alignment() -> None:
    cells = [
        Cell(Html("a")),
        Cell(Html("b"), "right", mono=True, ground="#c24f5f24"),
        Cell(Html("c"), scope="row", span=2),
    ]
    root = pages.parse(html.table([cells], "three cells"))
    for cell in (*root.find("td"), *root.find("th")):
        styles = dict(pages.declarations(cell.attributes["style"]))
        assert {"color", "background", "font-size", "text-align", "vertical-align", "padding"} <= set(styles)
    (row,) = root.find("tr")
    assert row.attributes == {"style": "background:none"}
    (head,) = root.find("th")
    assert (head.attributes["scope"], head.attributes["colspan"]) == ("row", "2")
    assert root.find("caption")[0].words == "three cells"


def test_details_open_on_request() -> None:
    assert "open" in pages.parse(html.details("more", Html("x"), opened=True)).find("details")[0].attributes
    assert "open" not in pages.parse(html.details("more", Html("x"))).find("details")[0].attributes


def test_no_formula_is_made_of_words() -> None:
    guarded = '<div class="tex2jax_ignore mathjax_ignore" style='
    assert html.card(html.esc("cost $a$ and $b$")).startswith(guarded)
    assert html.card(html.esc(r"\(a\)")).startswith(guarded)
    assert html.card(html.esc("a")).startswith("<div style=")
