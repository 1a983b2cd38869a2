"""Lives of values and lines, and refusals, over parsed graphs: nothing is compiled, the places are made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.lives import Lives
from tensorlab.jit.lives_ends import End
from tensorlab.jit.lives_lines import line_life
from tensorlab.jit.lives_places import Excerpt, Place
from tensorlab.jit.lives_refusals import Refused, WhyNot, why_not
from tensorlab.jit.lives_teller import Teller, printed
from tensorlab.jit.lives_values import Source
from tensorlab.jit.lives_vectors import LoopVectors
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import NAMES, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names
from tensorlab.view.graph import name_values
from tensorlab.view.line_life import LineLifeView
from tensorlab.view.mime import View
from tensorlab.view.refusals import VectorsView, WhyNotView
from tensorlab.view.value_life import ValueLifeView

TONE = """\
graph(%x : Float(4, 6),
      %gain : Float(6)):
  %2 : Float(6, 4) = aten::t(%x) # cell.py:1:4
  %y : Float(4, 6) = aten::t(%2) # cell.py:1:4
  %4 : Float(4, 6) = aten::mul(%y, %gain) # cell.py:2:5
  %5 : int = prim::Constant[value=1]() # cell.py:2:4
  %6 : Float(4, 6) = aten::mul(%4, %5) # cell.py:2:4
  %7 : Float(4, 6) = aten::mul(%y, %gain) # cell.py:2:22
  %8 : float = prim::Constant[value=0.5]() # cell.py:2:21
  %9 : Float(4, 6) = aten::mul(%7, %8) # cell.py:2:21
  %z : Float(4, 6) = aten::add(%6, %9, %5) # cell.py:2:4
  %unused : Float(4, 6) = aten::exp(%z) # cell.py:3:9
  %w : Float(6, 4) = aten::t(%gain) # cell.py:4:0
  %13 : Float(4, 4) = aten::mm(%z, %w) # cell.py:4:0
  %14 : Float(4, 4) = aten::tanh(%13) # cell.py:5:0
  return (%14)
""".replace("aten::t(%gain)", "aten::t(%x)")
SHORT = Pipeline(tuple(NAMES[n] for n in ("shapes", "dce", "cse", "peephole", "dce", "fuse_rows", "fuse", "dce")))
TURNS = """\
graph(%x : Float(2)):
  %1 : int = prim::Constant[value=3]()
  %2 : bool = prim::Constant[value=1]()
  %y : Float(2) = prim::Loop(%1, %2, %x) # cell.py:2:0
    block0(%i : int, %c : Float(2)):
      %s : Float(2) = aten::mul(%c, %i) # cell.py:3:8
      -> (%2, %s)
  return (%y)
"""
_LINES = {
    1: "y = x.t().t()",
    2: "z = (y * gain) * 1 + (y * gain) * 0.5",
    3: "unused = z.exp()",
    4: "m = z @ x.t()",
    5: "m.tanh()",
}
_LOOP = "o = loop0_mul_mul_add(x, gain)  # line 2"
_CODE = (
    Excerpt("loop", "the Python of mul_mul_add_0a1b", ((21, "        v0 = np.float32(x0 * x1)"),), 24),
    Excerpt(
        "llvm",
        "LLVM's code, block vector.body: vectors of 8",
        (
            (44, "  %wide.load = load <8 x float>, ptr %1, align 4"),
            (46, "  %5 = fmul <8 x float> %wide.load, %wide.load2"),
        ),
        185,
    ),
    Excerpt("asm", "machine code, loop .LBB0_6", ((33, "    vmulps  (%r8,%r9,4), %ymm1, %ymm2"),), 112),
)


def settled(records: Sequence[PassRecord]) -> tuple[PassRecord, ...]:
    """Records without the lines that rules are written in, which move with each edit."""
    return tuple(
        replace(record, decisions=tuple(replace(d, location=f"{d.rule}.py:1") for d in record.decisions))
        for record in records
    )


def told(text: str, pipeline: Pipeline = SHORT, name: str = "tone") -> Teller:
    """The teller of a parsed graph; what is in a loop has a place in a program."""
    graph: Graph = parse_graph(text)
    graph.name = name
    records = settled(pipeline.run(graph))
    names = Names()
    for record in records:
        name_values(record.before, names)
        name_values(record.after, names)

    def place(end: End) -> Place | None:
        if not end.lives or end.kind == "constant":
            return None
        if end.group is None:
            return Place(5, "m = mm(z, v2)  # line 4")
        return Place(3, _LOOP, "loop0_mul_mul_add", 0, 3, "tone_77ab", _CODE)

    return Teller(Lives(records), names, place)


def value(name: str, text: str = TONE, pipeline: Pipeline = SHORT) -> View:
    teller = told(text, pipeline)
    life = teller.value(printed(teller.lives.records, teller.names)[name])
    span = life.source.span if life.source is not None else None
    if span is not None and text is TONE:
        line = _LINES[span.line]
        life = replace(life, source=Source(span, ((span.line, line, span.column, len(line)),)))
    return ValueLifeView("tone", life)


def line(number: int) -> View:
    found = line_life(told(TONE), number)
    source = Source(Span("cell.py", number), ((number, _LINES[number], 0, len(_LINES[number])),))
    return LineLifeView("tone", replace(found, source=source))


def refused(subject: str, name: str = "") -> View:
    teller = told(TONE)
    value_ = printed(teller.lives.records, teller.names)[name] if name else None
    return WhyNotView("tone", why_not(teller, subject, value_))


def chain(count: int) -> str:
    """A long straight line, all of it on one line of source."""
    lines = ["graph(%x : Float(4)):"]
    lines += [f"  %v{i} : Float(4) = aten::tanh(%{f'v{i - 1}' if i else 'x'}) # cell.py:1:0" for i in range(count)]
    return "\n".join([*lines, f"  return (%v{count - 1})"]) + "\n"


def long_line() -> View:
    return LineLifeView("wide", line_life(told(chain(300), Pipeline((NAMES["cse"],)), "wide"), 1))


VECTORS = (
    LoopVectors(
        "loop0_mul_add",
        "mul_add_0a1b",
        ("mul", "add"),
        (Span("cell.py", 2), Span("cell.py", 3)),
        ("vectorized loop (vectorization width: 8, interleaved count: 4)",),
        (("8 x float", 18), ("4 x float", 6)),
        1,
    ),
    LoopVectors(
        "loop1_lgamma",
        "lgamma_77ab",
        ("lgamma",),
        (Span("cell.py", 4),),
        ("loop not vectorized: call instruction cannot be vectorized", "loop not vectorized"),
        (),
        0,
    ),
)

LIVES_SAMPLES: dict[str, Callable[[], View]] = {
    "life": lambda: value("%4"),
    "life_gone": lambda: value("%7"),
    "life_unrolled": lambda: value("%s", TURNS, Pipeline((NAMES["unroll"], NAMES["dce"], NAMES["fuse"]))),
    "life_input": lambda: value("%gain"),
    "life_hostile": lambda: _hostile_life(),
    "line": lambda: line(2),
    "line_long": long_line,
    "why_not": lambda: refused("fuse"),
    "why_not_value": lambda: refused("fuse", "%14"),
    "why_not_done": lambda: refused("fuse", "%z"),
    "why_not_absent": lambda: refused("unroll"),
    "why_not_hostile": lambda: _hostile_why_not(),
    "why_not_vectorize": lambda: VectorsView("tone", VECTORS),
    "why_not_vectorize_text": lambda: VectorsView("tone", [replace(v, remarks=None) for v in VECTORS], value="%4"),
    "why_not_vectorize_none": lambda: VectorsView("tone", [], value="%4", about="a call of aten::mm"),
}


def _hostile() -> str:
    from view_samples import HOSTILE

    return HOSTILE


def _hostile_life() -> View:
    bad = _hostile()
    view = value("%4")
    life = replace(view.life, name=bad, text=bad, source=Source(Span(bad, 1), ((1, bad, 0, 3),)))
    return ValueLifeView(bad, life, also=[bad])


def _hostile_why_not() -> View:
    bad = _hostile()
    return WhyNotView(bad, WhyNot("fuse", bad, (bad,), (bad,), (Refused(bad, bad, bad, bad, bad, Span(bad, 1), bad),)))
