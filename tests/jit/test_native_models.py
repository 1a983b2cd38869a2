"""Models as one native function each, and training steps as two: the interpreter's numbers, and nothing allocated."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlab as tl
from tensorlab.jit.backward_graph import is_known
from tensorlab.jit.differentiable import Direction
from tensorlab.jit.native_function import NativeFunction
from tensorlab.jit.native_tier import LARGE, WAIT, WAIT_LONG, LayoutTier, NativeTier
from tensorlab.memory import HostAllocator, StatisticsAllocator, use_allocator
from tests.jit.test_native_functions import assert_same, native_of

nn, F = tl.nn, tl.nn.functional


def _model(name: str) -> tuple[tl.nn.Module, tl.Tensor]:
    tl.manual_seed(0)
    match name:
        case "cnn":
            layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
            return nn.Sequential(*layers, nn.Linear(64, 3)), tl.randn(2, 1, 8, 8)
        case "lstm":
            return nn.LSTM(4, 8, bidirectional=True), tl.randn(3, 2, 4)
        case "encoder":
            return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), tl.randn(2, 5, 8)
        case _:
            return nn.models.resnet18(num_classes=10), tl.randn(1, 3, 32, 32)


def check_allocations(native: NativeFunction, x: tl.Tensor) -> Any:
    """One storage for each result and one for all temporaries, however many operations there are."""
    with use_allocator(StatisticsAllocator(HostAllocator())) as allocator:
        result = native.run(x)
        stats = allocator.stats()
    storages = [s.nbytes for s in native.plan.storages]
    assert stats["allocation.all.allocated"] == len(storages) + 1
    assert stats.total_requested_bytes == sum(storages) + native.plan.arena_nbytes
    return result


@pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")
@pytest.mark.parametrize("name", ["cnn", "lstm", "encoder", "resnet18"])
def test_a_model_is_one_function(name: str) -> None:
    model, x = _model(name)
    model.eval()
    with tl.no_grad():
        traced = tl.jit.trace(model, (x,), check_trace=False)
        frozen = tl.jit.freeze(traced) if name == "resnet18" else traced
        native = native_of(frozen, x)
        other = x * 0.5
        program = frozen.specialisation_for(other).program
        assert_same(check_allocations(native, other), program.native._program(other))  # pyright: ignore
        if name != "resnet18":
            assert_same(native.run(other), frozen.interpret(other), ulp=256)  # fused, a sum may round otherwise
    assert native.plan.arena_nbytes <= 1.1 * native.plan.lower_bound_nbytes


def made(direction: Direction | None) -> NativeTier:
    """The tier of one direction, with a function."""
    assert direction is not None
    tier = direction.program.native
    assert tier is not None and tier.refusal is None, tier and str(tier.refusal)
    assert tier.function is not None
    return tier


def convolved(x: tl.Tensor, t: tl.Tensor, w: tl.Tensor, b: tl.Tensor) -> tl.Tensor:
    y = F.max_pool2d(F.relu(F.conv2d(x, w, b, padding=1)), 2)
    y = F.avg_pool2d(F.conv_transpose2d(y, w, stride=2), 3, 2)
    return F.cross_entropy(F.adaptive_avg_pool2d(y, (2, 1)).flatten(1), t)


def normalised(x: tl.Tensor, t: tl.Tensor, w: tl.Tensor, b: tl.Tensor) -> tl.Tensor:
    rows = F.layer_norm(F.embedding(t, w[0]), (3,), b[:3], b[:3])
    planes = F.batch_norm(x.transpose(1, 3), None, None, b.repeat(2), None, training=True)
    return F.softmax(rows, 0).pow(2).sum() + (planes * x.transpose(1, 3)).tanh().mean()


@pytest.mark.parametrize("function", [convolved, normalised], ids=lambda f: f.__name__)
def test_gradients_are_those_of_eager_calls(function: Any) -> None:
    """Both directions, forwards and back, as native functions: what the two programs give, which ran before."""
    tl.manual_seed(0)
    x, w, b = tl.randn(2, 2, 8, 8), tl.randn(4, 2, 3, 3)[:2], tl.randn(4)
    x, w, b = x, (w if function is convolved else w.reshape(4, 3, 3)), b[: 2 if function is convolved else 4]
    given = [x, tl.tensor([1, 0]), w, b]
    for tensor in (x, w, b):
        tensor.requires_grad_()
    traced = tl.jit.trace(function, tuple(given), check_trace=False)
    found: list[list[tl.Tensor]] = []
    for _ in range(WAIT + 1):
        loss = traced(*given)
        found.append([loss.detach(), *tl.autograd.grad(loss, [x, w, b])])
    program = traced.gradient_program(*given)
    assert isinstance(made(program.forward), LayoutTier)
    made(program.backward)
    assert_same(found[-1], found[0])
    eager = function(*given)
    assert_same(found[-1][1:], list(tl.autograd.grad(eager, [x, w, b])), ulp=4096)


def test_a_training_step() -> None:
    """An MLP learns as it does without a compiler; gradients of another layout run the program."""
    tl.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    twin = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    twin.load_state_dict(model.state_dict())
    x, t = tl.randn(4, 6), tl.tensor([0, 2, 1, 1])
    traced = tl.jit.trace(lambda x, t: F.cross_entropy(model(x), t), (x, t), check_trace=False)
    for network, loss in ((model, traced), (twin, lambda x, t: F.cross_entropy(twin(x), t))):
        optimizer = tl.optim.SGD(network.parameters(), lr=0.1)
        for _ in range(WAIT + 3):
            optimizer.zero_grad()
            loss(x, t).backward()
            optimizer.step()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert tl.allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    program = traced.gradient_program(x, t)
    made(program.forward)
    assert program.backward is not None
    tier = made(program.backward)
    shapes = [(v.type.shape, v.type.dtype) for v in program.backward.graph.inputs if is_known(v)]
    args = [tl.ones(shape).to(dtype) if dtype.is_floating_point else t for shape, dtype in shapes]
    turned = [a.t().contiguous().t() if a.ndim == 2 else a for a in args]
    assert_same(tier.run(*turned), tier.run(*args))


def test_no_call_slips_in_before_layouts_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of another layout, as soon as another thread may look, runs the program."""
    x = tl.arange(4.0).reshape(2, 2)
    traced = tl.jit.trace(lambda x: (x @ x).exp(), (x,), check_trace=False)
    tier = LayoutTier(traced.specialisation_for(x).graph, lambda _: "the program")
    found: list[object] = []

    class Lock:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            found.append(tier.run(x.t()))

    monkeypatch.setattr(tier, "_lock", Lock())
    assert [tier.run(x) for _ in range(WAIT)] == ["the program"] * WAIT
    assert_same(tier.run(x), traced.interpret(x))
    assert found == ["the program"]


def test_a_large_graph_waits_for_more_calls() -> None:
    def chain(x: tl.Tensor, n: int) -> tl.Tensor:
        for _ in range(n):
            x = x @ x
        return x

    for count, wait in ((LARGE, WAIT), (LARGE + 1, WAIT_LONG)):
        traced = tl.jit.trace(lambda x, n=count: chain(x, n), (tl.ones(1, 1),), check_trace=False)
        tier = traced.specialisation_for(tl.ones(1, 1)).program.native
        assert tier is not None
        assert tier.wait == wait
