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
    "einsum": lambda x, w: (
        torch.einsum("ij,kj->ik", x, w),
        torch.einsum("ij,ij->", x, w),
        torch.einsum("ij,ij->ij", x, w),
        torch.einsum("ij,kl", x, w),
        torch.einsum("bij,bjk->bik", x.view(1, 2, 3), w.view(1, 3, 2)),
        torch.einsum("ij,kj,il->lk", x, w, x),
        torch.einsum("ji", x),
    ),
    "losses": lambda x, w: (F.mse_loss(x, w), F.mse_loss(x, w, reduction="none"), F.l1_loss(x, w, reduction="sum")),
    "dropout": lambda x, w: (F.dropout(x, 0.5, False) + w, F.dropout(w, 0.0, True)),
    "filled": lambda x, w: (x.clone().fill_(w.sum()), x.clone().zero_(), w.clone().fill_(2)),
    "sizes": lambda x, w: (x.view(x.size(1), x.size(0)), x * x.size(0), x[: x.size(0) // 2], x / x.numel()),
    "constants": lambda x, w: (x + torch.tensor([1.0, 2.0, 3.0]), x[:, torch.tensor([0, 2])], torch.eye(3) @ x.t()),
    "numbers": lambda x, w: (x.long() + 0.5, 2 * x.int(), x.long() + torch.tensor(2.0, dtype=torch.float64), x.norm()),
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


def dropped(x: torch.Tensor):
    return torch.dropout(x, 0.25, True)


def test_dropout_that_drops_keeps_a_share_and_scales_it() -> None:
    graph = quiet(torch.jit.script, dropped).graph
    tl.manual_seed(0)
    (found,) = run(parse_graph(str(graph)), [tl.ones(1000)])
    values = found.numpy()
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 650 < (values > 0).sum() < 850


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("aten::einsum(%e, %l, %n)", "unknown builtin op aten::einsum"),
        ("aten::relu(%f)", "%f is a function that is called: takes PyTorch's inlined_graph"),
        ("aten::mse_loss(%x, %x, %k)", "unknown builtin op aten::mse_loss"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(node: str, message: str) -> None:
    text = f"""\
graph(%x : Tensor, %k : int):
  %e : str = prim::Constant[value="ii->i"]()
  %f : Function = prim::Constant[name="g"]()
  %n : NoneType = prim::Constant()
  %l : Tensor[] = prim::ListConstruct(%x)
  %r : Tensor = {node}
  return (%r)
"""
    with pytest.raises(ParseError) as found:
        parse_graph(text)
    assert found.value.args[0].startswith("line 6, column ") and message in found.value.args[0]


def test_a_tensor_whose_digits_were_cut_is_refused() -> None:
    text = """\
graph(%x : Float(2, device=cpu)):
  %1 : Float(2, device=cpu) = prim::Constant[value= 0.3333  0.5000 [ CPUFloatType{2} ]]()
  return (%1)
"""
    with pytest.raises(ParseError, match="the digits of this tensor were cut: give it to the function as an argument"):
        parse_graph(text)
