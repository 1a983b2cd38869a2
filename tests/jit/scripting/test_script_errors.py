"""What is outside the language, and how it is told: every message in full, in ``tests/golden/scripting/errors.txt``."""

from enum import Enum
from typing import List, NamedTuple, Optional  # noqa: UP035 - what users write

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ScriptError, ShapeError
from tensorlab.jit.scripting import LABELS, compile_function, compile_source


def recursive(x):
    return recursive(x)


class Thing:
    def method(self, x):
        return x


class Point(NamedTuple):
    x: tl.Tensor
    y: int


class Color(Enum):
    RED = 1


NAMESPACE = {
    "Point": Point,
    "Color": Color,
    "tl": tl,
    "Tensor": tl.Tensor,
    "np": np,
    "weights": tl.ones(2),
    "array": np.ones(2),
    "List": List,  # noqa: UP006
    "Optional": Optional,
    "thing": Thing(),
    "Thing": Thing,
    "count": np.int64(2),
}

CASES = {
    "dict comprehension": "def f(x):\n    return {v: x for v in x}\n",
    "set comprehension": "def f(x):\n    return {v for v in x}\n",
    "unicode": "def f(x):\n    é = 'ü'; return {x for v in x}\n",
    "undefined": "def f(x):\n    y = x + 1\n    return z\n",
    "undefined near": "def f(value):\n    return valeu\n",
    "undefined later": "def f(x):\n    y = z\n    z = 1\n    return y\n",
    "other type in if": "def f(c: bool):\n    r = 1\n    if c:\n        r = 2.5\n    return r\n",
    "other type in loop": "def f(n: int):\n    s = 0\n    for i in range(n):\n        s = s + 0.5\n    return s\n",
    "other type tensor": "def f(x, n: int):\n    for i in range(n):\n        n = x\n    return n\n",
    "branches differ": "def f(c: bool):\n    if c:\n        c0 = 1\n    else:\n        c0 = 1.0\n    return c0\n",
    "one branch": "def f(c: bool):\n    if c:\n        x = 1\n    return x\n",
    "true branch": "def f(c: bool):\n    if c:\n        pass\n    else:\n        x = 1\n    return x\n",
    "after loop": "def f(n: int):\n    for i in range(n):\n        x = i\n    return x\n",
    "operator": "def f(x):\n    return x + 'a'\n",
    "operator numbers": "def f(n: int):\n    return n + 'a'\n",
    "compare": "def f(n: int):\n    return n < None\n",
    "arguments": "def f(x):\n    return tl.tanh(x, 2)\n",
    "arguments overloads": "def f(x):\n    return tl.sum(x, 'a')\n",
    "keyword": "def f(x):\n    return x.sum(dims=1)\n",
    "method": "def f(x):\n    return x.tahn()\n",
    "attribute": "def f(x):\n    return x.grad\n",
    "method not called": "def f(x):\n    return x.tanh\n",
    "number method": "def f(n: int):\n    return n.bit_length()\n",
    "numpy": "def f(x):\n    return np.tanh(x)\n",
    "module attribute": "def f(x):\n    return tl.tahn(x)\n",
    "not callable": "def f(x):\n    return x(1)\n",
    "tensor outside": "def f(x):\n    return x + weights\n",
    "array outside": "def f(x):\n    return x + array\n",
    "function value": "def f(x):\n    return tl.tanh\n",
    "numpy int": "def f(x):\n    return x + count\n",
    "object attribute": "def f(x):\n    return thing.x\n",
    "class call": "def f(x):\n    return Thing(1)\n",
    "class method": "def f(x):\n    return Thing().metod(x)\n",
    "class attribute": "def f(x):\n    return Thing().size\n",
    "class with a base": "def f(x):\n    return Exception()\n",
    "named tuple arguments": "def f(x):\n    return Point(x)\n",
    "named tuple type": "def f(x):\n    return Point(x, y=x)\n",
    "named tuple part": "def f(p: Point):\n    return p.z\n",
    "enum member": "def f(c: Color):\n    return c + 1\n",
    "return types": "def f(c: bool):\n    if c:\n        return 1\n    return 1.0\n",
    "no return on a way": "def f(c: bool) -> int:\n    if c:\n        return 1\n",
    "annotated return": "def f(x) -> str:\n    return x\n",
    "annotated return none": "def f(x) -> int:\n    pass\n",
    "returns in loop": (
        "def f(n: int):\n    for i in range(n):\n        if i > 3:\n            return i\n    return 'n'\n"
    ),
    "no return after loop": "def f(n: int) -> int:\n    for i in range(n):\n        return i\n",
    "break": "def f(n: int):\n    break\n    return n\n",
    "continue": "def f(n: int):\n    if n > 0:\n        continue\n    return n\n",
    "for else": "def f(n: int):\n    for i in range(n):\n        pass\n    else:\n        n = 1\n    return n\n",
    "for number": "def f(n: int):\n    for row in n:\n        pass\n    return n\n",
    "enumerate": "def f(n: int):\n    for i, row in enumerate(n):\n        pass\n    return n\n",
    "enumerate value": "def f(x):\n    return enumerate(x)\n",
    "zip of kinds": "def f(x):\n    for a, b in zip(x, (1, 2)):\n        pass\n    return x\n",
    "range float": "def f(n: float):\n    for i in range(n):\n        pass\n    return n\n",
    "range none": "def f(n: int):\n    for i in range():\n        pass\n    return n\n",
    "range alone": "def f(n: int):\n    return range(n)\n",
    "annotation": "def f(x: dict):\n    return x\n",
    "annotation undefined": "def f(x: Tensro):\n    return x\n",
    "annotation union": "def f(x: int | float):\n    return x\n",
    "annotation quoted": "def f(x: 'List[dict]'):\n    return x\n",
    "annotation number": "def f(x: 3):\n    return x\n",
    "annotation call": "def f(x: g()):\n    return x\n",
    "annotation broken": "def f(x: 'a b'):\n    return x\n",
    "varargs": "def f(*xs):\n    return xs\n",
    "kwargs": "def f(**xs):\n    return xs\n",
    "call star": "def f(x):\n    return tl.tanh(*x)\n",
    "call stars": "def f(x):\n    return tl.tanh(**x)\n",
    "try": "def f(x):\n    try:\n        return x\n    except ValueError:\n        return x\n",
    "with": "def f(x):\n    with x:\n        return x\n",
    "import": "def f(x):\n    import math\n    return x\n",
    "lambda": "def f(x):\n    g = lambda y: y\n    return x\n",
    "inner def": "def f(x):\n    def g(y):\n        return y\n    return x\n",
    "percent few": "def f(n: int):\n    return '%d and %d' % n\n",
    "percent kind": "def f(s: str):\n    return '%d' % 'a'\n",
    "format computed": "def f(x, n: int):\n    print(f'{x:{n}}')\n    return x\n",
    "walrus": "def f(x):\n    return (y := x)\n",
    "global": "def f(x):\n    global y\n    return x\n",
    "yield": "def f(x):\n    yield x\n",
    "attribute assignment": "def f(x):\n    x.name = 1\n    return x\n",
    "starred target": "def f(v: List[int]):\n    a, *b = v\n    return a\n",
    "unpack number": "def f(n: int):\n    a, b = n\n    return a\n",
    "unpack count": "def f(n: int):\n    a, b = n, n, n\n    return a\n",
    "list item": "def f(n: List[int]):\n    n[0] = 1.5\n    return n\n",
    "list append": "def f(n: List[int]):\n    n.append(1.5)\n    return n\n",
    "list method": "def f(n: List[int]):\n    n.apend(1)\n    return n\n",
    "list index": "def f(n: List[int]):\n    return n['a']\n",
    "list types": "def f(n: int, x):\n    return [n, x]\n",
    "tuple item": "def f(n: int):\n    t = (n, n)\n    t[0] = 1\n    return t\n",
    "dict key": "def f(n: int):\n    d = {1: n}\n    return d['a']\n",
    "dict of tensor keys": "def f(x):\n    return {x: 1}\n",
    "dict kinds": "def f(x):\n    return {1: x, 'a': x}\n",
    "dict values": "def f(x):\n    return {1: x, 2: 3}\n",
    "dict method": "def f(x):\n    d = {1: x}\n    return d.itmes()\n",
    "several fors": "def f(n: int):\n    return [i for i in range(n) for j in range(i)]\n",
    "sorted tensors": "def f(x):\n    return sorted([x])\n",
    "annotate": "def f(n: int):\n    return tl.jit.annotate(List[int], n)\n",
    "type comment": "def f(x, y):\n    # type: (Tensor) -> Tensor\n    return x\n",
    "tuple index": "def f(n: int):\n    t = (n, 1.0)\n    return t[n]\n",
    "tuple range": "def f(n: int):\n    t = (n, 1.0)\n    return t[2]\n",
    "index type": "def f(x):\n    return x[1.5]\n",
    "ellipsis": "def f(x):\n    return x[..., 0, ...]\n",
    "in": "def f(x):\n    return 1 in x\n",
    "is": "def f(n: int):\n    return n is 1\n",
    "truth of tuple": "def f(n: int):\n    if (n, n):\n        n = 1\n    return n\n",
    "ternary types": "def f(c: bool):\n    return 1 if c else 'a'\n",
    "big int": "def f(x):\n    return x + 9223372036854775808\n",
    "complex": "def f(x):\n    return x + 1j\n",
    "raise what": "def f(n: int):\n    raise n\n",
    "raise class": "def f(n: int):\n    raise Thing('a')\n",
    "annotated assignment": "def f(n: int):\n    x: float = n\n    return x\n",
    "deleted": "def f(x):\n    del x\n    return x\n",
    "int of tuple": "def f(x):\n    return int((1, 2))\n",
    "min tensors": "def f(x):\n    return min(x, x)\n",
    "min one": "def f(n: int):\n    return min(n)\n",
    "len keyword": "def f(x):\n    return len(obj=x)\n",
    "float text": "def f(x):\n    return float('abc')\n",
    "tensor of values": "def f(n: int):\n    return tl.tensor([n, 2])\n",
    "matmul op": "def f(n: int):\n    return n @ n\n",
    "negation": "def f(n: int):\n    return -'a'\n",
    "torch": "def f(x):\n    return torch.tanh(x)\n",
    "empty": "def f(x):\n    return tl.empty_strided((2,), (1,))\n",
    "numpy array": "def f(x):\n    return x.numpy()\n",
    "multi line": "def f(x):\n    return tl.tanh(\n        x,\n        2,\n    )\n",
    "too many ways": "def f(n: int):\n"
    + "".join(f"    if n > {i}:\n        if n < {i}:\n            return n\n" for i in range(8))
    + "    return n\n",
    "operator inside of one": "def f(x, y=3):\n    return x + y * 'a'\n",
    "too many by position": "def f(x):\n    return tl.add(x, x, 2)\n",
    "unknown op": "def f(x):\n    return x.sum().frobnicate()\n",
}


def message(source: str) -> str:
    with pytest.raises(ScriptError) as caught:
        compile_source(source, "f", NAMESPACE, "<ipython-input-3-0123>")
    return str(caught.value)


def test_every_message(golden):
    parts = [f"=== {name}\n{source}---\n{message(source)}\n" for name, source in CASES.items()]
    golden.check("errors.txt", "\n".join(parts))


SYNTAX = {
    "syntax": "def f(x):\n    return x +\n",
    "deep": "def f(x):\n    return " + "(" * 250 + "x" + ")" * 250 + "\n",
    "null": "def f(x):\n    return x\0\n",
}


@pytest.mark.parametrize("name", SYNTAX)
def test_what_python_cannot_parse(name):
    # The words are the parser's own and change with its version.
    assert message(SYNTAX[name])


def test_the_place_of_a_syntax_error():
    with pytest.raises(ScriptError) as caught:
        compile_source("def f(x):\n    return x +\n", "f", {}, "code.py")
    assert (caught.value.filename, caught.value.line) == ("code.py", 2)


def test_a_text_without_the_function():
    assert message("def g(x):\n    return x\n") == "<ipython-input-3-0123> defines no function f"


def test_an_error_is_a_syntax_error_with_its_place():
    with pytest.raises(SyntaxError) as caught:
        compile_source("def f(x):\n    é = 'ü'; return {x for v in x}\n", "f", {}, "code.py")
    error = caught.value
    assert isinstance(error, ScriptError)
    assert (error.filename, error.lineno, error.offset, error.end_lineno, error.end_offset) == ("code.py", 2, 21, 2, 35)
    assert error.text == "    é = 'ü'; return {x for v in x}"
    assert error.msg == error.message == "a set comprehension cannot be scripted"
    assert (error.line, error.column, error.end_column, error.hint) == (2, 20, 34, "write a for loop over a range")


@pytest.mark.parametrize(
    ("expression", "column"), [("tl.zeros(2, 3) + tl.zeros(4)", 11), ("tl.tensor([[1], [2, 3]])", 21)]
)
def test_what_an_op_refuses_is_told_in_its_words(expression, column):
    with pytest.raises(ShapeError) as eager:
        eval(expression)
    with pytest.raises(ScriptError) as caught:
        compile_source(f"def f(x):\n    return {expression}\n", "f", NAMESPACE)
    assert caught.value.message == str(eager.value)
    assert (caught.value.line, caught.value.column) == (2, column)


def outer(x):
    return middle(x) + 1


def middle(x):
    return tl.tanh(inner(x))


def inner(x):
    return {x}


def test_an_error_in_a_called_function_tells_who_called_it():
    with pytest.raises(ScriptError) as caught:
        compile_function(outer)
    first = outer.__code__.co_firstlineno
    assert (
        str(caught.value)
        == f"""\
a set cannot be scripted
  {__file__}, line {first + 9}, column 12
      return {{x}}
             ^^^
  hint: use a tuple
  'inner' is being compiled since it was called from 'middle':
  {__file__}, line {first + 5}, column 20
      return tl.tanh(inner(x))
                     ^^^^^^^^
  'middle' is being compiled since it was called from 'outer':
  {__file__}, line {first + 1}, column 12
      return middle(x) + 1
             ^^^^^^^^^"""
    )


def test_recursion():
    with pytest.raises(ScriptError) as caught:
        compile_function(recursive)
    assert caught.value.message == "recursive calls itself, which cannot be scripted"
    assert caught.value.hint == "write a loop"


CALLS = {
    "def f(x):\n    return helper()\n": "helper misses its argument x",
    "def f(x):\n    return helper(x, 1, 2)\n": "helper takes 2 arguments, got 3",
    "def f(x):\n    return helper(x, y=1)\n": "helper has no further argument y",
    "def f(x):\n    return helper(1)\n": "helper takes Tensor for x, got int",
}


def helper(x, n: int = 1):
    return x * n


@pytest.mark.parametrize("source", CALLS)
def test_arguments_that_a_scripted_function_does_not_take(source):
    with pytest.raises(ScriptError) as caught:
        compile_source(source, "f", {"helper": helper})
    assert caught.value.message == f"arguments for call are not valid: {CALLS[source]}"


squared = lambda x: x * x


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (squared, "a lambda cannot be scripted"),
        (len, "builtin_function_or_method len cannot be scripted: it is no Python function"),
        (Thing, "type Thing cannot be scripted: it is no Python function"),
        (Thing().method, "method method cannot be scripted: it is no Python function"),
        (eval("lambda: 1"), "the source of <lambda> is not to be had"),
    ],
)
def test_what_has_no_source(thing, expected):
    with pytest.raises(ScriptError) as caught:
        compile_function(thing)
    assert caught.value.message == expected


def test_a_source_that_changed(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f(x):\n    return x\n")
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    path.write_text("# a new first line\ndef f(x):\n    return x\n")
    with pytest.raises(ScriptError) as caught:
        compile_function(names["f"])
    assert caught.value.message == f"the source of f in {path} has changed since it was defined"


async def waiting(x):
    return x


def test_an_async_function():
    with pytest.raises(ScriptError) as caught:
        compile_function(waiting)
    assert caught.value.message == "an async function cannot be scripted"


def test_a_label_names_a_file_to_the_reader(monkeypatch):
    monkeypatch.setitem(LABELS, "/tmp/ipykernel_1/2.py", "cell 7")
    with pytest.raises(ScriptError) as caught:
        compile_source("def f(x):\n    return y\n", "f", {}, "/tmp/ipykernel_1/2.py")
    assert caught.value.filename == "/tmp/ipykernel_1/2.py"
    assert "  cell 7, line 2, column 12\n" in str(caught.value)


def test_a_kernels_file_is_a_cell():
    with pytest.raises(ScriptError) as caught:
        compile_source("def f(x):\n    return y\n", "f", {}, "/tmp/ipykernel_1/2.py")
    assert "  cell, line 2, column 12\n" in str(caught.value)
