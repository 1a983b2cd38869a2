"""Source with what a trace made of each piece: over records made by hand, and that survive as every view does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import test_view_survives as every
import view_pages as pages
from view_samples import HOSTILE

from tensorlab.jit.escapes import Escape
from tensorlab.jit.explain_marks import Mark, MarkKind
from tensorlab.jit.explanation import ExplainedFunction, Explanation
from tensorlab.jit.ir import Span
from tensorlab.view.mime import View
from tensorlab.view.text import columns
from tensorlab.view.trace_explained import ExplanationView
from tensorlab.view.trace_source import MOST_SOURCE

SOURCE = """\
def f(x):
    if x.sum() > 1 and len(x):
        y = g(x,
              2)
    else:
        y = x * 2
        y = y + 1
    for row in y:
        y = y + row
    return tl.tensor(2.0) if y is x else y"""


def mark(kind: MarkKind, line: int, piece: str, source: str = SOURCE, **facts: Any) -> Mark:
    """A mark on the first such piece of a line."""
    column = source.splitlines()[line - 1].index(piece)
    return Mark(kind, Span("f.py", line, column, line, column + len(piece)), piece, **facts)


def explained(name: str = "f") -> Explanation:
    nodes = tuple(range(20, 32))
    lines = tuple(f"%{n} : Float(3) = aten::add(%{n - 1}, %row, 1)" for n in nodes)
    unseen = Span("f.py", 6, 8, 7, 17)
    marks = (
        mark("recorded", 2, "x.sum()", nodes=(2,), lines=("%2 : Float() = aten::sum(%x, None)",)),
        mark("recorded", 2, "x.sum() > 1", nodes=(3,), lines=("%3 : Bool() = aten::gt(%2, 1)",)),
        mark("baked", 2, "x.sum() > 1", what="bool", values=("True",)),
        mark("baked", 2, "len(x)", what="len", values=("3",)),
        mark("branch", 2, "x.sum() > 1 and len(x)", what="if", values=("True",), missing="False", unseen=unseen,
             decided="tensor"),
        Mark("recorded", Span("f.py", 3, 12, 4, 16), "g(x,", nodes=(4,), lines=("%y : Float(3) = aten::mul(%x, 2)",)),
        Mark("never", unseen, "y = x * 2", "statement"),
        mark("loop", 8, "y", what="for", values=("12",), decided="size"),
        mark("recorded", 9, "y + row", nodes=nodes, lines=lines),
        mark("branch", 10, "y is x", what="conditional", values=("False", "True")),
        mark("baked", 10, "tl.tensor(2.0)", what="constant", values=tuple(f"{n}.0" for n in range(9))),
    )  # fmt: skip
    function = ExplainedFunction(name, "f.py", "f.py", 1, tuple(SOURCE.splitlines()), 2, marks)
    return Explanation(name, ("x: Float(3)",), (function,), ("%9 : Float(3) = aten::exp(%y)",), "", None)


def drawn_explanation() -> View:
    warned = Escape("bool", mark("baked", 2, "x.sum() > 1").span, "Converting a tensor might make the trace wrong")
    return ExplanationView(explained(), [warned])


def hostile() -> View:
    line = HOSTILE.replace("\n", " ")
    here = Span(HOSTILE, 1, 0, 1, len(line))
    marks = (Mark("recorded", here, line, nodes=(1,), lines=("%1 : Float() = aten::exp(%x)",)),)
    functions = (
        ExplainedFunction(HOSTILE, HOSTILE, HOSTILE, 1, (line, "\tx"), 1, marks),
        ExplainedFunction(HOSTILE, HOSTILE, HOSTILE, 1, (), 1, ()),
    )
    return ExplanationView(Explanation(HOSTILE, (HOSTILE,), functions, (HOSTILE,), HOSTILE, None))


def crowded() -> View:
    lines = tuple(f"x = {' + '.join(['x'] * 60)} + {n}" for n in range(2000))
    marks = tuple(
        Mark("recorded", Span("g.py", n + 1, 4, n + 1, 200), lines[n], nodes=(n,), lines=(f"%{n} : Float(3)",))
        for n in range(2000)
    )
    functions = tuple(ExplainedFunction(f"g{i}", "g.py", "g.py", 1, lines, 1, marks if i == 0 else ()) for i in (0, 1))
    return ExplanationView(Explanation("g", (), functions, ("%1 : Float(3)",) * 900, "", None))


SAMPLES: dict[str, Callable[[], View]] = {
    "explained": drawn_explanation,
    "explained_hostile": hostile,
    "explained_crowded": crowded,
}


@pytest.mark.parametrize("name", SAMPLES)
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
        every.test_text_fits_a_terminal_of_80_columns,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
def test_survives(name: str, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, name, SAMPLES[name])
    check(name)


def test_hostile_names_are_shown_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, "explained_hostile", hostile)
    every.test_hostile_names_are_shown_not_obeyed("explained_hostile")


def test_text(golden: Any) -> None:
    golden.check("explained.txt", drawn_explanation().text() + "\n")


def test_pieces_say_on_hovering_what_became_of_them() -> None:
    """Each piece is a span of its own, one inside of the other as the expressions are."""
    root = pages.parse(drawn_explanation().html())
    titled = {e.words: e.attributes["title"] for e in root.walk() if "title" in e.attributes}
    assert titled == {
        "x.sum()": "recorded: %2 : Float() = aten::sum(%x, None)",
        "x.sum() > 1": "recorded: %3 : Bool() = aten::gt(%2, 1); baked in: True, as a Python boolean",
        "len(x)": "baked in: 3, as a length",
        "x.sum() > 1 and len(x)": "branch: True taken, a tensor's value decided; False never seen (lines 6-7)",
        "g(x,": "recorded: %y : Float(3) = aten::mul(%x, 2)",
        "2)": "recorded: %y : Float(3) = aten::mul(%x, 2)",
        "y = x * 2": "never run",
        "y = y + 1": "never run",
        "y": "loop: unrolled, 12 turns, a size decided",
        "y + row": "recorded: "
        + ", ".join(f"%{n} : Float(3) = aten::add(%{n - 1}, %row, 1)" for n in range(20, 24))
        + ", and 8 more nodes",
        "y is x": "branch: False and True taken, Python decided",
        "tl.tensor(2.0)": "baked in: 0.0, 1.0, 2.0, 3.0, 4.0, 5.0 and 3 more, as a constant",
    }


def test_an_indent_before_a_piece_is_no_lone_white_space() -> None:
    """nbconvert writes pages with a parser that makes one space of it."""
    shown = drawn_explanation().html()
    assert f'">{"&nbsp;" * 8}<span style="border-bottom:2px dotted' in shown
    assert ">        <" not in shown


def test_long_source_is_cut_and_says_so() -> None:
    text = crowded().text()
    assert f"{2000 - MOST_SOURCE:,} more lines of source." in text
    assert "1,994 more lines of source." in text
    assert "and 888 more nodes" in text
    assert max(map(columns, text.splitlines())) <= 100
