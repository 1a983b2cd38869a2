"""Lines of the user beside code: which file, which marks, what is left out, and the whole of a stage."""

from __future__ import annotations

from dataclasses import replace

from question_samples import code

from tensorlab.jit.code_parts import CodeLine, CodePart
from tensorlab.jit.ir import Node, Span
from tensorlab.jit.loop_lines import Origin, Origins
from tensorlab.jit.stage_code import StageCode, UserLine, user_lines
from tensorlab.view.placed_code import beside, files_of, placed, user_lines_html, user_lines_text
from tensorlab.view.stage_code import StageCodeView, whole_stage_view


def user_line(number: int, *, file: str = "cell.py", marked: bool = False) -> UserLine:
    return UserLine(Span(file, number), f"a{number} = 0", ("mul",), 4, 1, marked)


def test_files_are_told_where_there_are_several() -> None:
    origins = Origins((Origin("computes", Node("aten::mul", span=Span("model.py", 4))), Origin("loop")))
    assert beside(origins, {"model.py"}) == "4 mul + loop"
    assert beside(origins, {"model.py", "cell"}) == "model.py:4 mul + loop"
    assert files_of([user_line(1), user_line(2, file="/home/model.py")]) == {"cell.py", "model.py"}


def test_many_lines_are_counted_but_for_the_marked_one() -> None:
    lines = [user_line(n, marked=n == 90) for n in range(1, 101)]
    text = user_lines_text(lines, "instruction")
    assert len(text) == 42
    assert text[0] == "   1  a1 = 0    mul: 4 instructions, 1 of them hot"
    assert text[-2:] == ["◆ 90  a90 = 0   mul: 4 instructions, 1 of them hot", "… 59 more lines of yours"]
    assert "59 more lines of yours" in user_lines_html(lines, [], "instruction")


def test_a_click_opens_the_instructions_of_a_line() -> None:
    found = code(stage="asm", count=4, line=2)
    html = user_lines_html(found.user_lines, found.parts[0].lines, "instruction")
    first, second = html.split("<details")[1:]
    assert "◆ 2  a = x * tone · mul: 3 instructions, 2 of them hot" in first
    assert ("%0 = " in first, "%1 = " in first, "%2 = " in first) == (True, True, False)
    assert ("%0 = " in second, "%1 = " in second) == (False, True)  # a sum with a product in it


def test_the_whole_of_a_stage() -> None:
    product = Node("aten::mul", span=Span("cell.py", 2))
    lines = CodeLine("loop:"), CodeLine("\tvmulps\t%ymm0", Origins((Origin("computes", product),)), marked=True)
    part = CodePart("mul_1", lines[1:], 2, 256, 8, (), lines, "object", text="loop:\n\tvmulps\t%ymm0\n")
    whole = StageCode("f", "asm", (part, replace(part, name="mul_2", reason="it changed")), native=False, line=2)
    assert whole.whole.splitlines() == [line.text for line in whole.whole_lines]
    view = whole_stage_view(whole, "f")
    assert view.text() == (
        "f · stage asm · machine code for this processor · 8 lines\n\n"
        "1           # mul_1\n2           loop:\n3  ◆ 2 mul          vmulps  %ymm0\n4\n5\n"
        "6           # mul_2\n7           loop:\n8  ◆ 2 mul          vmulps  %ymm0\n\n"
        "Beside a line: the number of yours, and the operation.\n"
        "The lines are from a second compilation, whose machine code is byte for byte that which runs.\n"
        "No line beside each instruction: it changed."
    )
    assert view.to_dict()["marked"] == [2, 7]


def test_functions_left_out_are_those_that_this_form_leaves_out() -> None:
    lines = tuple(CodeLine(f"\tvmulps\t%ymm{n}") for n in range(20))
    parts = tuple(CodePart(f"mul_{n}", lines, 20, 256, 8, (), lines, "object") for n in range(14))
    view = StageCodeView(StageCode("f", "asm", parts, native=False))
    for drawn, left_out in ((view.text(), 6), (view.html(), 2)):
        assert sum(f"mul_{n}" in drawn for n in range(14)) == 14 - left_out
        assert f"{left_out} more functions left out." in drawn


def test_a_function_of_many_nodes_says_the_first_place_and_how_many_more() -> None:
    nodes = [Node("aten::relu", span=Span("cell.py", 2 + n // 2)) for n in range(10)]
    some = Origins(Origin("computes", node) for node in nodes)
    assert beside(some, {"cell.py"}) == "2 relu + 4 more"
    assert beside(Origins(some[:4]), {"cell.py"}) == "2 relu + 3 relu"
    line = CodeLine("v0 = relu(x0)", some)
    part = CodePart("relu_1", (line,), 1, None, 0, (), (line,), callers=10)
    told = user_lines((part,), "python")
    assert [(one.span.line, one.ops, one.total, one.hot) for one in told] == [(n, ("relu",), 1, 1) for n in range(2, 7)]
    text = StageCodeView(StageCode("f", "python", (part,), native=False, user_lines=told)).text()
    assert "relu_1 · 1 line · called by 10 nodes" in text
    assert "A function that several nodes call is for the operations of each of them." in text


def test_lines_that_repeat_are_shown_once() -> None:
    turn = "    v{0} = mm(v{1}, w)  # line {0}", "    del v{1}"
    lines = [CodeLine("def program(v0, w):"), *(CodeLine(t.format(n + 1, n)) for n in range(50) for t in turn)]
    shown = placed([*lines, CodeLine("    return v50")], set(), 20)
    assert [line.code for line in shown] == [
        "def program(v0, w):",
        "    v1 = mm(v0, w)  # line 1",
        "    del v0",
        "… these 2 lines 49 times more, but for names: 98 alike",
        "    return v50",
    ]
    others = [CodeLine(f"    call_{'x' * n}()") for n in range(30)]
    cut = placed([*lines, *others], set(), 20)
    assert (len(cut), cut[-1].code) == (20, "… 15 more lines")
    assert len(placed(lines[:20], set(), 20)) == 20
