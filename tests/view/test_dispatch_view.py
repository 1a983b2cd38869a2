"""What the view of a call's way says, and that it survives as every view does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import test_view_survives as every
import view_pages as pages
from dispatch_samples import crowded, long, samples, short, times
from view_samples import HOSTILE

from tensorlab.view.dispatch import DispatchView

NAMES = sorted(samples(""))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our samples among those that the tests of every view draw."""
    for name, make in samples(HOSTILE).items():
        monkeypatch.setitem(every.SAMPLES, f"dispatch_{name}", make)


@pytest.mark.parametrize("name", NAMES)
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
def test_survives(name: str, check, drawn: None) -> None:
    check(f"dispatch_{name}")


def test_hostile_names_are_shown_not_obeyed(drawn: None) -> None:
    every.test_hostile_names_are_shown_not_obeyed("dispatch_hostile")


def test_a_short_cut_word_for_word() -> None:
    assert DispatchView(short()).text().split("\n") == [
        "a + b runs add.Tensor, in 1 call from Python: by a short cut.",
        "",
        "leg                              what happens                          where",
        "─" * 90,
        "1. a + b",
        "○ Python: Tensor.__add__         the Python function that was called   ops/quick.py:1",
        " ○ short cut: to add.Tensor      taken: these layouts were met before  ops/quick.py:1",
        "  ○ plan: runs                   kept from an earlier call like it     core/short_cut.py:1",
        "   ○ allocate: 24 B              from the allocator                    core/tensor.py:1",
        "   ● loop: add                   native code: other threads may run",
        "◆ result: Tensor (2, 3) float32",
        "",
        "No mode was on.",
        "Autograd was not asked: no tensor of these calls is on the tape.",
        "● does the work, ○ leads there. --times measures each leg, and names the loops' files.",
    ]


def test_modes_and_autograd_are_told() -> None:
    text = DispatchView(long()).text()
    assert text.startswith("a + b runs add.Tensor, in 1 call from Python: by the long way.")
    assert "Modes were on: TraceMode. Under a mode no short cut is taken." in text
    assert "Autograd was not asked" not in text


def test_times_add_up_in_words() -> None:
    view = DispatchView(short(), times())
    words = " ".join(view.text().split())
    assert (
        "A plain run takes 1.2 us (median of 7 runs of 5,000 calls, spread 20 ns) = 150 ns in loops + 800 ns in Python "
        "legs + 250 ns between (evaluating the expression, letting go of results)."
    ) in words
    assert (
        "Loops: measured in 300 watched runs. Python legs, marked ~: their time in those runs divided by 3, so that "
        "all add up to the plain run."
    ) in words
    assert "add_0123456789ab.py" in words
    assert "The loops' files are in /cache/loops." in words
    assert "The expression ran some 35,300 times." in words
    for part in ("~ 400 ns", "150 ns", "add_0123456789ab.py"):
        assert part in pages.parse(view.html()).words


def test_what_is_missing_is_told() -> None:
    words = " ".join(DispatchView(short(), times(fitted=False), first=long()).text().split())
    assert "letting go of results), and 800 ns that is missing." in words
    assert "divided by 3, as plain Python calls are slowed down by watching" in words
    assert "2 watched runs took another way, and do not count." in words
    assert "The first run took another way, which %dispatch without --times shows for a new shape." in words


def test_stable_data_has_no_file_and_no_time() -> None:
    data = json.dumps(DispatchView(short()).to_dict())
    assert "0123456789ab" not in data
    assert "times" not in data
    timed = DispatchView(short(), times(), first=long()).to_dict()
    assert timed["times"] == times().to_dict()
    assert timed["first"] == long().to_dict(times=True)


def test_many_calls_are_capped_and_counted() -> None:
    view = DispatchView(crowded(40))
    assert view.text().startswith("f(x) runs add.Scalar, in 40 calls from Python: 20 by a short cut, 20 without.")
    assert "160 more legs not shown." in view.text()
    assert "160 more legs not shown." in pages.parse(view.html()).words
    assert len(view.to_dict()["ways"]) == 40


def test_what_goes_through_no_op_is_told_by_its_loops() -> None:
    record = short()
    compiled = replace(record, expression="f(a)", ways=(replace(record.ways[0], ops=(), short_cut=None),))
    assert (
        DispatchView(compiled)
        .text()
        .startswith("f(a) runs the loop add, in 1 call from Python: a function without a short cut.")
    )
