"""The language against TorchScript: both refuse in the same words, and compute the same."""

import pytest

from tensorlab.errors import ScriptError
from tensorlab.jit.interpret import run
from tensorlab.jit.scripting import compile_source

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

REFUSED = {
    "undefined value z": "def f(x):\n    return z\n",
    "previously had type int but is now being assigned to a value of type float": (
        "def f(c: bool):\n    r = 1\n    if c:\n        r = 2.5\n    return r\n"
    ),
    "Type mismatch: c0 is set to type int in the true branch and type float in the false branch": (
        "def f(c: bool):\n    if c:\n        c0 = 1\n    else:\n        c0 = 1.0\n    return c0\n"
    ),
    "x is not defined in the false branch": "def f(c: bool):\n    if c:\n        x = 1\n    return x\n",
    "x is not defined in the true branch": (
        "def f(c: bool):\n    if c:\n        pass\n    else:\n        x = 1\n    return x\n"
    ),
    "arguments for call are not valid": "def f(x):\n    return x.tanh(2)\n",
    "too many values to unpack: need 2 but found 3": "def f(n: int):\n    a, b = n, n, n\n    return a\n",
    "float": "def f(c: bool):\n    if c:\n        return 1\n    return 1.0\n",
    "return": "def f(c: bool) -> int:\n    if c:\n        return 1\n",
    "try": "def f(x):\n    try:\n        return x\n    except ValueError:\n        return x\n",
}


@pytest.mark.parametrize("words", REFUSED)
def test_both_refuse_in_the_same_words(words):
    with pytest.raises(ScriptError) as ours:
        compile_source(REFUSED[words], "f", {})
    with pytest.raises((RuntimeError, torch.jit.frontend.NotSupportedError)) as theirs:
        torch.jit.CompilationUnit(REFUSED[words])
    assert words.lower() in str(ours.value).lower()
    assert words.lower() in str(theirs.value).lower()


TAKEN = {
    "a type that nobody uses": (
        "def f(n: int) -> int:\n    if n > 1:\n        a = 1\n        b = 2.0\n    else:\n        a = 3\n        "
        "b = 2\n    return a\n"
    ),
    "a loop": "def f(n: int) -> int:\n    s = 0\n    for i in range(n):\n        s += i * i\n    return s\n",
    "ranges": (
        "def f(n: int) -> int:\n    s = 0\n    for i in range(n, 20, 3):\n        for j in range(i, n, -2):\n"
        "            s += j\n        s += i\n    return s\n"
    ),
    "a while": (
        "def f(n: int) -> int:\n    s = 0\n    while n != 1 and s < 50:\n"
        "        n = n // 2 if n % 2 == 0 else 3 * n + 1\n        s += 1\n    return s\n"
    ),
    "returns inside of ifs": (
        "def f(n: int) -> int:\n    if n < 0:\n        if n < -3:\n            return 1\n        n = n * 2\n"
        "    elif n == 4:\n        return n\n    return n + 1\n"
    ),
    "comparisons": "def f(n: int) -> bool:\n    return -2 < n and n <= 4 and (not n == 1) or n // -2 == 3\n",
    "division": "def f(n: int) -> float:\n    return n / 4 + n // 4 + n % -4 + float(n) ** 2\n",
}


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("n", [-5, -1, 0, 1, 4, 7])
def test_both_compute_the_same(name, n):
    theirs = torch.jit.CompilationUnit(TAKEN[name]).f(n)
    (ours,) = run(compile_source(TAKEN[name], "f", {}), [n])
    assert (type(ours), ours) == (type(theirs), theirs)
