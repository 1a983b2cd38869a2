"""Graphs as text: both styles, names, and the parser with its errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tensorlab.core.device import CPU
from tensorlab.core.dtype import bool as bool_
from tensorlab.core.dtype import float32, float64, int64
from tensorlab.core.tensor import empty
from tensorlab.core.types import DTYPE, FLOAT, INT, ListType, OptionalType, TensorType, TupleType
from tensorlab.errors import ParseError, RangeError
from tensorlab.jit.build import Builder, snapshot
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.text import Names, format_constant, format_graph
from tensorlab.jit.verify import verify

HEAD = "graph(%x : Tensor):\n"

# The talk's slides: the trace of my_function, and the script of it (braces as torch 1.0 printed them).
TRACED = """\
graph(%x : Float(2, 2)) {
%4 : Float() = prim::Constant[value={2}]()
%5 : Device = prim::Constant[value="cpu"]()
%6 : int = prim::Constant[value=6]()
%7 : bool = prim::Constant[value=0]()
%8 : bool = prim::Constant[value=0]()
%9 : Float() = aten::to(%4, %6, %7, %8)
%10 : Float() = aten::detach(%9)
return (%10); }
"""
SCRIPTED = """\
graph(%x : Tensor) {
  %1 : float = prim::Constant[value=1]()
  %2 : int = prim::Constant[value=1]()
  %3 : int = prim::Constant[value=2]()
  %none : NoneType = prim::Constant()
  %5 : Tensor = aten::mean(%x, %none)
  %6 : Tensor = aten::gt(%5, %1)
  %7 : bool = prim::Bool(%6)
  %r : int = prim::If(%7)
    block0() {
      -> (%2)
    }
    block1() {
      -> (%3)
    }
  return (%r);
}
"""
LOOP = """\
graph(%x : Float(2, 2),
      %n : int):
  %true : bool = prim::Constant[value=1]()
  %y : Float(2, 2) = prim::Loop(%n, %true, %x) # cell 3:4:8
    block0(%i : int, %y.1 : Float(2, 2)):
      %6 : Float(2, 2) = aten::mul(%y.1, %i) # cell 3:5:12
      -> (%true, %6)
  return (%y)
"""
GROUP = """\
graph(%x : Float(2, 2),
      %y : Float(2, 2)):
  %2 : Float(2, 2) = prim::FusionGroup_0(%x, %y)
  %3 : Float(2, 2), %4 : Float(2, 2) = prim::FusionGroup_1(%2)
  = prim::Print(%3)
  return (%3, %4)
with prim::FusionGroup_0 = graph(%x : Float(2, 2),
      %y : Float(2, 2)):
  %2 : Float(2, 2) = aten::mul(%x, %y)
  return (%2)
with prim::FusionGroup_1 = graph(%2 : Float(2, 2)):
  %3 : Float(2, 2) = aten::tanh(%2)
  %4 : Float(2, 2) = aten::exp(%3)
  return (%3, %4)
"""
CONSTANTS = """\
graph():
  %0 : int = prim::Constant[value=-3]()
  %1 : float = prim::Constant[value=1.]()
  %2 : float = prim::Constant[value=1e-05]()
  %3 : float = prim::Constant[value=-inf]()
  %4 : float = prim::Constant[value=nan]()
  %5 : bool = prim::Constant[value=1]()
  %6 : str = prim::Constant[value="a \\"b\\"\\n%é"]()
  %7 : Device = prim::Constant[value="cpu"]()
  %8 : NoneType = prim::Constant()
  %9 : int? = prim::Constant[value=4]()
  %10 : int[] = prim::Constant[value=[]]()
  %11 : float[] = prim::Constant[value=[1., -0.5]]()
  %12 : (int, float[]) = prim::Constant[value=(1, [2.])]()
  %13 : ScalarType = prim::Constant[value=7]()
  %14 : Float(3) = prim::Constant[value={1, -0, 1e-30}]()
  %15 : Long(2, 2) = prim::Constant[value={{1, 2}, {3, 4}}]()
  %16 : Bool(1, 2) = prim::Constant[value={{1, 0}}]()
  %17 : Double() = prim::Constant[value={0.1}]()
  %18 : Float(0, 2) = prim::Constant[value={}]()
  return ()
"""


@pytest.mark.parametrize("text", [LOOP, GROUP, CONSTANTS], ids=["loop", "group", "constants"])
def test_print_parse_print_gives_the_same_text(text: str) -> None:
    graph = parse_graph(text)
    verify(graph)
    assert format_graph(graph) == text
    assert format_graph(parse_graph(format_graph(graph, style="1.0")), style="1.0") == format_graph(graph, style="1.0")


def test_style_of_torch_1_0() -> None:
    graph = parse_graph(SCRIPTED)
    assert format_graph(graph, style="1.0") == SCRIPTED
    two = format_graph(graph)
    assert "%1 : float = prim::Constant[value=1.]()\n" in two
    assert two.endswith("    block1():\n      -> (%3)\n  return (%r)\n")
    assert format_graph(parse_graph(two)) == two


def test_the_talks_trace_is_read_in_the_form_of_the_slide() -> None:
    graph = parse_graph(TRACED)
    assert [n.kind for n in graph.nodes()] == ["prim::Constant"] * 5 + ["aten::to", "aten::detach"]
    assert format_graph(graph, style="1.0").splitlines()[-3:] == [
        "  %7 : Float() = aten::detach(%6)",
        "  return (%7);",
        "}",
    ]


def test_constants_keep_value_and_type() -> None:
    graph = parse_graph(CONSTANTS)
    values = [n.output.constant for n in graph.nodes()]
    assert values[:3] == [-3, 1.0, 1e-5]
    assert values[3] == -math.inf and math.isnan(values[4])
    assert values[5] is True
    assert values[6:9] == ['a "b"\n%é', CPU, None]
    assert values[9:14] == [4, (), (1.0, -0.5), (1, (2.0,)), float64]
    types = [n.output.type for n in graph.nodes()]
    assert types[9:14] == [
        OptionalType(INT),
        ListType(INT),
        ListType(FLOAT),
        TupleType((INT, ListType(FLOAT))),
        DTYPE,
    ]
    arrays = [v.detached_numpy() for v in values[14:]]
    np.testing.assert_array_equal(arrays[0], np.array([1, -0.0, 1e-30], np.float32))
    assert np.signbit(arrays[0][1])
    np.testing.assert_array_equal(arrays[1], [[1, 2], [3, 4]])
    assert [(a.dtype, a.shape) for a in arrays[1:]] == [
        (np.dtype(np.int64), (2, 2)),
        (np.dtype(np.bool_), (1, 2)),
        (np.dtype(np.float64), ()),
        (np.dtype(np.float32), (0, 2)),
    ]


def test_every_float32_comes_back() -> None:
    tensor = empty(float32, (4,))
    tensor.detached_numpy()[...] = np.array([1 / 3, 1e38, 1e-45, 16777217], np.float32)
    graph = Graph()
    Builder(graph.block).constant(tensor)
    (node,) = parse_graph(format_graph(graph)).nodes()
    np.testing.assert_array_equal(node.output.constant.detached_numpy(), tensor.detached_numpy())


def test_long_tensors_are_left_out_and_say_so_when_read() -> None:
    graph = Graph()
    tensor = empty(int64, (11,))
    tensor.detached_numpy()[...] = range(11)
    Builder(graph.block).constant(tensor)
    text = format_graph(graph)
    assert text == "graph():\n  %0 : Long(11) = prim::Constant[value=<Tensor>]()\n  return ()\n"
    with pytest.raises(ParseError) as error:
        parse_graph(text)
    assert str(error.value) == (
        "line 2, column 40: the elements of this tensor were left out; print with elide=False\n"
        "      %0 : Long(11) = prim::Constant[value=<Tensor>]()\n"
        "                                           ^^^^^^^^"
    )
    whole = format_graph(graph, elide=False)
    assert "value={0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}" in whole
    assert format_graph(parse_graph(whole), elide=False) == whole


def test_names_are_hints_made_unique() -> None:
    graph = Graph()
    builder = Builder(graph.block)
    x = builder.param(TensorType(), "x")
    for name in ("x", "x", "", "7", "a b", "x.3"):
        x = builder.value("aten::tanh", [x], name=name)
    assert [line.split()[0] for line in format_graph(graph).splitlines()[1:-1]] == [
        "%x.1",
        "%x.2",
        "%3",
        "%4",
        "%a_b",
        "%x.3",
    ]


def test_shared_names_stay_when_nodes_go() -> None:
    graph = parse_graph(
        "graph(%x : Tensor):\n  %1 : Tensor = aten::tanh(%x)\n  %2 : Tensor = aten::exp(%x)\n  return (%2)"
    )
    names = Names()
    format_graph(graph, names=names)
    later = snapshot(graph)
    later.block.nodes.pop(0)
    assert format_graph(later, names=names) == "graph(%x : Tensor):\n  %2 : Tensor = aten::exp(%x)\n  return (%2)\n"


def test_places_are_printed_and_read() -> None:
    node = next(n for n in parse_graph(LOOP).nodes() if n.kind == "aten::mul")
    assert node.span == Span("cell 3", 5, 12)
    assert "#" not in format_graph(parse_graph(LOOP), spans=False)
    assert "#" not in format_graph(parse_graph(LOOP), style="1.0")


def test_types_as_torch_prints_them_are_read() -> None:
    text = "graph(%x : Float(2, *, strides=[1, 2], requires_grad=0, device=cpu)):\n  return (%x)"
    assert parse_graph(text).inputs[0].type == TensorType(float32, (2, None))
    nested = "graph(%x : (Tensor[], (Bool, int?)[])?):\n  return (%x)"
    assert str(parse_graph(nested).inputs[0].type) == "(Tensor[], (Bool, int?)[])?"
    assert parse_graph("graph(%x : Bool):\n return (%x)").inputs[0].type == TensorType(bool_)


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(RangeError) as error:
        format_graph(Graph(), style="3")
    assert str(error.value) == "format_graph: no style '3'; takes one of 2, 1.0"


def test_short_forms() -> None:
    assert format_constant((1, 2.0, "a", None, float64)) == '[1, 2., "a", None, 7]'


ERRORS = {
    "not a graph": ("nonsense", 1, 1, "takes 'graph' at the start, got 'nonsense'"),
    "nothing": ("", 1, 1, "takes 'graph' at the start, got the end of the text"),
    "character": ("graph(&)", 1, 7, "cannot read '&'"),
    "type": ("graph(%x : Flaot):", 1, 12, "no type is named 'Flaot'"),
    "size": ("graph(%x : Float(a)):", 1, 18, "takes a size, '*' or ')', got 'a'"),
    "undefined": (HEAD + "  %y : Tensor = aten::tanh(%z)", 2, 28, "%z is not defined here"),
    "own output": (HEAD + "  %y : Tensor = aten::tanh(%y)", 2, 28, "%y is not defined here"),
    "twice": (HEAD + "  %x : Tensor = aten::tanh(%x)", 2, 3, "%x is defined twice"),
    "op": (HEAD + "  %y : Tensor = aten::tanhh(%x)", 2, 17, "unknown builtin op aten::tanhh"),
    "kind": (HEAD + "  %y : Tensor = tanh(%x)", 2, 17, "takes the kind of a node, aten::add, got 'tanh'"),
    "inputs": (
        HEAD + "  %y : Tensor = aten::add(%x, %x)",
        2,
        17,
        "aten::add takes 3 inputs (self, other, alpha), got 2",
    ),
    "end": (HEAD + "  %y : Tensor = aten::tanh(%x)\n", 2, 31, "takes 'return' or a node, got the end of the text"),
    "brace": (
        "graph(%x : Tensor) {\n  return (%x)",
        2,
        14,
        "takes '}' at the end of a graph that '{' opens, got the end of the text",
    ),
    "constant": (HEAD + "  %1 : int = prim::Constant[value=1.5]()", 2, 35, "takes a constant of type int, got '1.5'"),
    "dtype": (
        HEAD + "  %1 : ScalarType = prim::Constant[value=99]()",
        2,
        42,
        "takes a constant of type ScalarType, got '99'",
    ),
    "elements": (HEAD + "  %1 : Float(2) = prim::Constant[value={1}]()", 2, 40, "Float(2) has 2 elements, got 1"),
    "element": (HEAD + "  %1 : Byte(1) = prim::Constant[value={-1}]()", 2, 39, "takes elements of type Byte"),
    "partly typed": (
        HEAD + "  %1 : Float = prim::Constant[value={1}]()",
        2,
        37,
        "a tensor constant takes its full type, as Float(2, 2), got Float",
    ),
    "string": (HEAD + '  %1 : str = prim::Constant[value="\\q"]()', 2, 35, "cannot read this string: Invalid \\escape"),
    "no subgraph": (
        HEAD + "  %1 : Tensor = prim::FusionGroup_0(%x)\n  return (%1)",
        2,
        17,
        "the graph of prim::FusionGroup_0 is missing: takes 'with prim::FusionGroup_0 = graph(...)'",
    ),
    "no group": (
        HEAD + "  return (%x)\nwith prim::FusionGroup_0 = graph():\n  return ()",
        3,
        6,
        "no node is labelled prim::FusionGroup_0",
    ),
    "more": (HEAD + "  return (%x)\n  return (%x)", 3, 3, "takes the end of the text, got 'return'"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_malformed_text_is_refused_with_its_place(case: str) -> None:
    text, line, column, message = ERRORS[case]
    with pytest.raises(ParseError) as error:
        parse_graph(text)
    first, shown, carets = str(error.value).split("\n")
    assert first == f"line {line}, column {column}: {message}"
    assert shown == "    " + (text.split("\n")[line - 1] if text else "")
    assert carets.index("^") == 4 + column - 1


def test_an_op_that_does_not_take_the_inputs_names_the_candidates() -> None:
    with pytest.raises(ParseError) as error:
        parse_graph("graph(%x : str):\n  %y : Tensor = aten::tanh(%x)\n  return (%y)")
    assert str(error.value) == (
        "line 2, column 17: aten::tanh: arguments (str) are not valid; candidates:\n"
        "  aten::tanh(Tensor self) -> Tensor\n"
        "    argument 'self' takes Tensor, got str\n"
        "  aten::tanh.int(int a) -> float\n"
        "    argument 'a' takes int, got str\n"
        "  aten::tanh.float(float a) -> float\n"
        "    argument 'a' takes float, got str\n"
        "      %y : Tensor = aten::tanh(%x)\n"
        "                    ^^^^^^^^^^"
    )


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ParseError, match="nested too deeply"):
        parse_graph("graph(%x : " + "(" * 100_000)


def test_a_long_line_is_shown_in_part() -> None:
    with pytest.raises(ParseError) as error:
        parse_graph("graph(" + "%x : Tensor, " * 1000)
    _, shown, carets = str(error.value).split("\n")
    assert len(shown) < 130
    assert shown[carets.index("^") :].startswith("%x : Tensor")
