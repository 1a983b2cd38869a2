"""Making nodes, copying graphs, and the small edits under both."""

from __future__ import annotations

import pytest

from tensorlab.core.dtype import float32, int64
from tensorlab.core.tensor import empty
from tensorlab.core.types import BOOL, FLOAT, INT, NONE, TENSOR, ListType, TensorType, TupleType
from tensorlab.errors import ArgumentError, GraphError, ShapeError
from tensorlab.jit import edit
from tensorlab.jit.build import Builder, clone, known, snapshot
from tensorlab.jit.ir import IF, LIST_CONSTRUCT, LOOP, TUPLE_CONSTRUCT, Block, Graph, Node, Span, Value, walk
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

F22 = TensorType(float32, (2, 2))


@pytest.fixture
def graph() -> Graph:
    return Graph()


@pytest.fixture
def builder(graph: Graph) -> Builder:
    return Builder(graph.block)


def test_an_op_gets_its_defaults_its_overload_and_its_type(graph: Graph, builder: Builder) -> None:
    x = builder.param(F22, "x")
    y = builder.value("aten::add", [x, builder.constant(2.5)], name="y", span=Span("cell", 1, 2))
    builder.results(y)
    verify(graph)
    assert format_graph(graph) == (
        "graph(%x : Float(2, 2)):\n"
        "  %1 : float = prim::Constant[value=2.5]()\n"
        "  %2 : int = prim::Constant[value=1]() # cell:1:2\n"
        "  %y : Float(2, 2) = aten::add(%x, %1, %2) # cell:1:2\n"
        "  return (%y)\n"
    )
    assert y.producer is not None and y.producer.op is not None
    assert y.producer.op.name == "add.Scalar"


def test_keywords_find_their_place(builder: Builder) -> None:
    x = builder.param(F22)
    made = builder.value("aten::sum", [x], {"keepdim": builder.constant(True), "dim": builder.constant([1])})
    assert made.type == TensorType(float32, (2, 1))
    assert made.producer is not None
    assert [v.constant for v in made.producer.inputs[1:]] == [(1,), True, None]


def test_a_number_or_a_tuple_goes_where_a_list_is_taken(graph: Graph, builder: Builder) -> None:
    x = builder.param(F22)
    n = builder.param(INT, "n")
    one = builder.value("aten::sum", [x, builder.constant(1)])
    assert one.type == TensorType(float32, (2,))
    both = builder.node(TUPLE_CONSTRUCT, [n, builder.constant(4)], [TupleType((INT, INT))]).output
    viewed = builder.value("aten::view", [x, both])
    assert viewed.producer is not None and viewed.producer.inputs[1].producer is not None
    assert viewed.producer.inputs[1].producer.kind == LIST_CONSTRUCT
    assert viewed.producer.inputs[1].type == ListType(INT)
    single = builder.value("aten::view", [x, n])
    assert single.producer is not None and single.producer.inputs[1].type == ListType(INT)
    builder.results(one, viewed, single)
    verify(graph)


def test_lists_of_tensors(builder: Builder) -> None:
    x = builder.param(F22)
    items = builder.node(LIST_CONSTRUCT, [x, x], [ListType(TENSOR)]).output
    assert known(items) == (F22, F22)
    assert builder.value("aten::cat", [items, builder.constant(1)]).type == TensorType(float32, (2, 4))


def test_several_results_come_as_a_tuple(builder: Builder) -> None:
    made = builder.op("aten::max", [builder.param(F22), builder.constant(0)])
    assert isinstance(made, tuple)
    assert [v.type for v in made] == [TensorType(float32, (2,)), TensorType(int64, (2,))]
    with pytest.raises(ArgumentError) as error:
        builder.value("aten::max", [made[0], builder.constant(0)])
    assert str(error.value) == "aten::max: has 2 results where one is taken"


def test_what_does_not_fit_names_every_candidate(builder: Builder) -> None:
    with pytest.raises(ArgumentError) as error:
        builder.op("aten::relu", [builder.constant("a")])
    assert str(error.value) == (
        "aten::relu: arguments (str) are not valid; candidates:\n"
        "  aten::relu(Tensor self) -> Tensor\n"
        "    argument 'self' takes Tensor, got str"
    )
    with pytest.raises(ArgumentError, match=r"^unknown builtin op aten::nothing$"):
        builder.op("aten::nothing", [])
    with pytest.raises(ArgumentError, match=r"argument 'self' takes Tensor, got str\n"):
        builder.op("aten::sum", [builder.constant("a")], {"dim": builder.constant(1)})


def test_shapes_that_do_not_fit_raise_where_the_op_is_made(builder: Builder) -> None:
    with pytest.raises(ShapeError):
        builder.op("aten::add", [builder.param(F22), builder.param(TensorType(float32, (3,)))])


def test_types_of_constants(builder: Builder) -> None:
    values = [1, 1.0, True, None, [1, 2], empty(float32, (2, 2))]
    types = [builder.constant(v).type for v in values]
    assert types == [INT, FLOAT, BOOL, NONE, ListType(INT), F22]
    assert builder.constant([1, [2]], type_=TupleType((INT, ListType(INT)))).constant == (1, (2,))
    with pytest.raises(ArgumentError, match=r"^a value of type set has no type in a graph$"):
        builder.constant({1})


def test_the_insertion_point(graph: Graph, builder: Builder) -> None:
    x = builder.param(F22)
    last = builder.value("aten::tanh", [x]).producer
    assert last is not None
    builder.at(last)
    builder.op("aten::exp", [x])
    branch = builder.node(IF, [builder.constant(True)])
    with builder.inside(builder.block(branch)) as block:
        builder.results(builder.value("aten::neg", [x]))
    builder.op("aten::relu", [x])
    builder.end(graph.block).op("aten::log", [x])
    Builder(graph.block, 0).op("aten::abs", [x])
    kinds = [n.kind for n in graph.block.nodes]
    assert kinds == [
        *("aten::abs", "aten::exp", "prim::Constant", "prim::If", "aten::relu", "aten::tanh", "aten::log"),
    ]
    assert [n.kind for n in block.nodes] == ["aten::neg"] and block.results[0].producer is block.nodes[0]


def test_ifs_and_loops_can_be_built(graph: Graph, builder: Builder) -> None:
    x, n = builder.param(F22, "x"), builder.param(INT, "n")
    true = builder.constant(True)
    loop = builder.node(LOOP, [n, true, x], [F22])
    with builder.inside(builder.block(loop)):
        builder.param(INT, "i")
        carried = builder.param(F22)
        builder.results(true, builder.value("aten::tanh", [carried]))
    branch = builder.node(IF, [true])
    for value in (x, loop.output):
        with builder.inside(builder.block(branch)):
            builder.results(value)
    builder.results(builder.output(branch, F22, "r"))
    verify(graph)


TEXT = """\
graph(%x : Float(2, 2),
      %c : bool):
  %2 : int = prim::Constant[value=1]()
  %r : Float(2, 2) = prim::If(%c)
    block0():
      %4 : Float(2, 2) = prim::FusionGroup_0(%x) # cell:1:2
      -> (%4)
    block1():
      -> (%x)
  %5 : Float(2, 2) = aten::add(%r, %r, %2)
  return (%5)
with prim::FusionGroup_0 = graph(%x : Float(2, 2)):
  %4 : Float(2, 2) = aten::tanh(%x)
  return (%4)
"""


def serials(graph: Graph) -> list[int]:
    found = [v.serial for v in graph.inputs]
    for node in graph.nodes():
        found += [node.serial, *(v.serial for v in node.outputs)]
        if "subgraph" in node.attributes:
            found += serials(node.attributes["subgraph"])
    return found


def objects(block: Block) -> set[int]:
    return {id(n) for n in walk(block)} | {id(v) for n in walk(block) for v in n.outputs} | set(map(id, block.params))


@pytest.mark.parametrize("copy", [snapshot, clone])
def test_copies_are_whole_and_apart(copy) -> None:
    graph = parse_graph(TEXT)
    copied = copy(graph)
    verify(copied)
    assert format_graph(copied) == TEXT
    assert not objects(graph.block) & objects(copied.block)
    same = set(serials(graph)) & set(serials(copied))
    assert same == (set(serials(graph)) if copy is snapshot else set())
    edit.replace_uses(copied.outputs[0], copied.inputs[0])
    assert format_graph(graph) == TEXT


def test_payloads_are_shared_by_copies() -> None:
    graph = Graph()
    tensor = empty(float32, (2,))
    Builder(graph.block).constant(tensor)
    (node,) = snapshot(graph).block.nodes
    assert node.output.constant is tensor


def test_inlining_a_block(graph: Graph, builder: Builder) -> None:
    x = builder.param(F22, "x")
    other = parse_graph(TEXT)
    (first,) = builder.inline(other.block, [x, builder.constant(True)])
    (second,) = builder.inline(other.block, [first, builder.constant(False)])
    builder.results(second)
    verify(graph)
    verify(other)
    assert [n.kind for n in graph.nodes()].count("prim::FusionGroup") == 2


# -- the edits


@pytest.fixture
def node(graph: Graph, builder: Builder) -> Node:
    a, b = builder.param(F22, "a"), builder.param(F22, "b")
    return builder.node("prim::Any", [a, a, b, a])


def noted(value: Value) -> list[int]:
    return sorted(use.index for use in value.uses)


def test_inputs_move_with_their_uses(graph: Graph, node: Node) -> None:
    a, b = graph.inputs
    edit.insert_input(node, 1, b)
    assert (noted(a), noted(b)) == ([0, 2, 4], [1, 3])
    edit.remove_input(node, 0)
    assert (noted(a), noted(b)) == ([1, 3], [0, 2])
    edit.set_input(node, 3, b)
    assert (noted(a), noted(b)) == ([1], [0, 2, 3])
    edit.replace_uses(b, a)
    edit.replace_uses(a, a)
    assert (noted(a), noted(b)) == ([0, 1, 2, 3], [])
    verify(graph)


def test_results_move_with_their_uses(graph: Graph) -> None:
    a, b = edit.add_param(graph.block, F22), edit.add_param(graph.block, F22)
    for value in (a, b, a):
        edit.insert_result(graph.block, 0, value)
    edit.set_result(graph.block, 0, b)
    edit.remove_result(graph.block, 1)
    assert graph.outputs == [b, a]
    verify(graph)


def test_what_is_used_cannot_be_removed(graph: Graph, builder: Builder) -> None:
    x = builder.param(F22)
    y = builder.value("aten::tanh", [x])
    builder.results(y)
    assert y.producer is not None
    serial = y.producer.serial
    for remove, what in (
        (lambda: edit.erase(y.producer), f"aten::tanh (node {serial}), output 0, cannot be removed"),
        (lambda: edit.remove_output(y.producer, 0), f"output 0 of aten::tanh (node {serial}) cannot be removed"),
    ):
        with pytest.raises(GraphError) as error:
            remove()
        assert str(error.value) == f"{what}: the graph's results uses it"
    with pytest.raises(GraphError, match=r"parameter 0 of the graph's results cannot be removed: aten::tanh"):
        edit.remove_param(graph.block, 0)


def test_erasing_drops_the_uses_of_what_is_inside() -> None:
    graph = parse_graph(TEXT)
    edit.remove_result(graph.block, 0)
    for node in reversed(list(graph.block.nodes)):
        edit.erase(node)
    assert graph.block.nodes == [] and all(v.uses == [] for v in graph.inputs)
    with pytest.raises(GraphError, match="stands in no block"):
        edit.home(Node("aten::tanh"))
    with pytest.raises(GraphError, match="has no use at 0 of"):
        edit.drop_use(graph.inputs[0], graph.block, 0)
