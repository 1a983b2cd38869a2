"""Scripted modules against PyTorch's: the same source scripted by both, results, gradients and buffers compared."""

import linecache
import typing

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ScriptError
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


_APART = tl.nn.Linear(2, 2)
_SCRIPTED = tl.jit.script(_APART)


def _calls_apart(x):
    return _APART(x)


def _calls_scripted(x):
    return _SCRIPTED(x)


@pytest.mark.parametrize(("caller", "name"), [(_calls_apart, "_APART"), (_calls_scripted, "_SCRIPTED")])
def test_a_module_apart_from_the_caller(caller, name: str) -> None:
    with pytest.raises(ScriptError) as error:
        tl.jit.script(caller)
    said = str(error.value)
    assert said.startswith(f"{name} is a module: only the module that it is a part of can call it in a script\n")
    hint = f"make it a part of a module that is scripted, or trace it: {name} = tensorlab.jit.trace({name}, (x,))"
    assert said.endswith(f"hint: {hint}")
