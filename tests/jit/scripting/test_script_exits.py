"""The graphs of functions that leave loops early, as text."""

from tensorlab.jit.scripting import compile_function
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify


def text(function) -> str:
    graph = compile_function(function)
    verify(graph)
    return format_graph(graph, spans=False)


def stops(n: int) -> int:
    s = 0
    for i in range(n):
        if i == 3:
            continue
        if i == 7:
            break
        s += i
    return s


def test_what_a_continue_skips_is_in_the_other_branch_and_a_break_is_the_loops_condition():
    assert (
        text(stops)
        == """\
graph(%n : int):
  %1 : bool = prim::Constant[value=1]()
  %2 : int = prim::Constant[value=0]()
  %3 : int = prim::Constant[value=3]()
  %4 : bool = prim::Constant[value=0]()
  %5 : int = prim::Constant[value=7]()
  %6 : bool = prim::Constant[value=1]()
  %s : int = prim::Loop(%n, %1, %2)
    block0(%i : int, %s.1 : int):
      %10 : bool = aten::eq(%i, %3)
      %11 : bool, %s.2 : int = prim::If(%10)
        block0():
          -> (%4, %s.1)
        block1():
          %13 : bool = aten::eq(%i, %5)
          %14 : bool, %s.3 : int = prim::If(%13)
            block0():
              -> (%6, %s.1)
            block1():
              %s.4 : int = aten::add(%s.1, %i)
              -> (%4, %s.4)
          -> (%14, %s.3)
      %17 : bool = aten::__not__(%11)
      -> (%17, %s.2)
  return (%s)
"""
    )


def finds(n: int) -> int:
    for i in range(n):
        if i * i > 20:
            return i
    return -1


def test_a_return_inside_of_a_loop_is_a_flag_and_a_value_that_go_round():
    assert (
        text(finds)
        == """\
graph(%n : int):
  %1 : bool = prim::Constant[value=1]()
  %2 : bool = prim::Constant[value=0]()
  %3 : int = prim::Constant[value=20]()
  %4 : bool = prim::Constant[value=1]()
  %5 : int = prim::Constant[value=-1]()
  %6 : int = prim::Uninitialized()
  %7 : bool, %8 : int = prim::Loop(%n, %1, %2, %6)
    block0(%i : int, %10 : bool, %11 : int):
      %12 : int = aten::mul(%i, %i)
      %13 : bool = aten::gt(%12, %3)
      %14 : int, %15 : bool, %16 : bool = prim::If(%13)
        block0():
          -> (%i, %4, %4)
        block1():
          -> (%11, %10, %2)
      %17 : bool = aten::__not__(%16)
      -> (%17, %15, %14)
  %18 : int = prim::If(%7)
    block0():
      -> (%8)
    block1():
      -> (%5)
  return (%18)
"""
    )
