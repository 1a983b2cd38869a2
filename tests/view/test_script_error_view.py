"""Why a function does not compile, as a view: over errors made by hand, and that it survives as every view does."""

from __future__ import annotations

from typing import Any

import pytest
import test_view_survives as every
from view_samples import HOSTILE

from tensorlab.errors import Place, ScriptError
from tensorlab.view.mime import View
from tensorlab.view.script_error import ScriptErrorView, error_text

SOURCE = """\
def sign(x):
    if x.sum() > 0.0:
        word = "positive"
    else:
        word = 0
    return word"""


def place(line: int, column: int, end: int, text: str) -> Place:
    return Place("cell.py", line, column, end, text, "cell 3")


def refused() -> View:
    lines = SOURCE.splitlines()
    message = "Type mismatch: word is set to type str in the true branch and type int in the false branch"
    error = ScriptError(message, place(7, 11, 15, lines[5]))
    error.derivations = (
        ("type str in the true branch", place(4, 8, 12, lines[2])),
        ("type int in the false branch", place(6, 8, 12, lines[4])),
    )
    return ScriptErrorView("sign", error, error_text(error, lines, 2, "cell.py"))


def hostile() -> View:
    line = HOSTILE.replace("\n", " ")
    error = ScriptError(HOSTILE, place(2, 0, len(line), line), hint=HOSTILE)
    return ScriptErrorView(HOSTILE, error, error_text(error, [line], 2, "cell.py"))


@pytest.mark.parametrize(
    "check",
    [
        every.test_only_what_an_untrusted_page_keeps_is_used,
        every.test_words_stand_out_from_their_ground_in_every_theme,
        every.test_pictures_have_words_and_tables_have_captions,
        every.test_text_fits_a_terminal,
        every.test_both_forms_open_with_the_same_words,
        every.test_data_is_json_and_stable,
        every.test_text_fits_a_terminal_of_80_columns,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
def test_survives(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, "refused", refused)
    check("refused")


def test_hostile_names_are_shown_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, "refused_hostile", hostile)
    every.test_hostile_names_are_shown_not_obeyed("refused_hostile")


def test_text() -> None:
    assert refused().text().splitlines() == [
        "sign · does not compile",
        "",
        "ScriptError: Type mismatch: word is set to type str in the true branch and type int in the false",
        "  branch",
        "  cell 3, line 7, column 12",
        "     2  def sign(x):",
        "     3      if x.sum() > 0.0:",
        '     4          word = "positive"',
        "                ^^^^ type str in the true branch",
        "     5      else:",
        "     6          word = 0",
        "                ^^^^ type int in the false branch",
        "     7      return word",
        "                   ^^^^ here",
    ]
