"""Graphs that PyTorch printed: read, run by our interpreter, compared with what PyTorch gives."""

# ruff: noqa: UP006, UP035 - TorchScript knows the older annotations
# pyright: basic

import warnings
from collections.abc import Callable
from typing import Any, Dict, List

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ParseError
from tensorlab.jit.interpret import run
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
F = torch.nn.functional
pytestmark = pytest.mark.torch


TRACED: dict[str, Callable[..., Any]] = {
    "pointwise": lambda x, w: torch.relu(x.t().t() * 1 + w) / (w.abs() + 2),
    "sums": lambda x, w: (x.sum(0), x.mean(), w.std(0), x.var(1, unbiased=False), x.amax(1), x.argmax(1)),
    "products": lambda x, w: (
        x @ w.t(),
        torch.addmm(x[:, :2], x, w.t()),
        F.linear(x, w),
    ),
    "softmax": lambda x, w: (F.softmax(x @ w.t(), -1), F.log_softmax(w, 0), torch.logsumexp(x, 1)),
    "views": lambda x, w: (
        x[:, 1:].contiguous().view(-1) + 2,
        x.transpose(0, 1).unsqueeze(0),
        w.reshape(3, 2),
        x.flatten(),
    ),
    "pieces": lambda x, w: (torch.cat([x, w], 1), torch.stack([x, w]), x.chunk(2, 0)[1], x.expand(2, 2, 3)),
    "chosen": lambda x, w: (torch.where(x > 0, x, w), x.clamp(-1, 1), torch.maximum(x, w), x.masked_fill(x > 0, 0.0)),
    "layers": lambda x, w: (F.layer_norm(x, (3,)), F.gelu(x), F.silu(w)),
    "copies": lambda x, w: (
        x.clone().add_(w),
        x.to(torch.float64),
        x.int(),
        torch.zeros(2, 3) + x,
        torch.ones_like(w) * x,
    ),
}


def loop(x: torch.Tensor, n: int):
    for i in range(n):
        if i > 2:
            x = x + 1
        else:
            x = x * 2.0
    return x


def branch(x: torch.Tensor):
    if bool(x.mean() > 1.0):
        r = torch.zeros([1])
    else:
        r = torch.ones([1])
    return r


def sums(x: torch.Tensor, k: List[int]):
    s = 0
    for v in k:
        s += v
    return x * s, len(k), k[0]


def optional(x: torch.Tensor | None, y: torch.Tensor):
    if x is None:
        return y
    return x + y


def while_(x: torch.Tensor):
    i = 0
    while i < 5 and float(x.sum()) < 100.0:
        x = x * 2
        i += 1
    return x, i


def numbers(a: int, b: float, s: str):
    return a // 2 + a % 3, b**2, -a, a / 2, s + "x", a < 3 and b > 1.0


def grown(x: torch.Tensor):
    out: List[torch.Tensor] = []
    for i in range(3):
        out.append(x + i)
    return torch.stack(out)


def counted(x: torch.Tensor):
    d: Dict[str, int] = {"a": 1}
    d["b"] = 2
    return x * d["a"] + d["b"]


X = np.linspace(-2, 3, 6, dtype=np.float32).reshape(2, 3)
W = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]], np.float32)
SCRIPTED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "loop": (loop, (X, 5)),
    "branch": (branch, (X,)),
    "sums": (sums, (X, [3, 4])),
    "none": (optional, (None, X)),
    "some": (optional, (X, W)),
    "while": (while_, (np.abs(X),)),
    "numbers": (numbers, (7, 2.5, "s")),
    "grown": (grown, (X,)),
    "counted": (counted, (X,)),
}


def alike(mine: Any, theirs: Any) -> None:
    if isinstance(theirs, (tuple, list)):
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            alike(a, b)
    elif isinstance(theirs, torch.Tensor):
        assert mine.dtype.name == str(theirs.dtype).removeprefix("torch.")
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    else:
        assert mine == theirs
        assert type(mine) is type(theirs)


def read_and_run(text: str, inputs: tuple[Any, ...]) -> Any:
    graph = parse_graph(text)
    verify(graph)
    again = parse_graph(format_graph(graph))
    assert format_graph(again) == format_graph(graph)
    (result,) = run(graph, [tl.tensor(v) if isinstance(v, np.ndarray) else v for v in inputs])
    return result


def quiet(compile_: Callable[..., Any], *args: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript says that it is deprecated
        return compile_(*args)


@pytest.mark.parametrize("name", TRACED)
def test_a_traced_graph(name: str) -> None:
    function, given = TRACED[name], (torch.tensor(X), torch.tensor(W))
    graph = quiet(torch.jit.trace, function, given).graph
    alike(read_and_run(str(graph), (X, W)), function(*given))


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_scripted_graph(name: str) -> None:
    function, inputs = SCRIPTED[name]
    graph = quiet(torch.jit.script, function).graph
    theirs = function(*(torch.tensor(v) if isinstance(v, np.ndarray) else v for v in inputs))
    alike(read_and_run(str(graph), inputs), theirs)


def test_an_option_that_we_lack_is_refused() -> None:
    text = """\
graph(%x : Tensor):
  %1 : int = prim::Constant[value=2]()
  %2 : Tensor = aten::clone(%x, %1)
  return (%2)
"""
    assert parse_graph(text.replace("value=2", "value=0")).nodes()
    with pytest.raises(ParseError, match="takes 1 arguments, got 2"):
        parse_graph(text)
