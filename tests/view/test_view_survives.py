"""What holds for every view: it survives an untrusted page, reads in every theme, escapes, stays small."""

from __future__ import annotations

import json
import re

import pytest
import view_pages as pages
from view_samples import HOSTILE, SAMPLES

from tensorlab.view.mime import View
from tensorlab.view.text import at_width, columns

MARKS = set("+-=>~x↕!■●○–◆")
every_view = pytest.mark.parametrize("name", SAMPLES)
_drawn: dict[str, tuple[View, str, str]] = {}


def drawn(name: str) -> tuple[View, str, str]:
    """The view, its text and its HTML, made once a session."""
    if name not in _drawn:
        view = SAMPLES[name]()
        _drawn[name] = (view, view.text(), view.html())
    return _drawn[name]


@every_view
def test_only_what_an_untrusted_page_keeps_is_used(name: str) -> None:
    html = drawn(name)[2]
    root = pages.parse(html)
    kept = pages.sanitised(root)
    assert kept.words == root.words
    assert [e.tag for e in kept.walk()] == [e.tag for e in root.walk()]
    for before, after in zip(root.walk(), kept.walk(), strict=True):
        assert set(before.attributes) == set(after.attributes), before.tag
        # A declaration may go only if it is the themed twin of a literal that stays.
        literal = {k for k, v in pages.declarations(after.attributes.get("style", ""))}
        assert {k for k, v in pages.declarations(before.attributes.get("style", ""))} == literal
    assert "id" not in {a for e in root.walk() for a in e.attributes}


@every_view
def test_words_stand_out_from_their_ground_in_every_theme(name: str) -> None:
    root = pages.parse(drawn(name)[2])
    for shown in (root, pages.sanitised(root)):
        for theme, variables in pages.THEMES.items():
            for words, ratio in pages.words_with_contrast(shown, variables):
                assert ratio >= (3 if set(words) <= MARKS else 4.5), f"{words!r} has {ratio:.2f} in {theme}"


@every_view
def test_pictures_have_words_and_tables_have_captions(name: str) -> None:
    root = pages.parse(drawn(name)[2])
    for picture in root.find("img"):
        assert len(picture.attributes["alt"]) > 5
        assert picture.attributes["src"].startswith("data:image/svg+xml;base64,")
        assert picture.attributes["width"].isdigit()
    for element in root.find("figure"):
        assert [child.tag for child in element.children] == ["img"]
    for table in root.find("table"):
        first = table.children[0]
        assert first.tag == "caption"
        assert first.words.strip()
        assert {th.attributes["scope"] for th in table.find("th")} <= {"col", "row", "rowgroup"}


@every_view
def test_text_fits_a_terminal(name: str) -> None:
    text = drawn(name)[1]
    for line in text.split("\n"):
        assert columns(line) <= 100, line
        assert line == line.rstrip()
        assert line.isprintable(), repr(line)


@every_view
def test_both_forms_open_with_the_same_words(name: str) -> None:
    _, text, html = drawn(name)
    first = next(e for e in pages.parse(html).walk()[2:] if e.tag == "div").words
    opening = " ".join(text.split("\n\n")[0].split())
    assert opening.startswith(" ".join(first.split())[:60])


@every_view
def test_views_are_bounded(name: str) -> None:
    _, text, html = drawn(name)
    assert len(html) < 150_000
    assert len(text.split("\n")) < 250


@every_view
def test_data_is_json_and_stable(name: str) -> None:
    view = drawn(name)[0]
    assert json.loads(view.to_json()) == json.loads(json.dumps(view.to_dict()))
    assert re.search(r"0x[0-9a-f]{6}", view.to_json()) is None


@every_view
def test_equal_records_give_equal_bytes(name: str) -> None:
    _, text, html = drawn(name)
    view = SAMPLES[name]()
    assert (view.text(), view.html()) == (text, html)


@every_view
def test_the_bundle_holds_both_forms(name: str) -> None:
    view, text, html = drawn(name)
    assert repr(view) == text
    assert view._repr_mimebundle_() == {"text/plain": text, "text/html": html}
    assert view._repr_mimebundle_(include=["text/plain"]) == {"text/plain": text}
    assert view._repr_mimebundle_(exclude={"text/plain"}) == {"text/html": html}


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith("_hostile")])
def test_hostile_names_are_shown_not_obeyed(name: str) -> None:
    _, text, html = drawn(name)
    root = pages.parse(html)
    assert not root.find("script")
    assert "<script>alert" in root.words
    assert "\u202e" not in html
    assert "\u202e" not in text
    assert "\x00" not in html
    for element in root.walk():
        assert not any(attribute.startswith("on") for attribute in element.attributes)
        for attribute, value in element.attributes.items():
            assert attribute == "alt" or HOSTILE[:8] not in value


class Broken(View):
    """A view whose records are not what they should be."""

    def text(self) -> str:
        return str(1 // 0)

    def html(self) -> str:
        raise KeyError("<b>")

    def to_dict(self) -> dict[str, object]:
        return {}


def test_a_repr_never_raises() -> None:
    view = Broken()
    assert repr(view) == "<Broken could not be drawn: ZeroDivisionError: integer division or modulo by zero>"
    words = pages.parse(view._repr_mimebundle_()["text/html"]).words
    assert words == "<Broken could not be drawn: KeyError: '<b>'>"


@every_view
def test_text_fits_a_terminal_of_80_columns(name: str) -> None:
    view = drawn(name)[0]
    with at_width(80):
        lines = view.text().split("\n")
    assert [line for line in lines if columns(line) > 80] == []


def test_text_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    view, text, _ = drawn("batching")
    assert repr(view) == text
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for of_terminal, expected in ((40, 80), (90, 90), (300, 100)):
        monkeypatch.setenv("COLUMNS", str(of_terminal))
        with at_width(expected):
            narrow = view.text()
        assert repr(view) == narrow
    assert repr(view) == text
