"""Tracing modules: their tensors keep their names, their state is shared, and what forward does to it stays visible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError
from tensorlab.jit.traced_module import TracedModule

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
X = tl.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])


class Net(tl.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = tl.nn.Linear(2, 2)
        self.norm = tl.nn.BatchNorm1d(2)
        self.register_buffer("steps", tl.zeros(1))
        self.register_buffer("total", tl.zeros(1))
        self.register_buffer("scratch", tl.zeros(1), persistent=False)

    def forward(self, x: tl.Tensor, scale: tl.Tensor | None = None) -> tl.Tensor:
        self.steps.add_(1)
        self.total = self.total + x.sum()
        y = self.norm(self.linear(x))
        return y if scale is None else y * scale


def test_constants_have_the_names_of_parameters_and_buffers() -> None:
    traced = tl.jit.trace(Net(), X)
    names = [v.name for n in traced.graph.nodes() for v in n.outputs if v.is_constant and v.name]
    assert names == [
        "steps",
        "total",
        "linear_weight",
        "linear_bias",
        "norm_num_batches_tracked",
        "norm_weight",
        "norm_bias",
        "norm_running_mean",
        "norm_running_var",
    ]
    assert "self.linear.weight" in traced.code
    assert "%linear_weight : Float(2, 2) = prim::Constant" in str(traced.graph)


def test_it_is_a_module_with_the_same_tensors() -> None:
    net = Net()
    traced = tl.jit.trace(net, X)
    assert isinstance(traced, TracedModule)
    assert isinstance(traced, tl.nn.Module)
    assert list(traced.state_dict()) == list(net.state_dict())
    assert [id(p) for p in traced.parameters()] == [id(p) for p in net.parameters()]
    assert traced.linear.weight is net.linear.weight
    assert str(traced) == "Net(\n  (linear): Linear()\n  (norm): BatchNorm1d()\n)"
    with tl.no_grad():
        net.linear.weight.zero_()
        net.linear.bias.fill_(2.0)
    assert traced.eval()(X).tolist() == net.train()(X).tolist()  # as in training: that was settled by the trace


def test_state_changes_of_forward_stay_visible_and_the_check_leaves_none() -> None:
    net = Net()
    traced = tl.jit.trace(net, X)
    assert (net.steps.item(), net.total.item(), net.norm.num_batches_tracked.item()) == (1.0, 5.5, 1)
    traced(X)
    traced.interpret(X * 2)
    assert (net.steps.item(), net.total.item(), net.norm.num_batches_tracked.item()) == (3.0, 22.0, 3)
    assert traced.total is net.total


def test_results_and_running_statistics_are_those_of_the_module() -> None:
    tl.manual_seed(0)
    net, twin = Net(), Net()
    twin.load_state_dict(net.state_dict())
    traced = tl.jit.trace(net, X)
    twin(X)
    for x in (X * 2, X - 1):
        np.testing.assert_allclose(traced(x).detach().numpy(), twin(x).detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net.norm.running_var.numpy(), twin.norm.running_var.numpy(), rtol=1e-5)


def test_gradients_reach_the_parameters() -> None:
    net = Net()
    traced = tl.jit.trace(net, X)
    (traced(X) * X).sum().backward()
    assert net.linear.weight.grad is not None
    assert float(net.linear.weight.grad.abs().sum()) > 0


def test_the_mode_is_that_of_the_trace() -> None:
    drop = tl.nn.Dropout(0.5).eval()
    traced = tl.jit.trace(drop, X)
    assert not traced.training
    traced.train()
    assert traced.training
    assert traced(X).tolist() == X.tolist()


def test_archives_know_tensors_by_name(tmp_path: Path) -> None:
    traced = tl.jit.trace(Net().eval(), X)
    traced.save(tmp_path / "net.pt")
    loaded = tl.jit.load(tmp_path / "net.pt")
    assert "self.norm.running_mean" in loaded.code or "self.c" in loaded.code
    assert loaded(X).tolist() == traced(X).tolist()
    from tensorlab.jit.archive import load

    assert set(traced.tensors) == set(load(tmp_path / "net.pt").tensors)


def test_another_dtype_reaches_the_graph() -> None:
    traced = tl.jit.trace(Net().eval(), X)
    assert traced.double() is traced
    assert traced(X.double()).dtype is tl.float64
    assert traced.linear.weight.dtype is tl.float64


def test_keywords_of_forward() -> None:
    net = Net().eval()
    traced = tl.jit.trace(net, example_kwarg_inputs={"x": X, "scale": tl.ones(2)})
    assert traced(scale=tl.ones(2) * 2, x=X).tolist() == net(X, tl.ones(2) * 2).tolist()


def test_a_traced_module_is_part_of_another_and_called_from_trace_and_script() -> None:
    inner = tl.jit.trace(tl.nn.Linear(2, 2), X)

    class Outer(tl.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: tl.Tensor) -> tl.Tensor:
            return self.inner(x) * 2

    outer = Outer()
    assert list(outer.state_dict()) == ["inner.weight", "inner.bias"]
    traced = tl.jit.trace(outer, X)
    assert traced(X).tolist() == outer(X).tolist()
    assert list(traced.state_dict()) == ["inner.weight", "inner.bias"]

    def calls(x: tl.Tensor) -> tl.Tensor:
        return inner(x) + 1

    assert tl.jit.script(calls)(X).tolist() == calls(X).tolist()


def test_a_bound_method_of_a_module_has_its_tensors_too() -> None:
    net = Net().eval()
    traced = tl.jit.trace(net.forward, X)
    assert isinstance(traced, TracedModule)
    assert traced.name == "forward"
    assert traced(X).tolist() == net(X).tolist()


def test_a_child_may_be_called_as_a_method_is() -> None:
    class Staged(tl.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stages = tl.nn.Linear(2, 2)

        def forward(self, x: tl.Tensor) -> tl.Tensor:
            return self.stages(x)

    traced = tl.jit.trace(Staged(), X)
    assert list(traced.state_dict()) == ["stages.weight", "stages.bias"]
    assert "aten::linear" in traced.stages("graph")


def test_torch_has_the_same_state() -> None:
    torch = pytest.importorskip("torch")

    def state(lib: object) -> list[str]:
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)).eval()  # type: ignore[attr-defined]
        return list(lib.jit.trace(net, lib.ones(4, 2)).state_dict())  # type: ignore[attr-defined]

    assert state(tl) == state(torch)


def test_several_methods_of_a_module() -> None:
    class Two(tl.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = tl.nn.Linear(2, 2)

        def forward(self, x: tl.Tensor) -> tl.Tensor:
            return self.linear(x)

        def energy(self, x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
            return (self.linear(x) * y).sum()

    net = Two()
    traced = tl.jit.trace_module(net, {"forward": X, "energy": (X, X)})
    assert traced(X).tolist() == net(X).tolist()
    assert traced.energy(X, X + 1).item() == net.energy(X, X + 1).item()
    assert traced.double().energy(X.double(), X.double()).dtype is tl.float64
    with pytest.raises(ArgumentError) as caught:
        tl.jit.trace_module(net, {"energi": X})
    assert str(caught.value) == "trace_module: Two has no method 'energi'"
    with pytest.raises(ArgumentError, match="takes at least one method with its example inputs, got none"):
        tl.jit.trace_module(net, {})


def test_modules_in_a_sequence_have_names_too() -> None:
    traced = tl.jit.trace(tl.nn.Sequential(tl.nn.Linear(2, 2)), X)
    assert "%_0_weight : Float(2, 2) = prim::Constant" in str(traced.graph)
