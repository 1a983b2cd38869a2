"""Scripted modules against PyTorch's: the same source scripted by both, results, gradients and buffers compared."""

import linecache
import typing

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import RunError, ScriptError
from tests.jit.scripting.program import T
from tests.jit.scripting.programs_module_parts import MODULES

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:UserWarning"),
]
torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


WITH_GRADIENTS = (
    *("parameters and numbers", "a block of a residual network", "a list of modules", "a cell over steps"),
    *("what is learnt by the mode", "modules inside of modules", "parameters in a list", "without gradients"),
)
WITH_MODES = ("a block of a residual network", "layers of every kind in a row", "what is learnt by the mode")


def made(program, lib):
    """The module of a program, and the scripted one."""
    filename = f"<{program.name} {lib.__name__}>"
    linecache.cache[filename] = (len(program.source), None, program.source.splitlines(keepends=True), filename)
    names = {name: getattr(typing, name) for name in ("Dict", "List", "Optional", "Tuple")}
    space = {**names, "tl": lib, "torch": lib, "nn": lib.nn, "F": lib.nn.functional, "__name__": "user"}
    exec(compile(program.source, filename, "exec"), space)
    return space["M"]()


def share(module, lib, other):
    """Give a module of PyTorch the tensors of ours."""
    state = {name: lib.tensor(t.tolist(), dtype=getattr(lib, t.dtype.name)) for name, t in other.state_dict().items()}
    module.load_state_dict(state)


def given(lib, value, *, gradients):
    return lib.tensor(value.data, requires_grad=gradients) if isinstance(value, T) else value


def tensors(value, kind):
    if isinstance(value, kind):
        return [value]
    if isinstance(value, dict):
        return [t for key in sorted(value) for t in tensors(value[key], kind)]
    return [t for part in value for t in tensors(part, kind)] if isinstance(value, (tuple, list)) else []


def plain(value):
    return [v for v in value if isinstance(v, (int, float))] if isinstance(value, (tuple, list)) else []


def close(ours, theirs):
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


def compare(ours, theirs, calls, *, gradients):
    """Call both, compare what they give, and the gradients of its sum."""
    ours.requires_grad_(gradients)
    for call in calls:
        a, b = ([given(lib, v, gradients=gradients) for v in call] for lib in (tl, torch))
        x, y = ours(*a), theirs(*b)
        results = list(zip(tensors(x, tl.Tensor), tensors(y, torch.Tensor), strict=True))
        for mine, other in results:
            close(mine, other)
        assert plain(x) == plain(y)
        if gradients:
            for lib, values in ((tl, x), (torch, y)):
                sum((t * t).sum() for t in tensors(values, lib.Tensor) if t.requires_grad).backward()
            for mine, other in zip(a, b, strict=True):
                if getattr(other, "grad", None) is not None:
                    close(mine.grad, other.grad)
            for (name, mine), (again, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
                assert name == again
                if other.grad is not None:
                    close(mine.grad, other.grad)
    for (name, mine), (again, other) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == again
        close(mine, other)


@pytest.mark.parametrize("program", MODULES, ids=lambda p: p.name)
def test_a_module_does_what_torch_does(program):
    ours, theirs = made(program, tl), made(program, torch)
    share(theirs, torch, ours)
    scripted, other = tl.jit.script(ours), torch.jit.script(theirs)
    assert str(scripted) == str(other)
    gradients = program.name in WITH_GRADIENTS
    compare(scripted, other, program.calls, gradients=gradients)
    if program.name in WITH_MODES:
        scripted.eval(), other.eval()
        compare(scripted, other, program.calls, gradients=gradients)


class Apart(tl.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = tl.nn.Linear(2, 2)
        self.calls = 0

    def forward(self, x, k: int = 1):
        self.calls += 1
        return (x, x) if k == 0 else self.inner(x) * k if self.training else x


_APART = Apart()
_SCRIPTED = tl.jit.script(tl.nn.Linear(2, 2))
_SAME = tl.nn.Identity()


def _calls_apart(x, k: int):
    return _APART(x * 2, k) + 1


def _writes_to_what_came_back(x):
    y = x + 1
    z = _SAME(y)
    z.add_(1)
    return y + z


def test_a_module_apart_from_the_caller_is_called_in_python():
    scripted, x = tl.jit.script(_calls_apart), tl.ones(1, 2)
    (node,) = [n for n in scripted.graph.nodes() if n.kind == "prim::PythonOp"]
    assert (node.attributes["name"], str(node.output.type)) == ("_APART", "Tensor")
    before = _APART.calls
    assert tl.equal(scripted(x, 3), _calls_apart(x, 3))
    assert _APART.calls == before + 2  # once by each, so that nothing of it was kept
    _APART.inner = tl.nn.Linear(2, 2)  # parameters are those of the call, not of the script
    given = scripted(x, 2)
    assert tl.equal(given, _calls_apart(x, 2))
    given.sum().backward()
    assert _APART.inner.bias.grad.tolist() == [2.0, 2.0]
    _APART.eval()
    assert scripted(x, 2).tolist() == [[3.0, 3.0]]
    with pytest.raises(RunError) as error:
        scripted(x, 0)
    assert str(error.value).splitlines()[0] == (
        "_APART: a module from outside the function returns a tensor to a script, got tuple of 2; "
        "take it apart: a, b = _APART(...)"
    )
    assert str(error.value).endswith("return _APART(x * 2, k) + 1\n             ^^^^^^^^^^^^^^^^")
    assert tl.jit.script(_writes_to_what_came_back)(x).tolist() == [[6.0, 6.0]]


def _nothing(x):
    return _APART()


def _no_tensor(x):
    return _APART(2, x)


def _by_name(x):
    return _APART(x, k=2)


def _calls_scripted(x):
    return _SCRIPTED(x)


def _reads_weight(x):
    return x * _SAME.weight


def _walks(x):
    for layer in _LAYERS:
        x = layer(x)
    return x


_LAYERS = tl.nn.ModuleList([_SAME])
_RUNS = "which Python runs, or "
_PART = _RUNS + "make {} a part of a module that is scripted"
_TAKES = "arguments for call are not valid: _APART is called in Python"
_OWNER = "_SCRIPTED is a scripted module: only the module that it is a part of can call it in a script"


@pytest.mark.parametrize(
    ("caller", "said", "hint"),
    [
        (_nothing, f"{_TAKES} with a tensor first, got nothing", None),
        (_no_tensor, f"{_TAKES} with a tensor first, got int", None),
        (_by_name, f"{_TAKES} by position alone, got k=", "give it by position"),
        (
            _reads_weight,
            "_SAME has no attribute 'weight' that can be scripted",
            f"call _SAME(x), {_PART.format('_SAME')}",
        ),
        (_walks, "_LAYERS is of type ModuleList, which is no value in a script", _PART[len(_RUNS) :].format("_LAYERS")),
        (_calls_scripted, _OWNER, "call the module that was scripted, which Python runs, or make it a part"),
    ],
)
def test_a_module_apart_from_the_caller_is_refused(caller, said: str, hint: str | None) -> None:
    with pytest.raises(ScriptError) as error:
        tl.jit.script(caller)
    lines = str(error.value).splitlines()
    assert (lines[0], lines[4:]) == (said, [f"  hint: {hint}"] if hint else [])


def test_of_modules_apart_from_the_caller_torch_says_the_same():
    plain = torch.nn.Linear(2, 2)
    scripted = torch.jit.script(plain)

    def calls_plain(x):
        return plain(x)

    def calls_by_name(x):
        return plain(input=x)

    def calls_scripted(x):
        return scripted(x)

    assert torch.equal(torch.jit.script(calls_plain)(torch.ones(1, 2)), plain(torch.ones(1, 2)))
    with pytest.raises(RuntimeError, match="Argument self not provided"):
        torch.jit.script(calls_by_name)
    with pytest.raises(RuntimeError, match="Cannot call a ScriptModule that is not a submodule of the caller"):
        torch.jit.script(calls_scripted)


_WEIGHT = tl.ones(2, requires_grad=True)


@tl.jit.ignore
def _weighted(x):
    return x * _WEIGHT


def _weighs(x):
    return _weighted(x + 1) * 2


def _weighs_without(x):
    with tl.no_grad():
        y = _weighted(x + 1)
    return y * 2


def test_what_python_gives_keeps_its_history_though_no_argument_requires_a_gradient():
    tl.jit.script(_weighs)(tl.ones(2)).sum().backward()
    assert _WEIGHT.grad.tolist() == [4.0, 4.0]
    assert not tl.jit.script(_weighs_without)(tl.ones(2)).requires_grad
