"""Graphs, stages, traces and passes: folding, places, names that stay, limits, errors."""

from __future__ import annotations

import re

import pytest
import view_pages as pages
from view_samples import BRANCHING, SOURCE, TRACED, graph_of, traced, wide, with_refusals

from tensorlab.errors import RangeError
from tensorlab.jit.ir import Span
from tensorlab.jit.text import Names, format_graph
from tensorlab.jit.tracing import Escape
from tensorlab.view.graph import became, graph_lines, inventory, place
from tensorlab.view.listing import Line, cap, fold, listing_html, listing_text
from tensorlab.view.passes import PassesView
from tensorlab.view.stages import StageView
from tensorlab.view.trace import TraceView


@pytest.mark.parametrize("style", ["2", "1.0"])
@pytest.mark.parametrize("text", [TRACED, BRANCHING])
def test_lines_are_those_of_the_printed_graph(text: str, style: str) -> None:
    graph = graph_of(text, "f")
    lines = [line.code for line in graph_lines(graph, Names(), style)]
    assert "\n".join(lines) + "\n" == format_graph(graph, style=style, spans=False)


def test_groups_are_printed_as_the_graph_prints_them() -> None:
    after = traced()[1]
    lines = [line.code for line in graph_lines(after, Names())]
    assert "\n".join(lines) + "\n" == format_graph(after, spans=False)
    assert any(line.startswith("with prim::FusionGroup_0 = graph(") for line in lines)


def test_constants_in_place_leave_every_other_name_as_it_is() -> None:
    graph = graph_of(TRACED, "f")
    full = [line.code for line in graph_lines(graph, Names())]
    short = [line.code for line in graph_lines(graph, Names(), inline=True)]
    assert "  %6 : Float(4, 6) = aten::mul(%4, 1)" in short
    assert [line.split(" = ")[0] for line in short] == [
        line.split(" = ")[0] for line in full if "prim::Constant" not in line
    ]


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("/tmp/ipykernel_4711/2883.py", "cell:3"),
        ("<ipython-input-7-0a1b2c>", "cell:3"),
        ("/home/me/model.py", "model.py:3"),
        ("C:\\me\\model.py", "model.py:3"),
        ("<string>", "<string>:3"),
    ],
)
def test_places_hold_nothing_that_differs_between_runs(filename: str, expected: str) -> None:
    assert place(Span(filename, 3, 8)) == expected
    assert place(None) == ""


def test_what_a_graph_holds_in_words() -> None:
    before, after, _ = traced()
    assert (inventory(before), inventory(after)) == ("9 operations", "1 loop made of 4 operations")
    assert became(before, after) == "9 operations became 1 loop"
    assert became(before, before) == "9 operations"
    assert became(before, graph_of(BRANCHING, "g")) == "9 operations became 4"


def test_long_stretches_fold_and_say_how_long() -> None:
    kept = [Line(f"k{i}", "=") for i in range(9)]
    folded = fold([*kept, Line("new", "+"), *kept], context=2)
    assert [line.code for line in folded] == [
        "… 7 lines unchanged",
        "k7",
        "k8",
        "new",
        "k0",
        "k1",
        "… 7 lines unchanged",
    ]
    assert fold(kept[:1]) == kept[:1]
    assert [
        line.code for line in fold([Line("a", "="), Line("b", "=", note="moved"), Line("c", "=")], context=1)
    ] == list("abc")


def test_capped_lines_count_the_rest() -> None:
    lines = [Line(str(i)) for i in range(10)]
    assert [line.code for line in cap(lines, 4)] == ["0", "1", "2", "… 7 more lines"]
    assert cap(lines, 10) == lines


def test_remarks_go_below_where_they_do_not_fit() -> None:
    short, long = Line("a = b", "+", "why", "cell:1"), Line("c = d", "-", "because " * 14, "cell:2")
    assert listing_text([short, long]) == [
        "+ a = b   why · cell:1",
        "- c = d   cell:2",
        "      because because because because because because because because because because because",
        "      because because because",
    ]


def test_a_long_line_wraps_with_its_later_lines_indented() -> None:
    long = Line(", ".join(f"%{i} : Float(600, 512, 3)" for i in range(6)) + " = prim::FusionGroup_0(%x)", "+", "added")
    cell, remark = pages.parse(listing_html([long], "one line")).find("td")
    styles = dict(pages.declarations(cell.attributes["style"]))
    assert (styles["white-space"], styles["text-indent"], styles["padding"]) == ("pre-wrap", "-32px", "0 12px 0 36px")
    assert remark.words == "added"
    assert listing_text([long]) == [
        "+ %0 : Float(600, 512, 3), %1 : Float(600, 512, 3), %2 : Float(600, 512, 3), %3 : Float(600, 512,",
        "      3), %4 : Float(600, 512, 3), %5 : Float(600, 512, 3) = prim::FusionGroup_0(%x)",
        "      added",
    ]


def test_what_only_holds_values_together_is_no_operation() -> None:
    text = "graph(%x : Float(2)):\n  %1 : Float(2) = aten::tanh(%x)\n  %2 : (Float(2), Float(2)) = "
    graph = graph_of(f"{text}prim::TupleConstruct(%x, %1)\n  return (%2)\n", "pair")
    assert inventory(graph) == "1 operation"
    view = TraceView("pair", graph, graph, source="x.tanh()\n", filename="cell.py")
    assert "\n1 operation from source that is not shown here.\n" in view.text()


def test_struck_lines_are_those_that_are_gone() -> None:
    root = pages.parse(listing_html([Line("a", "-"), Line("b", ">"), Line("c", "+"), Line("d", "=")], "four lines"))
    struck = [e.words for e in root.find("span") if "line-through" in e.attributes.get("style", "")]
    assert struck == ["a", "b"]
    assert [row.words for row in root.find("tr")] == ["- a", "> b", "+ c", "= d"]


def test_a_stage_is_numbered_and_capped() -> None:
    view = StageView("tone", "asm", "ret\n" * 300, "asm", most=100)
    assert view.text().split("\n")[0] == "tone · stage asm · machine code for this processor · 300 lines"
    assert view.text().endswith("\n100  ret\n… 200 more lines; the source of this result has all of them")
    root = pages.parse(view.html())
    numbers, code = root.find("td")
    assert numbers.words.split("\n")[-1] == "100"
    assert code.words == "\n".join(["ret"] * 100)
    assert root.words.endswith("200 more lines; the source of this result has all of them.")
    assert view.to_dict()["text"] == "ret\n" * 300


def test_a_trace_shows_each_line_beside_its_nodes() -> None:
    before, after, records = traced()
    view = TraceView("tone", before, after, source=SOURCE, filename="cell.py", records=records)
    rows = [[cell.words for cell in row.find("td")] for row in pages.parse(view.html()).find("tr")]
    assert rows[1] == ["1", "y = x.t().t()", "%2 : Float(6, 4) = aten::t(%x)%3 : Float(4, 6) = aten::t(%2)"]
    assert rows[4] == ["4", "z.tanh()", "%13 : Float(4, 6) = aten::tanh(%z)"]


def test_nodes_from_elsewhere_are_counted() -> None:
    before, after, _ = traced()
    view = TraceView("tone", before, after, source="y = f(x)\n", first_line=1, filename="cell.py")
    assert "7 operations from source that is not shown here." in view.text()
    other = TraceView("tone", before, after, source=SOURCE, filename="other.py")
    assert "9 operations from source that is not shown here." in other.text()
    assert "not shown" not in TraceView("tone", before, after).text()


def test_a_warning_stands_at_its_place() -> None:
    before, after, _ = traced()
    warnings = [Escape("bool", Span("/tmp/ipykernel_1/2.py", 3), "baked in"), Escape("len", None, "no place")]
    view = TraceView("tone", before, after, warnings=warnings)
    assert view.text().split("\n")[:3] == [
        "tone · traced · 9 operations became 1 loop · 2 warnings",
        "! cell:3  baked in",
        "! no place",
    ]
    assert view.to_dict()["warnings"][1] == {"what": "len", "span": None, "message": "no place", "values": []}


def test_a_value_keeps_its_name_in_every_pass() -> None:
    view = PassesView("tone", traced()[2])
    alone = PassesView("tone", traced()[2], selected="one_loop")
    (loop,) = re.findall(r"^  \+ .*FusionGroup_0.*$", view.text(), re.MULTILINE)
    assert loop in alone.text().split("\n")


def test_one_pass_alone_is_framed_in_the_strip() -> None:
    root = pages.parse(PassesView("tone", traced()[2], selected="simple").html())
    framed = [e.words for e in root.find("div") if e.attributes.get("style", "").startswith("border:1px solid #3d7fc4")]
    assert framed == ["● simple5 ops2 rewrites, 1 refusal"]


def test_an_unknown_pass_is_refused() -> None:
    with pytest.raises(RangeError) as caught:
        PassesView("tone", traced()[2], selected="inline")
    assert str(caught.value) == "no pass 'inline'; the pipeline has dead, twice, simple, one_loop"
    with pytest.raises(RangeError) as caught:
        PassesView("tone", [], selected="inline")
    assert str(caught.value) == "no pass 'inline'; the pipeline has none"


def test_times_are_shown_on_request_only() -> None:
    records = with_refusals()
    assert "1.25 ms" not in PassesView("tone", records, show_all=True).text()
    assert "no change, 2 refusals, 1.25 ms" in PassesView("tone", records, times=True).text()


def test_idle_passes_are_named_with_their_refusals() -> None:
    text = PassesView("tone", with_refusals()).text()
    assert text.endswith("constant and unroll changed nothing here (2 refusals): %ir tone --all shows all.")


def test_refusals_of_one_kind_are_told_once_with_what_blocked_them() -> None:
    root = pages.parse(PassesView("tone", with_refusals(), show_all=True).html())
    summary = root.find("details")[0]
    assert summary.find("summary")[0].words == "2 refusals by constant"
    assert [row.words for row in summary.find("tr")] == [
        "x %4 : Float(4, 6) = aten::mul(%3, %gain)"
        "an input is not a constant · because of %gain · and at 1 more place · constant.py:61"
        "cell.py:2"
    ]


def test_a_long_pass_leaves_room_for_the_others() -> None:
    view = PassesView("wide", wide())
    root = pages.parse(view.html())
    assert "times more, but for names: " in root.words
    assert "→ in prim::FusionGroup_0" in root.words
    assert len(root.find("tr")) < 200
