"""The graphs that functions become, as text."""

from typing import List, Optional, Tuple  # noqa: UP035 - what users write

import pytest

import tensorlab as tl
from tensorlab import Tensor
from tensorlab.jit.ir import Graph
from tensorlab.jit.scripting import compile_def, compile_function, compile_source
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify


def text(function) -> str:
    graph = function if isinstance(function, Graph) else compile_function(function)
    verify(graph)
    return format_graph(graph, spans=False)


def my_function(x):
    if bool(x.mean() > 1.0):
        r = 1
    else:
        r = 2
    return r


def test_the_talks_function_keeps_its_if():
    graph = compile_function(my_function)
    assert (
        text(graph)
        == """\
graph(%x : Tensor):
  %1 : NoneType = prim::Constant()
  %2 : float = prim::Constant[value=1.]()
  %3 : int = prim::Constant[value=1]()
  %4 : int = prim::Constant[value=2]()
  %5 : Tensor = aten::mean(%x, %1)
  %6 : Tensor = aten::gt(%5, %2)
  %7 : bool = prim::Bool(%6)
  %r : int = prim::If(%7)
    block0():
      -> (%3)
    block1():
      -> (%4)
  return (%r)
"""
    )


def implicit_truth(x):
    if x.mean() > 1.0:
        r = 1
    else:
        r = 2
    return r


def test_a_tensor_as_a_condition_is_asked_for_its_truth():
    assert text(implicit_truth) == text(my_function)


def powers(x: Tensor, n: int) -> Tensor:
    y = x
    for i in range(n):
        y = y * x + i
    return y


def test_a_for_over_a_range_is_a_loop_that_carries_what_it_assigns():
    assert (
        text(powers)
        == """\
graph(%x : Tensor,
      %n : int):
  %2 : bool = prim::Constant[value=1]()
  %3 : int = prim::Constant[value=1]()
  %4 : bool = prim::Constant[value=1]()
  %y : Tensor = prim::Loop(%n, %2, %x)
    block0(%i : int, %y.1 : Tensor):
      %8 : Tensor = aten::mul(%y.1, %x)
      %y.2 : Tensor = aten::add(%8, %i, %3)
      -> (%4, %y.2)
  return (%y)
"""
    )


def halve(n: int) -> int:
    while n > 10:
        n = n // 2
    return n


def test_a_while_tests_before_the_loop_and_at_the_end_of_each_turn():
    assert (
        text(halve)
        == """\
graph(%n : int):
  %1 : int = prim::Constant[value=10]()
  %2 : int = prim::Constant[value=9223372036854775807]()
  %3 : int = prim::Constant[value=2]()
  %4 : int = prim::Constant[value=10]()
  %5 : bool = aten::gt(%n, %1)
  %n.1 : int = prim::Loop(%2, %5, %n)
    block0(%7 : int, %n.2 : int):
      %n.3 : int = aten::floordiv(%n.2, %3)
      %10 : bool = aten::gt(%n.3, %4)
      -> (%10, %n.3)
  return (%n.1)
"""
    )


def sizes(x: Tensor) -> int:
    return x.shape[0] * x.shape[-1] + x.ndim


def test_sizes_are_ops_without_a_list_between():
    assert (
        text(sizes)
        == """\
graph(%x : Tensor):
  %1 : int = prim::Constant[value=0]()
  %2 : int = prim::Constant[value=-1]()
  %3 : int = aten::size(%x, %1)
  %4 : int = aten::size(%x, %2)
  %5 : int = aten::mul(%3, %4)
  %6 : int = aten::dim(%x)
  %7 : int = aten::add(%5, %6)
  return (%7)
"""
    )


def chained(a: int, b: int, c: int) -> bool:
    return a < b <= c


def test_a_chained_comparison_computes_the_middle_once_and_stops_early():
    assert (
        text(chained)
        == """\
graph(%a : int,
      %b : int,
      %c : int):
  %3 : bool = aten::lt(%a, %b)
  %4 : bool = prim::If(%3)
    block0():
      %5 : bool = aten::le(%b, %c)
      -> (%5)
    block1():
      -> (%3)
  return (%4)
"""
    )


def in_place(x: Tensor) -> Tensor:
    y = x.clone()
    y += 1
    y *= x
    n = 3
    n += 1
    return y * n


def test_augmented_assignment_writes_into_tensors_and_rebinds_numbers():
    assert (
        text(in_place)
        == """\
graph(%x : Tensor):
  %1 : int = prim::Constant[value=1]()
  %2 : int = prim::Constant[value=1]()
  %3 : int = prim::Constant[value=3]()
  %4 : int = prim::Constant[value=1]()
  %y : Tensor = aten::clone(%x)
  %y.1 : Tensor = aten::add_(%y, %1, %2)
  %y.2 : Tensor = aten::mul_(%y.1, %x)
  %n : int = aten::add(%3, %4)
  %9 : Tensor = aten::mul(%y.2, %n)
  return (%9)
"""
    )


def views(x: Tensor) -> Tensor:
    x[0] = 2.0
    x[1, 1:] += 1
    return x[:, None, -1]


def test_subscripts_are_views_and_assigning_to_one_writes_through_it():
    assert text(views).count("aten::select") == 3
    assert "aten::fill_" in text(views)
    assert "aten::add_" in text(views)
    assert "aten::unsqueeze" in text(views)


def minmax(x: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
    values, indices = x.max(dim=1)
    values, indices = indices, values
    return values, indices


def test_tuples_are_taken_apart_without_nodes():
    assert (
        text(minmax)
        == """\
graph(%x : Tensor):
  %1 : int = prim::Constant[value=1]()
  %2 : bool = prim::Constant[value=0]()
  %values : Tensor, %indices : Tensor = aten::max(%x, %1, %2)
  %5 : (Tensor, Tensor) = prim::TupleConstruct(%indices, %values)
  return (%5)
"""
    )


def optional(n: Optional[int]) -> int:  # noqa: UP045
    if n is None:
        m = 0
    else:
        m = n + 1
    return m


def test_a_variable_that_is_not_none_has_the_type_behind_the_optional():
    assert (
        text(optional)
        == """\
graph(%n : int?):
  %1 : NoneType = prim::Constant()
  %2 : int = prim::Constant[value=0]()
  %3 : int = prim::Constant[value=1]()
  %4 : bool = aten::__is__(%n, %1)
  %m : int = prim::If(%4)
    block0():
      -> (%2)
    block1():
      %6 : int = prim::unchecked_unwrap_optional(%n)
      %m.1 : int = aten::add(%6, %3)
      -> (%m.1)
  return (%m)
"""
    )


def never_none(n: int) -> int:
    if n is None:
        return "text" + n  # never looked at: the parameter cannot be None
    return n


def test_what_the_types_decide_leaves_no_if():
    assert text(never_none) == "graph(%n : int):\n  return (%n)\n"


def unused(c: bool) -> int:
    if c:
        a = 1
        b = 2.0
    else:
        a = 3
        b = "other"  # noqa: F841
    return a


def test_a_variable_with_two_types_is_no_harm_while_nobody_uses_it():
    assert text(unused).count("prim::Constant") == 2


def calls(x):
    return helper(helper(x, 2.0))


def helper(x, factor: float = 3.0):
    return x * factor


def test_called_functions_are_put_in_place_with_their_defaults():
    assert (
        text(calls)
        == """\
graph(%x : Tensor):
  %1 : float = prim::Constant[value=2.]()
  %2 : float = prim::Constant[value=3.]()
  %3 : Tensor = aten::mul(%x, %1)
  %4 : Tensor = aten::mul(%3, %2)
  return (%4)
"""
    )


class Compiled:
    """Stands for a scripted or traced function."""

    def __init__(self, function):
        self.graph = compile_function(function)
        self.__wrapped__ = function


compiled_helper = Compiled(helper)


def calls_compiled(x):
    return compiled_helper(compiled_helper(x, factor=2.0))


def test_of_a_compiled_function_the_graph_is_put_in_place():
    assert text(calls_compiled) == text(calls)


def test_a_resolver_says_what_is_compiled():
    asked = []

    def resolve(thing):
        asked.append(thing)
        return compile_function(helper) if thing is compiled_helper else None

    graph = compile_function(calls_compiled, resolve=resolve)
    assert text(graph) == text(calls)
    assert asked == [compiled_helper, compiled_helper]


def creates(n: int) -> Tensor:
    return tl.zeros(n, 3) + tl.ones((n, 3), dtype=tl.float64) + tl.arange(3) + tl.tensor([1, 2, 3]) + tl.tensor(1.0)


def test_creation_takes_sizes_as_python_writes_them():
    found = text(creates)
    for op in ("aten::zeros", "aten::ones", "aten::arange", "aten::clone", "aten::tensor"):
        assert op in found


def names_mean_what_they_are(x: Tensor) -> Tensor:
    return squash(tanh_of(x))


squash = tl.sigmoid
tanh_of = tl.tanh


def test_ops_are_known_by_identity_not_by_name():
    assert "aten::sigmoid" in text(names_mean_what_they_are)
    assert "aten::tanh" in text(names_mean_what_they_are)


def dims(x: Tensor) -> Tensor:
    return x.sum(1) + x.mean(dim=(0, 1)) + x.reshape(2, -1).sum(-1, keepdim=True) + x.permute(1, 0)


def test_one_dim_is_a_list_of_one_and_several_ints_are_a_list():
    found = text(dims)
    assert "int[] = prim::Constant[value=[1]]()" in found
    assert "int[] = prim::Constant[value=[0, 1]]()" in found
    assert "int[] = prim::Constant[value=[2, -1]]()" in found
    assert "int[] = prim::Constant[value=[1, 0]]()" in found


def lists(sizes: List[int]) -> int:  # noqa: UP006
    total = 0
    for n in sizes:
        total += n
    return total + len(sizes) + sizes[0]


def test_a_for_over_a_list_takes_its_elements():
    found = text(lists)
    assert found.startswith("graph(%sizes : int[]):\n")
    assert "%n : int = aten::__getitem__(%sizes, %" in found


@pytest.mark.parametrize("annotation", ["Optional[Tensor]", "'Tensor | None'", "Tensor | None"])
def test_ways_to_write_an_optional(annotation):
    graph = compile_source(
        f"def f(x: {annotation}) -> {annotation}:\n    return x\n", "f", {"Optional": Optional, "Tensor": Tensor}
    )
    assert text(graph) == "graph(%x : Tensor?):\n  return (%x)\n"


def test_a_definition_in_a_parsed_cell():
    import ast

    lines = ["# a cell", "def f(n: int) -> int:", "    return n + 1"]
    node = ast.parse("\n".join(lines)).body[0]
    graph = compile_def(node, lines, "cell 3", {})
    assert format_graph(graph).splitlines()[2] == "  %2 : int = aten::add(%n, %1) # cell 3:3:11"
