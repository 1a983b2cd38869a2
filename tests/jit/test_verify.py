"""The verifier: each rule, broken once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tensorlab.core.types import BOOL, FLOAT, INT, TensorType
from tensorlab.errors import GraphError
from tensorlab.jit import edit
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import IF, Graph, Node, Use
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.verify import compatible, verify

TEXT = """\
graph(%x : Float(2), %c : bool, %n : int):
  %1 : int = prim::Constant[value=1]()
  %a : Float(2) = aten::add(%x, %x, %1)
  %b : Float(2) = aten::tanh(%a)
  %r : Float(2) = prim::If(%c)
    block0():
      %d : Float(2) = aten::exp(%b)
      -> (%d)
    block1():
      -> (%a)
  %y : Float(2) = prim::Loop(%n, %c, %r)
    block0(%i : int, %y.1 : Float(2)):
      %e : Float(2) = aten::relu(%y.1)
      -> (%c, %e)
  %z : Float(2) = prim::FusionGroup_0(%y)
  return (%z)
with prim::FusionGroup_0 = graph(%y : Float(2)):
  %z : Float(2) = aten::neg(%y)
  return (%z)
"""


def node(graph: Graph, kind: str) -> Node:
    return next(n for n in graph.nodes() if n.kind == kind)


def swap(graph: Graph) -> None:
    nodes = graph.block.nodes
    nodes[1], nodes[2] = nodes[2], nodes[1]


def take_from_block(graph: Graph) -> None:
    edit.set_input(node(graph, "prim::Loop"), 2, node(graph, "aten::exp").output)


def give_twice(graph: Graph) -> None:
    graph.block.nodes.append(node(graph, "aten::tanh"))


def forget_owner(graph: Graph) -> None:
    node(graph, "aten::exp").owner = graph.block


def forget_block(graph: Graph) -> None:
    node(graph, IF).blocks[1].owner = None


def forget_producer(graph: Graph) -> None:
    node(graph, "aten::tanh").output.producer = None


def forget_param(graph: Graph) -> None:
    graph.inputs[0].block = None


def miss_use(graph: Graph) -> None:
    node(graph, "aten::add").output.uses.pop()


def note_use(graph: Graph) -> None:
    value = node(graph, "aten::add").output
    value.uses.append(Use(graph.block, 3))


def drop_result(graph: Graph) -> None:
    edit.remove_result(node(graph, IF).blocks[0], 0)


def condition_of_int(graph: Graph) -> None:
    edit.set_input(node(graph, IF), 0, graph.inputs[2])


def one_block(graph: Graph) -> None:
    del node(graph, IF).blocks[0]


def branch_of_float(graph: Graph) -> None:
    block = node(graph, IF).blocks[1]
    edit.set_result(block, 0, Builder(block).constant(1.0))


def loop_input(graph: Graph) -> None:
    edit.insert_input(node(graph, "prim::Loop"), 2, graph.inputs[0])


def loop_result(graph: Graph) -> None:
    edit.remove_result(node(graph, "prim::Loop").blocks[0], 1)


def loop_condition(graph: Graph) -> None:
    edit.set_result(node(graph, "prim::Loop").blocks[0], 0, graph.inputs[2])


def constant_input(graph: Graph) -> None:
    edit.insert_input(node(graph, "prim::Constant"), 0, graph.inputs[0])


def constant_type(graph: Graph) -> None:
    node(graph, "prim::Constant").output.type = FLOAT


def other_op(graph: Graph) -> None:
    node(graph, "aten::tanh").op = node(graph, "aten::exp").op


def fewer_inputs(graph: Graph) -> None:
    edit.remove_input(node(graph, "aten::add"), 2)


def input_type(graph: Graph) -> None:
    edit.set_input(node(graph, "aten::tanh"), 0, graph.inputs[1])


def result_type(graph: Graph) -> None:
    node(graph, "aten::tanh").output.type = TensorType(None, (3,))


def group_inputs(graph: Graph) -> None:
    edit.insert_input(node(graph, "prim::FusionGroup"), 1, graph.inputs[0])


def group_type(graph: Graph) -> None:
    node(graph, "prim::FusionGroup").attributes["subgraph"].inputs[0].type = TensorType(None, (3,))


def inside_group(graph: Graph) -> None:
    node(graph, "prim::FusionGroup").attributes["subgraph"].block.nodes[0].owner = None


BROKEN: dict[Callable[[Graph], None], str] = {
    swap: "scope: %a is not defined before it is taken\n    %b : Float(2) = aten::tanh(%a)",
    take_from_block: ("scope: %d is not defined before it is taken\n    %y : Float(2) = prim::Loop(%n, %c, %d)"),
    give_twice: "ssa: %b is defined twice\n    %b : Float(2) = aten::tanh(%a)",
    forget_owner: "owner: the node does not know its block\n    %d : Float(2) = aten::exp(%b)",
    forget_block: "owner: a block does not know its node\n    %r : Float(2) = prim::If(%c)",
    forget_producer: "owner: %b does not know its node\n    %b : Float(2) = aten::tanh(%a)",
    forget_param: "owner: %x does not know its block",
    miss_use: "uses: %a misses a use\n    %a : Float(2) = aten::add(%x, %x, %3)",
    note_use: "uses: %a notes a use that is none\n    %a : Float(2) = aten::add(%x, %x, %3)",
    drop_result: "blocks: block0 takes no parameters and 1 results, got 0 and 0\n    %r : Float(2) = prim::If(%c)",
    condition_of_int: "blocks: the condition of an if is a bool, got int\n    %r : Float(2) = prim::If(%n)",
    one_block: "blocks: an if has one input and two blocks\n    %r : Float(2) = prim::If(%c)",
    branch_of_float: ("types: %8 : float of block1 becomes %r : Float(2)\n    %r : Float(2) = prim::If(%c)"),
    loop_input: (
        "blocks: a loop has two inputs, one more an output, and one block\n"
        "    %y : Float(2) = prim::Loop(%n, %c, %x, %r)"
    ),
    loop_result: (
        "blocks: block0 takes 2 parameters and 2 results, got 2 and 1\n    %y : Float(2) = prim::Loop(%n, %c, %r)"
    ),
    loop_condition: (
        "blocks: a loop takes int and bool, its block takes int and gives bool, got int, bool, int, int\n"
        "    %y : Float(2) = prim::Loop(%n, %c, %r)"
    ),
    constant_input: (
        "schema: a constant has a value, one output and no inputs\n    %3 : int = prim::Constant[value=1](%x)"
    ),
    constant_type: "types: the value is int, the output float\n    %3 : float = prim::Constant[value=1]()",
    other_op: ("schema: the op is <op aten::exp(Tensor self) -> Tensor>\n    %b : Float(2) = aten::tanh(%a)"),
    fewer_inputs: ("schema: takes 3 inputs and gives 1, got 2 and 1\n    %a : Float(2) = aten::add(%x, %x)"),
    input_type: ("schema: argument 'self' takes Tensor, got bool\n    %b : Float(2) = aten::tanh(%c)"),
    result_type: "types: %b is Tensor, but aten::tanh gives Float(2)\n    %b : Tensor = aten::tanh(%a)",
    group_inputs: (
        "group: the subgraph takes 1 inputs and gives 1, got 2 and 1\n    %z : Float(2) = prim::FusionGroup_0(%y, %x)"
    ),
    group_type: ("group: %y : Float(2) is %y : Tensor in the subgraph\n    %z : Float(2) = prim::FusionGroup_0(%y)"),
    inside_group: "owner: the node does not know its block\n    %z : Float(2) = aten::neg(%y)",
}


def test_a_whole_graph_passes() -> None:
    verify(parse_graph(TEXT))


@pytest.mark.parametrize("damage", BROKEN, ids=lambda f: f.__name__)
def test_each_rule(damage: Callable[[Graph], None]) -> None:
    graph = parse_graph(TEXT)
    damage(graph)
    with pytest.raises(GraphError) as error:
        verify(graph)
    assert str(error.value) == BROKEN[damage]


def test_the_pass_is_named() -> None:
    graph = parse_graph(TEXT)
    swap(graph)
    with pytest.raises(GraphError) as error:
        verify(graph, after="cse")
    assert str(error.value).startswith("after cse: scope: ")


def test_what_raises_when_it_runs_is_no_broken_graph() -> None:
    text = """
    graph(%x : Float(2, 3)):
      %y : Tensor = aten::matmul(%x, %x)
      return (%y)
    """
    verify(parse_graph(text))


def test_a_graph_within_a_node_is_no_graph() -> None:
    graph = parse_graph(TEXT)
    with pytest.raises(GraphError) as error:
        verify(Graph(block=node(graph, IF).blocks[0]))
    assert str(error.value) == "owner: the graph's block belongs to a node"


def test_compatible() -> None:
    assert compatible(TensorType(), TensorType(None, (2,)))
    assert compatible(TensorType(None, (None, 2)), TensorType(None, (3, None)))
    assert not compatible(TensorType(None, (2,)), TensorType(None, (3,)))
    assert not compatible(TensorType(None, (2,)), TensorType(None, (2, 2)))
    assert not compatible(INT, BOOL)
