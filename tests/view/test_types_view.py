"""Types at their lines: over records made by hand, and that survive as every view does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import test_view_survives as every
from view_samples import HOSTILE

from tensorlab.jit.ir import Span
from tensorlab.jit.scripting.derivations import Reason, VariableType
from tensorlab.view.mime import View
from tensorlab.view.types import TypesView

SOURCE = "def f(x, n: int):\n    b = n * 2\n    return x * b"


def types() -> View:
    head, line = Span("f.py", 5, 9, 5, 15), Span("f.py", 6, 4, 6, 5)
    given = Reason("annotation", "the parameter is annotated as int", head)
    schema = Reason("schema", "aten::mul.int(int a, int b) -> int", line)
    why = (schema, Reason("variable", "n is int", head, 1), Reason("annotation", given.said, head, 2))
    other = VariableType("q", "int", Span("other.py", 6), ())
    found = (VariableType("n", "int", head, (given,)), VariableType("b", "int", line, why), other)
    return TypesView("f", found, source=SOURCE, first_line=5, filename="f.py")


def hostile() -> View:
    reason = Reason("literal", HOSTILE, Span(HOSTILE, 2))
    found = [VariableType(HOSTILE, HOSTILE, Span(HOSTILE, 1), (reason,) * 12)]
    return TypesView(HOSTILE, found, source=HOSTILE, first_line=1, filename=HOSTILE)


def crowded() -> View:
    source = "\n".join(f"x{n} = {' + '.join(['x'] * 60)}" for n in range(900))
    why = (Reason("schema", "aten::add.Tensor(Tensor self, Tensor other) -> Tensor", Span("g.py", 1), 2),)
    found = [VariableType(f"x{n}", "Tensor", Span("g.py", n + 1), why) for n in range(900)]
    return TypesView("g", found, source=source, first_line=1, filename="g.py")


SAMPLES: dict[str, Callable[[], View]] = {"types": types, "types_hostile": hostile, "types_crowded": crowded}


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
        every.test_text_fits_a_terminal_of_80_columns,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
def test_survives(name: str, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, name, SAMPLES[name])
    check(name)


def test_hostile_names_are_shown_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every.SAMPLES, "types_hostile", hostile)
    every.test_hostile_names_are_shown_not_obeyed("types_hostile")


def test_text_and_data() -> None:
    view = types()
    title, _, head, rule, *lines = view.text().splitlines()
    assert set(rule) == {"─"}
    assert [title, head, *lines] == [
        "f · types of 2 variables",
        "line  source             type, and why",
        "   5  def f(x, n: int):  n : int",
        "                           - the parameter is annotated as int",
        "   6      b = n * 2      b : int",
        "                           - aten::mul.int(int a, int b) -> int",
        "                             - n is int (line 5)",
        "                               - the parameter is annotated as int (line 5)",
        "   7      return x * b",
        "Below each variable, the reason for its type; further in, the reason for that reason.",
    ]
    variables: Any = view.to_dict()["variables"]
    assert [(v["name"], v["type"], [r["depth"] for r in v["why"]]) for v in variables] == [
        ("n", "int", [0]),
        ("b", "int", [0, 1, 2]),
    ]
    assert "and 4 more reasons" in hostile().text()
    assert "840 more lines of source." in crowded().text()
