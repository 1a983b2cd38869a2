"""Tensors' functions and methods that are no op of their own: scripted, as PyTorch's scripts of the same line."""

from __future__ import annotations

import linecache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ScriptError

torch: Any = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:torch.(cholesky|qr) is deprecated"),
    pytest.mark.filterwarnings("ignore:Using torch.cross without"),
]

_RANDOM = np.random.default_rng(0)
_M = _RANDOM.normal(size=(3, 3)).astype("float32")
VALUES = {
    "m": _M,
    "o": _RANDOM.normal(size=(3, 3)).astype("float32"),
    "p": (_M @ _M.T + 3 * np.eye(3)).astype("float32"),  # positive definite
    "q": np.where(_M > 1, np.nan, _M).astype("float32"),
    "v": _RANDOM.normal(size=3).astype("float32"),
    "b": _RANDOM.normal(size=(2, 3, 3)).astype("float32"),
    "n": 3,
    "s": 2.0,
}
SAME = """
tl.outer(v, v)
v.ger(v)
v.vdot(v)
m.inner(o)
b.inner(v)
tl.tensordot(m, o, 2)
tl.tensordot(b, m, 1)
m.addr(v, v, beta=2, alpha=3)
m.addbmm(b, b)
tl.trace(m)
m.dist(o)
m.dist(o, 1)
q.nanmean()
tl.nanmean(q, 1, True)
tl.argwhere(m > 0)
tl.concat([m, o])
tl.concatenate([m, o], 1)
p.inverse()
tl.linalg.inv(p)
m.det()
m.slogdet()
p.logdet()
tl.linalg.solve(p, v)
tl.linalg.solve_triangular(p, m, upper=True)
tl.linalg.cholesky(p)
p.cholesky(True)
tl.cholesky_solve(m, p)
tl.linalg.svdvals(m)
m.svd()[1]
tl.linalg.svd(m)[1]
tl.linalg.eigh(p)[0]
m.qr()[1].abs()
tl.linalg.qr(m)[1].abs()
m.matrix_exp()
m.matrix_power(3)
m.matrix_power(0)
p.matrix_power(-2)
m.pinverse()
m.cross(o)
tl.linalg.cross(m, o)
tl.linalg.vector_norm(m)
tl.linalg.vector_norm(m, 1.0, [1], True)
m.polygamma(1)
tl.eye(n)
tl.eye(n, 2, dtype=tl.int64)
tl.scalar_tensor(s)
tl.rand_like(m).size()
tl.randn_like(m).size()
tl.randint_like(m, 1)
tl.empty(2, 3).size()
tl.empty_like(m).size()
tl.real(m)
m.zero_()
m.square_()
m.ldexp_(o)
tl.relu_(m)
m.multiply(o)
m.multiply_(o)
m.true_divide(o)
m.divide(o, rounding_mode="floor")
m.subtract(o, alpha=2)
m.absolute_()
m.clip(0, 1)
m.greater_equal(o)
m.less_(o)
m.arctan2(o)
(m, o)[n - 2]
tl.cdist(m, o)
tl.cdist(b, m, 1.0)
tl.unique(m > 0)
tl.unique(m > 0, return_inverse=True)
tl.unique(m > 0, return_counts=True, dim=0)
tl.einsum("ij,jk->ik", [m, o])
tl.einsum("ij,jk", m, o)
tl.einsum("ii", m)
tl.einsum("ji", m)
tl.einsum("i,j->ij", v, v)
tl.einsum("i,i->", v, v)
tl.einsum("bij,bjk->kbi", b, b)
tl.einsum("bij,bjk->ik", b[:1], b)
tl.einsum("bij,k->bkij", b, v)
tl.einsum("i,ij,j->", v, m, v)
""".strip().splitlines()


def scripted(line: str, library: ModuleType) -> tuple[Any, list[Any]]:
    """A script of one line, and fresh arguments for it."""
    names = [name for name in VALUES if name in set("".join(c if c.isalnum() else " " for c in line).split())]
    typed = {name: f": {type(value).__name__}" for name, value in VALUES.items() if not isinstance(value, np.ndarray)}
    text = f"def f({', '.join(name + typed.get(name, '') for name in names)}):\n    return {line}\n"
    filename = f"<{line}, {library.__name__}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space: dict[str, Any] = {"tl": library, "__name__": __name__}
    exec(compile(text, filename, "exec"), space)
    given = [library.from_numpy(v.copy()) if isinstance(v := VALUES[n], np.ndarray) else v for n in names]
    return library.jit.script(space["f"]), given


def plain(result: Any) -> list[Any]:
    if isinstance(result, tuple):
        return [part for element in result for part in plain(element)]
    return [result.numpy() if hasattr(result, "numpy") else np.asarray(result)]


@pytest.mark.parametrize("line", SAME)
def test_as_a_script_of_torch(line: str) -> None:
    theirs, args = scripted(line, torch)
    expected = plain(theirs(*args))
    for way in ("interpret", "__call__"):
        ours, args = scripted(line, tl)
        found = plain(getattr(ours, way)(*args))
        assert len(found) == len(expected)
        for mine, wanted in zip(found, expected, strict=True):
            assert mine.dtype == wanted.dtype
            np.testing.assert_allclose(mine, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "line", ["tl.outer(m, v)", "m.inner(b[0, :, :2])", "tl.trace(v)", "b.cross(b[:, :2, :2])", "tl.einsum('ij', v)"]
)
def test_errors_when_they_run(line: str) -> None:
    theirs, args = scripted(line, torch)
    with pytest.raises(RuntimeError):
        theirs(*args)
    ours, args = scripted(line, tl)
    with pytest.raises(tl.errors.TensorlabError) as found:
        ours(*args)
    assert line in str(found.value)


@pytest.mark.parametrize("line", ["m.t_()", "tl.einsum('...ij->...ji', m)", "m.unsqueeze_(0)", "m.tolist()"])
def test_what_torch_scripts_and_we_do_not(line: str) -> None:
    with pytest.raises(ScriptError) as found:
        scripted(line, tl)
    assert line in str(found.value)


def test_is_tensor_is_known() -> None:
    ours, args = scripted("tl.is_tensor(m)", tl)
    assert ours(*args) is True
    assert [node.kind for node in ours.graph.nodes()] == ["prim::Constant"]
