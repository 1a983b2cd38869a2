"""What one does with a scripted module: train it, change it, look at it, freeze it, save it."""

import copy

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import nn
from tensorlab.errors import ArchiveError, ArgumentError, AssignmentError, GraphError, RunError, ScriptError, StateError
from tensorlab.jit.verify import verify


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))
        self.scale = 2.0
        self.unscripted = object()

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        return self.rest(self.first(x)) * self.scale

    @tl.jit.export
    def half(self, x: tl.Tensor) -> tl.Tensor:
        return x / self.scale


@pytest.fixture
def net() -> Net:
    tl.manual_seed(3)
    return Net().eval()


X = tl.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])


def same(a: tl.Tensor, b: tl.Tensor) -> bool:
    return np.allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-6)


def test_tensors_are_shared_and_read_at_each_call(net: Net) -> None:
    scripted = tl.jit.script(net)
    assert scripted.first.weight is net.first.weight
    assert same(scripted(X), net(X))
    with tl.no_grad():
        net.first.weight.add_(1.0)
    assert same(scripted(X), net(X))
    scripted.rest[2].bias = nn.Parameter(tl.ones(2))
    assert same(scripted(X), net.rest[:2](net.first(X)) @ net.rest[2].weight.t() * 2 + 2)
    scripted.scale = 3.0
    assert same(scripted.half(X), X / 3)
    assert net.scale == 2.0


def test_the_mode_is_read_at_each_call(net: Net) -> None:
    scripted = tl.jit.script(net)
    assert same(scripted(X), net(X))
    scripted.train()
    assert not net.training
    net.train()
    for seed in (1, 2):
        tl.manual_seed(seed)
        expected = net(X)
        tl.manual_seed(seed)
        assert same(scripted(X), expected)
    scripted.eval()
    assert same(scripted(X), net.eval()(X))


def test_it_learns_as_the_module_does(net: Net) -> None:
    other = copy.deepcopy(net)
    scripted = tl.jit.script(net)
    for model in (scripted, other):
        optimizer = tl.nn.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (model(X) ** 2).sum().backward()
            optimizer.step()
    assert [n for n, _ in scripted.named_parameters()] == [n for n, _ in other.named_parameters()]
    assert all(map(same, scripted.state_dict().values(), other.state_dict().values()))


def test_what_it_shows(net: Net) -> None:
    scripted = tl.jit.script(net)
    assert tl.jit.script(scripted) is scripted
    verify(scripted.graph)
    assert scripted.inlined_graph is scripted.graph
    assert str(scripted.graph).startswith("graph(%self : Net,\n      %x : Tensor):\n")
    assert scripted.code.startswith("def forward(self, x: Tensor) -> Tensor:\n    _")
    assert "self.rest" in scripted.code
    assert scripted.schema == "forward(Net self, Tensor x) -> Tensor"
    assert scripted.half.schema == "half(Net self, Tensor x) -> Tensor"
    assert next(node.kind for node in scripted.graph_for(X).nodes() if "Constant" not in node.kind) == "aten::linear"
    assert same(scripted.interpret(X), scripted(X))
    assert len(scripted.rest) == 3
    assert scripted.rest[0].original_name == "ReLU"
    with pytest.raises(ArgumentError, match=r"forward: argument 'x' is missing; takes \(Tensor x\)"):
        scripted()


def test_freeze(net: Net) -> None:
    scripted = tl.jit.script(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5)))
    with pytest.raises(StateError, match=r"^Freezing is currently only implemented for modules in eval mode"):
        tl.jit.freeze(scripted)
    image = tl.ones(2, 3, 2, 2)
    scripted(image)
    frozen = tl.jit.freeze(scripted.eval())
    assert same(frozen(image), scripted(image))
    assert not list(frozen.named_parameters())
    kinds = [n.kind for n in frozen.graph_for(image).nodes() if n.kind != "prim::Constant"]
    assert kinds == ["aten::conv2d"]
    assert tl.jit.optimize_for_inference(frozen) is frozen
    assert same(tl.jit.optimize_for_inference(scripted)(image), scripted(image))
    with tl.no_grad():
        scripted[0].weight.zero_()
    assert not same(frozen(image), scripted(image))
    with pytest.raises(ArgumentError, match=r"^Freezing expects a ScriptModule as input\..*, got Net$"):
        tl.jit.freeze(net)


def test_freeze_keeps_what_it_is_told_to(net: Net) -> None:
    scripted = tl.jit.script(net)
    frozen = tl.jit.freeze(scripted, preserved_attrs=["half", "scale"])
    assert frozen.scale == 2.0
    assert same(frozen.half(X), X / 2)
    assert same(frozen(X), scripted(X))
    with pytest.raises(AssignmentError, match=r"^freeze: the module has no attribute 'nothing' to preserve$"):
        tl.jit.freeze(scripted, preserved_attrs=["nothing"])
    traced = tl.jit.trace(net, X)
    assert same(tl.jit.freeze(traced)(X), net(X))


def test_archive(net: Net, tmp_path) -> None:
    scripted = tl.jit.script(net)
    scripted.save(tmp_path / "net.tl")
    loaded = tl.jit.load(tmp_path / "net.tl")
    assert same(loaded(X), scripted(X))


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @tl.jit.ignore
    def shown(self, n: int) -> int:
        self.count += 100
        return n + self.count

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        self.count += 1
        y = x + self.count
        y = y + self.shown(1)
        return y + self.count


def test_attributes_are_written_while_it_runs(tmp_path) -> None:
    scripted, plain = tl.jit.script(Counting()), Counting()
    for _ in range(2):
        assert same(scripted(X), plain(X))
        assert scripted.count == plain.count
    with pytest.raises((ArchiveError, GraphError), match=r"an archive does not hold the class Counting"):
        scripted.save(tmp_path / "counting.tl")


def test_inside_of_traces_and_of_others(net: Net) -> None:
    traced = tl.jit.trace(net, X)
    scripted = tl.jit.script(nn.Sequential(traced, nn.Tanh()))
    assert same(scripted(X), net(X).tanh())
    again = tl.jit.trace(lambda x: scripted(x) + 1, X)
    assert same(again(X), net(X).tanh() + 1)


def test_a_copy_is_of_its_own(net: Net) -> None:
    scripted = tl.jit.script(net)
    copied = copy.deepcopy(scripted)
    with tl.no_grad():
        net.first.weight.zero_()
    assert not same(copied(X), scripted(X))
    assert same(copied.half(X), X / 2)


def test_to_another_dtype(net: Net) -> None:
    scripted = tl.jit.script(net)
    scripted(X)
    scripted.to(tl.float64)
    assert scripted(X.double()).dtype is tl.float64


class Wrong(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.thing = object()

    def missing(self, x: tl.Tensor) -> tl.Tensor:
        return self.iner(x)

    def odd(self, x: tl.Tensor) -> tl.Tensor:
        return self.thing

    def new(self, x: tl.Tensor) -> tl.Tensor:
        self.other = x
        return x

    def other_module(self, x: tl.Tensor) -> tl.Tensor:
        self.inner = x
        return x


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("missing", "Module 'Wrong' has no attribute 'iner'"),
        ("odd", "Module 'Wrong' has no attribute 'thing' of a type of the language: it is of type object"),
        ("new", "Tried to set nonexistent attribute: other. Did you forget to initialize it?"),
        ("other_module", "Module 'Wrong': inner is a module, and another cannot be put in its place"),
    ],
)
def test_errors(method: str, message: str) -> None:
    scripted = tl.jit.script(Wrong())
    with pytest.raises(ScriptError) as caught:
        scripted.method(method)
    assert caught.value.message == message


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: tl.Tensor) -> tl.Tensor:
        y = x * 2
        return self.inner(y)


class Inner(nn.Module):
    def forward(self, x: tl.Tensor) -> tl.Tensor:
        return self.folded(x)

    def folded(self, x: tl.Tensor) -> tl.Tensor:
        return x.view(4, 4)


def test_an_error_of_a_run_shows_the_chain_of_calls() -> None:
    scripted = tl.jit.script(Deep())
    for call in (scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            call(X)
        lines = str(caught.value).splitlines()
        assert lines[0] == "view: shape (4, 4) is invalid for input of size 6"
        assert [line for line in lines if "was called" in line] == [
            "  'folded' was called from 'forward':",
            "  'forward' was called from 'forward':",
        ]
        assert [line.strip() for line in lines if line.startswith("      ") and "^" not in line] == [
            "return x.view(4, 4)",
            "return self.folded(x)",
            "return self.inner(y)",
        ]
        assert sum("^" in line for line in lines) == 3
