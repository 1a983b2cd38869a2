"""What a module from outside the function gives to a script: as wide as what it is assigned to, as in PyTorch."""

import pytest

import tensorlab as tl
from tensorlab.errors import GraphError, RunError

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")]
torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


def _give(self, x, k):
    self.calls.append(k)
    return [(x, x + 1), [x + 2, x], x, None, (x, (x + 1, x + 2))][k]


class Ours(tl.nn.Module):
    calls: list[int] = []
    forward = _give


class Theirs(torch.nn.Module):
    calls: list[int] = []
    forward = _give


def _takers(module):
    def a_tuple(x):
        a, b = module(x, 0)
        return a * b

    def a_list(x):
        [a, b] = module(x, 1)
        (c, d) = module(x, 1)
        return a - b + c * d

    def rows(x):
        a, b = module(x, 2)
        return a - b

    def nobody(x):
        module(x, 3)
        return x

    return a_tuple, a_list, rows, nobody


def test_what_a_module_gives_is_taken_apart_where_it_is_assigned():
    (*ours, nobody), (first, _, third, last) = _takers(Ours()), _takers(Theirs())
    x, y = tl.tensor([[1.0, 2.0], [4.0, 8.0]]), torch.tensor([[1.0, 2.0], [4.0, 8.0]])
    assert tl.jit.script(ours[0])(x).tolist() == torch.jit.script(first)(y).tolist() == first(y).tolist()
    assert tl.jit.script(ours[2])(x).tolist() == torch.jit.script(third)(y).tolist() == third(y).tolist()
    assert tl.jit.script(ours[1])(x).tolist() == ours[1](x).tolist()  # which PyTorch refuses: [a, b] = ...
    Ours.calls.clear()
    assert tl.jit.script(nobody)(x).tolist() == torch.jit.script(last)(y).tolist() == y.tolist()
    assert Ours.calls == [3]


def test_parts_of_parts_go_into_a_tuple_of_tuples():
    module = tl.nn.LSTM(2, 3)

    def last(x):
        out, (h, c) = module(x)
        return out[-1] + h + c

    scripted, x = tl.jit.script(last), tl.ones(4, 1, 2)
    assert tl.equal(scripted(x), last(x))
    scripted(x).sum().backward()
    assert module.bias_hh_l0.grad is not None


def _refused(k: int):
    module = Ours()

    def takes_three(x):
        a, b, c = module(x, k)
        return a + b + c

    return takes_three


@pytest.mark.parametrize(
    ("k", "got"), [(0, "tuple of 2"), (1, "list of 2"), (2, "Tensor of 2"), (3, "NoneType")], ids=str
)
def test_another_width_is_refused_at_its_line(k: int, got: str) -> None:
    with pytest.raises(RunError) as error:
        tl.jit.script(_refused(k))(tl.ones(2, 2))
    lines = str(error.value).splitlines()
    assert lines[0] == f"module: its result is assigned to 3 targets, got {got}"
    assert lines[-2:] == ["      a, b, c = module(x, k)", "                ^^^^^^^^^^^^"]


def test_dropout_of_a_module_apart_draws_as_python_does_and_is_differentiated_twice():
    net = tl.nn.Sequential(tl.nn.Linear(3, 4), tl.nn.Dropout(0.5))

    def f(x):
        return (net(x).tanh() * x[:, :1]).sum()

    def second(function):
        x = tl.ones(2, 3, requires_grad=True)
        net.zero_grad()
        tl.manual_seed(3)
        (g,) = tl.autograd.grad(function(x), x, create_graph=True)
        (g * g).sum().backward()
        return x.grad, net[0].weight.grad

    for mine, eager in zip(second(tl.jit.script(f)), second(f), strict=True):
        assert tl.allclose(mine, eager)


def test_code_shows_what_python_runs():
    net = tl.nn.ReLU()

    def f(x):
        return net(x) + 1

    scripted = tl.jit.script(f)
    assert "    _0 = ^net(x)\n" in scripted.code

    def within(x):
        with tl.no_grad():
            return net(x)

    with pytest.raises(GraphError, match="prim::PythonOp cannot be written as code"):
        tl.jit.script(within).code  # noqa: B018 - a property that raises
