"""What the views of a walk say, and that they survive as every view does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import test_view_survives as every
import view_pages as pages
from steps_samples import STEPS_SAMPLES, at, crowded, ended, failed, straight, walk

from tensorlab.jit.walk_records import live_curve
from tensorlab.view import steps_words as words
from tensorlab.view.steps import StepsView
from tensorlab.view.steps_code import InstructionsView
from tensorlab.view.steps_svg import curve_svg


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our samples among those that the tests of every view draw."""
    for name, make in STEPS_SAMPLES.items():
        monkeypatch.setitem(every.SAMPLES, name, make)


@pytest.mark.parametrize("name", STEPS_SAMPLES)
@pytest.mark.parametrize(
    "check",
    [
        every.test_only_what_an_untrusted_page_keeps_is_used,
        every.test_words_stand_out_from_their_ground_in_every_theme,
        every.test_pictures_have_words_and_tables_have_captions,
        every.test_text_fits_a_terminal,
        every.test_both_forms_open_with_the_same_words,
        every.test_views_are_bounded,
        every.test_data_is_json_and_stable,
        every.test_equal_records_give_equal_bytes,
        every.test_the_bundle_holds_both_forms,
        every.test_text_fits_a_terminal_of_80_columns,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
def test_survives(name: str, check: Any, drawn: None) -> None:
    check(name)


@pytest.mark.parametrize("name", ["steps_hostile", "steps_code_hostile"])
def test_hostile_names_are_shown_not_obeyed(name: str, drawn: None) -> None:
    every.test_hostile_names_are_shown_not_obeyed(name)


@pytest.mark.parametrize("name", ["steps", "steps_begin", "steps_back", "steps_end", "steps_failed", "steps_code"])
def test_text(name: str, golden: Any) -> None:
    golden.check(f"{name}.txt", STEPS_SAMPLES[name]().text() + "\n")


def test_html_says_what_the_text_says() -> None:
    view = StepsView(at(17))
    said = pages.parse(view.html()).words
    for part in (*words.answer(view.record), words.facts(view.record), words.strip_title(view.record)):
        assert part in said
    for step in view.record.steps:
        for effect in words.effects(step):
            assert effect in said, effect
    for note in words.notes(view.record):
        assert note in said


@pytest.mark.parametrize(
    ("outcome", "wanted", "said"),
    [
        ("", "step 3", ""),
        ("end", "step 99", "There is no step 99: the run has 39 steps."),
        ("beginning", "step -2", "There is nothing before the first step: it stands at the beginning."),
        ("limit", "%7", "It has not come to %7 yet: a move makes so many steps. The same again goes on."),
        ("not met", "line 3", "It came to its end, and line 3 did not come on the way."),
    ],
)
def test_why_a_move_ended(outcome: Any, wanted: str, said: str) -> None:
    record = replace(ended(), outcome=outcome, wanted=wanted)
    assert words.outcome(record) == said
    assert said in StepsView(record).text().replace("\n", " ")


def test_what_is_left_out_is_counted() -> None:
    record = crowded().record()
    text = StepsView(record).text()
    assert f"{record.left_out:,} steps before them not shown" in text
    assert "; 49 full ones are not shown" in text
    assert "Printed so far, the last 8 of" in text
    long = straight()
    text = InstructionsView("straight", long.code, long.pc).text()
    assert "221 instructions further from here not shown." in text and "○ next 200" in text


def test_python_functions_are_told_of() -> None:
    assert "Python functions" not in StepsView(at(3)).text()
    assert "going back undoes" in StepsView(replace(at(3), calls_python=True)).text().replace("\n", " ")


def test_carets_stand_under_what_failed() -> None:
    failure = failed().failure
    assert failure is not None and failure.span is not None
    indented = replace(failure, source="    y = row.add_(other)", span=replace(failure.span, column=8, end_column=23))
    assert words.failure_lines(indented)[1:] == ["y = row.add_(other)", "    ^^^^^^^^^^^^^^^"]
    inlined = replace(indented, span=replace(failure.span, caller=replace(failure.span, line=9)))
    assert words.failure_lines(inlined)[-1] == "called from steps.py:9"
    assert words.failure_lines(replace(failure, span=None)) == []


def test_the_curve_marks_where_the_walk_stands() -> None:
    live = [10, 40, 20, 20, 5]
    alone, half = curve_svg(live_curve(live, 4), 4), curve_svg(live_curve(live, 2), 2)
    assert "stroke-dasharray" not in alone and "stroke-dasharray" in half
    assert 'cx="634.0"' in alone and 'cx="320.0"' in half
    assert 'cx="163.0" cy="8.0" r="5"' in half  # the most, after step 1 of 4
    long = curve_svg(live_curve(list(range(20_000)), 10_000), 10_000)
    assert len(long) < 10_000


def test_nothing_is_drawn_where_no_tensor_is() -> None:
    view = StepsView(straight().record())
    assert "<img" not in view.html() and "live bytes" not in view.text()


def test_the_instruction_that_comes_next_is_marked() -> None:
    made = walk()
    made.end()
    view = InstructionsView(made.name, made.code, made.pc)
    assert view.text().startswith("grow is 22 instructions; the run has come to its end.")
    assert "○ next" not in view.text()
    assert view.to_dict()["next"] is None
