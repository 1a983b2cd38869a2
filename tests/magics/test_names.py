"""Names that a cell takes from the notebook and leaves there."""

from __future__ import annotations

import ast

import pytest

from tensorlab.magics.names import free_names

CASES = [
    ("y = x + 1", "x", "y"),
    ("y = x + 1\nz = y * w", "x w", "y z"),
    ("x = x + 1", "x", "x"),
    ("x += w", "x w", "x"),
    ("x: int = w", "int w", "x"),
    ("x: int", "int", ""),
    ("a, (b, *c) = x", "x", "a b c"),
    ("a.b = x\na[i] = y", "x a y i", ""),
    ("x\nx\ny\nx", "x y", ""),
    ("y = x.view(2).t()", "x", "y"),
    ("(y := x) + y", "x", "y"),
    ("if c:\n    y = 1\nz = y", "c y", "y z"),
    ("if c:\n    y = 1\nelse:\n    y = 2\nz = y", "c", "y z"),
    ("for i in xs:\n    s = s + i\ns, i", "xs s i", "i s"),
    ("while c:\n    y = 1\ny", "c y", "y"),
    ("y = 0\nwhile c:\n    y = y + x\ny", "c x", "y"),
    ("a = c or (b := x)\nb", "c x b", "b a"),
    ("a = (b := x) if c else 0\nb", "c x b", "b a"),
    ("with open(p) as f:\n    d = f.read()\nd, f", "open p", "f d"),
    ("try:\n    y = x\nexcept ValueError as e:\n    y = e\ny", "x ValueError", "y"),
    ("try:\n    y = x\nexcept ValueError:\n    pass\ny", "x ValueError y", "y"),
    ("try:\n    pass\nfinally:\n    y = x\ny", "x", "y"),
    ("import os.path, numpy as np\nfrom m import *\nfrom m import n as k\nos, np, k", "", "os np k"),
    ("[i * w for i in xs if i < n]", "xs n w", ""),
    ("[i for xs in yss for i in xs]", "yss", ""),
    ("i = 1\n[i for i in xs]\ni", "xs", "i"),
    ("{k: v for k, v in kv}\n{s for s in t}\nlist(g for g in h)", "kv t list h", ""),
    ("[(y := i) for i in xs]", "xs", "y"),
    ("f = lambda a, b=x: a + b + w", "x w", "f"),
    ("def f(a, *r, b=x, **k):\n    c = a + w\n    return c + b + len(r) + len(k)", "x w len", "f"),
    ("w = 1\ndef f(a):\n    return a + w", "", "w f"),
    ("def f(n):\n    return f(n - 1)", "f", "f"),
    ("def f():\n    y = 1\n    def g():\n        return y + z\n    return g", "z", "f"),
    ("def f():\n    global s\n    s = x", "x", "s f"),
    ("@d\nclass A(B, k=m):\n    p = x\n    q = p\nA", "d B m x", "A"),
    ("x = 1\ndel x\nx", "x", "x"),
    ("match v:\n    case [a, *b]:\n        y = a\n    case {'k': c, **d}:\n        y = c\ny", "v y", "a b y c d"),
    ("print(f'{x:{w}}')", "print x w", ""),
    ("pass", "", ""),
]


@pytest.mark.parametrize(("source", "read", "assigned"), CASES, ids=[repr(c[0][:30]) for c in CASES])
def test_free_names(source: str, read: str, assigned: str) -> None:
    names = free_names(ast.parse(source))
    assert names.read == tuple(read.split())
    assert names.assigned == tuple(assigned.split())
