"""Graphs as readable Python: the text, and that it reads back as the same graph."""

import re

import pytest

import tensorlab as tl
from tensorlab.errors import GraphError
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.ir import FUSION_GROUP, Graph, Node
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.scripting import compile_function, compile_source
from tensorlab.jit.scripting.finish import hoist_constants
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify


def anonymous(graph) -> str:
    names = {}
    text = format_graph(graph, spans=False)
    text = re.sub(r"\b(Bool|Byte|Int|Long|Float|Double)(\([^)]*\))?(?= = aten|\)|,)", "Tensor", text)
    return re.sub(r"%[\w.]+", lambda m: names.setdefault(m[0], f"%{len(names)}"), text)


def code_of(graph, tensors=None) -> str:
    """The code, after it has been read back and compared."""
    constants = name_constants(graph, tensors)
    code = graph_to_code(graph, constants=tensors)
    again = compile_source(code, "forward", text_namespace(constants))
    verify(again)
    hoist_constants(graph)
    assert anonymous(again) == anonymous(graph)
    return code


def my_function(x):
    if bool(x.mean() > 1.0):
        r = 1
    else:
        r = 2
    return r


def test_the_talks_function():
    assert (
        code_of(compile_function(my_function))
        == """\
def forward(self, x: Tensor) -> int:
    _0 = tensorlab.mean(x)
    _1 = tensorlab.gt(_0, 1.0)
    _2 = bool(_1)
    if _2:
        r = 1
    else:
        r = 2
    return r
"""
    )


def loops(x, n: int):
    total = 0.0
    k = n
    while k > 1:
        for i in range(k):
            total = total + i / k
            x = x * total if i % 2 == 0 else x - 1
        k = k // 2
    return x, total


def test_loops_update_their_variables_where_nothing_else_reads_them():
    assert (
        code_of(compile_function(loops))
        == """\
def forward(self, x: Tensor, n: int) -> Tuple[Tensor, float]:
    _0 = n > 1
    x_1 = x
    total = 0.0
    k = n
    while _0:
        x_2 = x_1
        total_1 = total
        for i in range(k):
            _1 = i / k
            total_1 = total_1 + _1
            _2 = i % 2
            _3 = _2 == 0
            if _3:
                x_3 = tensorlab.mul(x_2, total_1)
            else:
                x_3 = tensorlab.sub(x_2, 1)
            x_2 = x_3
        k = k // 2
        _0 = k > 1
        x_1, total = x_2, total_1
    _4 = (x_1, total)
    return _4
"""
    )


def swaps(a: int, b: int, n: int):
    for i in range(n):
        a, b = b, a
        if a > b:
            a = a - i
            print(a, "text", True)
    assert a != b, "equal"
    if n > 5:
        raise KeyError
    return a


def test_values_change_places_all_at_once():
    assert (
        code_of(compile_function(swaps))
        == """\
def forward(self, a: int, b: int, n: int) -> int:
    a_1 = a
    b_1 = b
    for i in range(n):
        _0 = b_1 > a_1
        if _0:
            a_2 = b_1 - i
            print(a_2, "text", True)
        else:
            a_2 = b_1
        a_1, b_1 = a_2, a_1
    _1 = a_1 != b_1
    if _1:
        pass
    else:
        raise AssertionError("equal")
    _2 = n > 5
    if _2:
        raise KeyError
    return a_1
"""
    )


GRAPHS = {
    "tensors": (
        """\
graph(%0 : Float(2, 2),
      %for : Tensor,
      %n : int?):
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %none : NoneType = prim::Constant()
  %dims : int[] = prim::Constant[value=[0, -1]]()
  %keep : bool = prim::Constant[value=1]()
  %a : Tensor = aten::add(%0, %for, %two)
  %b : Tensor = aten::sum(%a, %dims, %keep, %none)
  %c : Tensor = aten::add_(%b, %for, %one)
  %s : int = aten::size(%c, %one)
  %shape : int[] = prim::ListConstruct(%s, %s)
  %d : Tensor = aten::view(%c, %shape)
  %e : Tensor, %f : Tensor = aten::max(%d, %s, %keep)
  %list : Tensor[] = prim::ListConstruct(%e, %d)
  %g : Tensor = aten::cat(%list, %s)
  %is : bool = aten::__isnot__(%n, %none)
  %m : int? = prim::If(%is)
    block0():
      %u : int = prim::unchecked_unwrap_optional(%n)
      -> (%u)
    block1():
      -> (%none)
  %t : (Tensor, int?) = prim::TupleConstruct(%g, %m)
  return (%t)
""",
        """\
def forward(self, input_1: Tensor, for_: Tensor, n: Optional[int]) -> Tuple[Tensor, Optional[int]]:
    one = 1
    none = None
    keep = True
    a = tensorlab.add(input_1, for_, alpha=2)
    b = tensorlab.sum(a, [0, -1], keepdim=keep, dtype=none)
    c = b.add_(for_, alpha=one)
    s = c.shape[one]
    shape = [s, s]
    d = c.view(shape)
    e, f = tensorlab.max(d, s, keepdim=keep)
    list_ = [e, d]
    g = tensorlab.cat(list_, dim=s)
    is_ = ops.aten.__isnot__(n, none)
    m: Optional[int]
    if is_:
        m = ops.prim.unchecked_unwrap_optional(n)
    else:
        m = none
    t = (g, m)
    return t
""",
    ),
    "numbers": (
        """\
graph(%a : int,
      %x : float,
      %q : bool,
      %t : (int, float)):
  %i : int = prim::Constant[value=-3]()
  %j : int = prim::Constant[value=-2]()
  %f : float = prim::Constant[value=-0.5]()
  %text : str = prim::Constant[value="it's \\"so\\""]()
  %2 : int = aten::mul(%a, %i)
  %3 : int = aten::pow(%2, %j)
  %4 : float = aten::pow(%x, %f)
  %5 : int = aten::neg(%3)
  %6 : float = aten::sqrt(%4)
  %7 : int = aten::floor(%6)
  %8 : int = aten::min(%7, %5)
  %9 : bool = aten::__not__(%q)
  %10 : bool = aten::__and__(%9, %q)
  %11 : int = aten::Int(%10)
  %12 : float = aten::Float(%11)
  %13 : int, %14 : float = prim::TupleUnpack(%t)
  %15 : int = aten::__range_length(%8, %13, %a)
  %16 : bool = aten::eq(%text, %text)
  = prim::Print(%12, %14, %15, %16)
  return (%a)
""",
        """\
def forward(self, a: int, x: float, q: bool, t: Tuple[int, float]) -> int:
    text = 'it\\'s "so"'
    _0 = a * (-3)
    _1 = ops.aten.pow(_0, -2)
    _2 = x ** (-0.5)
    _3 = -_1
    _4 = math.sqrt(_2)
    _5 = math.floor(_4)
    _6 = min(_5, _3)
    _7 = not q
    _8 = _7 & q
    _9 = int(_8)
    _10 = float(_9)
    _11, _12 = t
    _13 = ops.aten.__range_length(_6, _11, a)
    _14 = text == text
    print(_10, _12, _13, _14)
    return a
""",
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_in_text(name):
    before, expected = GRAPHS[name]
    graph = parse_graph(before)
    verify(graph)
    assert code_of(graph) == expected


def constants(x):
    table = tl.tensor([[1.0, 2.0], [3.0, 4.0]])
    return x.to(tl.float64) + table + float("inf")


def test_tensor_constants_are_attributes_of_self():
    graph = compile_function(constants)
    assert (
        code_of(graph)
        == """\
def forward(self, x: Tensor) -> Tensor:
    table = tensorlab.clone(self.c0)
    _0 = x.to(tensorlab.float64)
    _1 = tensorlab.add(_0, table)
    _2 = tensorlab.add(_1, float("inf"))
    return _2
"""
    )
    (constant,) = (n.output.constant for n in graph.nodes() if isinstance(n.attributes.get("value"), tl.Tensor))
    assert name_constants(graph) == {"c0": constant}
    assert "self.conv1.weight" in code_of(graph, {"conv1.weight": constant, "c0": tl.ones(1)})
    assert name_constants(graph, {"c0": tl.ones(1)})["c1"] is constant


def views(x, i: int):
    return x[i, 0] + x[1:, None] * x[:i] - x[::2, 1:] / x[-1]


def test_views_along_the_first_dimension_are_subscripts():
    assert (
        code_of(compile_function(views))
        == """\
def forward(self, x: Tensor, i: int) -> Tensor:
    _0 = x[i]
    _1 = _0[0]
    _2 = x[1:]
    _3 = tensorlab.unsqueeze(_2, 1)
    _4 = x[:i]
    _5 = tensorlab.mul(_3, _4)
    _6 = tensorlab.add(_1, _5)
    _7 = x[::2]
    _8 = ops.aten.slice(_7, dim=1, start=1)
    _9 = x[-1]
    _10 = tensorlab.div(_8, _9)
    _11 = tensorlab.sub(_6, _10)
    return _11
"""
    )


def unknown_exception(n: int):
    if n > 1:
        raise Odd("no")
    return n


class Odd(Exception):
    pass


def test_an_exception_that_only_the_user_has_keeps_its_name_in_the_message():
    assert 'raise RaisedError("Odd: no")\n' in code_of(compile_function(unknown_exception))


def test_a_graph_of_several_results_returns_a_tuple():
    graph = parse_graph("graph(%x : Tensor):\n  %y : Tensor = aten::tanh(%x)\n  return (%x, %y)\n")
    assert graph_to_code(graph) == (
        "def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:\n    y = tensorlab.tanh(x)\n    return (x, y)\n"
    )


def test_an_empty_graph():
    assert graph_to_code(Graph()) == "def forward(self) -> None:\n    pass\n"


def test_a_loop_with_a_limit_and_a_condition_is_a_while_with_a_counter():
    graph = parse_graph("""\
graph(%n : int,
      %go : bool):
  %zero : int = prim::Constant[value=0]()
  %ten : int = prim::Constant[value=10]()
  %s : int = prim::Loop(%n, %go, %zero)
    block0(%i : int, %a : int):
      %b : int = aten::add(%a, %i)
      %c : bool = aten::lt(%b, %ten)
      -> (%c, %b)
  return (%s)
""")
    assert (
        graph_to_code(graph)
        == """\
def forward(self, n: int, go: bool) -> int:
    a = 0
    _0 = go
    i = 0
    while i < n and _0:
        a = a + i
        _0 = a < 10
        i = i + 1
    return a
"""
    )


def test_what_has_no_form_in_code():
    graph = Graph()
    node = Node(FUSION_GROUP, attributes={"subgraph": Graph()}, owner=graph.block)
    graph.block.nodes.append(node)
    with pytest.raises(GraphError) as caught:
        graph_to_code(graph)
    assert str(caught.value) == "prim::FusionGroup cannot be written as code"
