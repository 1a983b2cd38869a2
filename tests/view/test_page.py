"""A view as a page of its own, several as one, and a text to edit."""

from __future__ import annotations

import re

import pytest
import test_view_survives as every
import view_pages as pages
from view_samples import HOSTILE, SAMPLES

from tensorlab.view.page import page
from tensorlab.view.several import SeveralViews
from tensorlab.view.written import WrittenView

GRAPH = "%%ir --edit-of f\ngraph(%x : Tensor):\n  return (%x)"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_stand_out_on_a_page_of_their_own(dark: bool) -> None:
    text = page("", "t")
    rules = re.findall(r":root \{ (.*?) \}", text)
    variables = dict(re.findall(r"(--[\w-]+): (#\w+);", rules[dark]))
    assert len(variables) == 5
    for name in ("storage", "life", "passes", "doctor", "watch", "grid"):
        root = pages.parse(every.drawn(name)[2])
        for words, ratio in pages.words_with_contrast(root, variables):
            assert ratio >= (3 if set(words) <= every.MARKS else 4.5), f"{words!r} of {name} has {ratio:.2f}"


def test_a_page_needs_nothing_else() -> None:
    text = page("<div>body</div>", HOSTILE)
    assert text.startswith("<!doctype html>\n")
    assert "<div>body</div>" in text
    assert not re.search(r"""<script|<link|@import|(?:src|href)=|url\(""", text)


@pytest.mark.parametrize("name", ["written", "several"])
def test_survives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        "written": lambda: WrittenView(GRAPH),
        "several": lambda: SeveralViews([SAMPLES["trace"](), SAMPLES["ast"]()]),
    }
    monkeypatch.setitem(every.SAMPLES, name, made[name])
    every.test_only_what_an_untrusted_page_keeps_is_used(name)
    every.test_words_stand_out_from_their_ground_in_every_theme(name)
    every.test_pictures_have_words_and_tables_have_captions(name)
    every.test_data_is_json_and_stable(name)


def test_a_text_to_edit_is_whole_and_escaped() -> None:
    assert WrittenView(f"{GRAPH}\n").text() == GRAPH
    assert WrittenView(GRAPH).to_dict() == {"cell": GRAPH}
    html = WrittenView("a < b\n<script>\u202e").html()
    assert "a &lt; b\n&lt;script&gt;\\u202e" in html
