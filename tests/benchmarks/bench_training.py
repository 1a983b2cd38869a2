"""Training and models whole: one step of the digits classifier, an optimiser's step alone, resnet18 forward."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row
from side_by_side import Statement, race

import tensorlab as tl

BATCH = 64


def _digits(lib: Any) -> Any:
    """The layers of `DigitsClassifier` in either library's own."""
    nn = lib.nn
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)),
    )


def _training(lib: Any, weights: list[np.ndarray]) -> dict[str, Any]:
    """A function that takes one step: forward, loss, backward, Adam."""
    random = np.random.default_rng(1)
    images, labels = lib.tensor(random.random((BATCH, 1, 8, 8), np.float32)), lib.tensor(np.arange(BATCH) % 10)
    model = _digits(lib)
    with lib.no_grad():
        for p, w in zip(model.parameters(), weights, strict=True):
            p.copy_(lib.tensor(w))
    optimizer, loss = lib.optim.Adam(model.parameters()), lib.nn.CrossEntropyLoss()

    def step() -> Any:
        optimizer.zero_grad()
        value = loss(model(images), labels)
        value.backward()
        optimizer.step()
        return value.detach()

    return {"step": step}


def bench_training_step(torch, record) -> None:
    """Batches of 64 digits."""
    tl.manual_seed(0)
    weights = [p.detach().numpy().copy() for p in _digits(tl).parameters()]
    entrants = {"tensorlab": Statement("step()", _training(tl, weights))}
    if torch is not None:
        entrants["torch"] = Statement("step()", _training(torch, weights))
        for _ in range(5):
            mine, reference = (float(entrant.value()) for entrant in entrants.values())
            np.testing.assert_allclose(mine, reference, rtol=1e-4)
    times = race(entrants, rounds=51)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME, goal=1.2)
    row = Row(
        f"training step of the digits classifier, batch {BATCH}",
        times["tensorlab"],
        other or NOT_INSTALLED,
        verdict=verdict,
    )
    record(entrants["tensorlab"], row)


def _parameters(lib: Any) -> list[Any]:
    """60 tensors of a small network of convolutions, each with a gradient."""
    random, channels = np.random.default_rng(2), [3, *(min(16 * 2 ** (k // 4), 64) for k in range(15))]
    found: list[Any] = []
    for before, after in pairwise(channels):
        for shape in ((after, before, 3, 3), (after,), (after,), (after,)):
            found.append(lib.nn.Parameter(lib.tensor(random.standard_normal(shape, dtype=np.float32))))
            found[-1].grad = lib.tensor(random.standard_normal(shape, dtype=np.float32))
    return found


@pytest.mark.parametrize(
    ("name", "options"), [("SGD", {"lr": 1e-3, "momentum": 0.9}), ("Adam", {})], ids=["SGD", "Adam"]
)
def bench_optimiser(name: str, options: dict[str, float], torch, record) -> None:
    """A step over 60 parameters of 281,136 elements; torch's as its default makes it."""
    entrants: dict[str, Statement] = {}
    for library, lib in (("tensorlab", tl), ("torch", torch)):
        if lib is not None:
            entrants[library] = Statement(
                "step()", {"step": getattr(lib.optim, name)(_parameters(lib), **options).step}
            )
    times = race(entrants, rounds=51)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME)
    row = Row(f"`{name}.step()`, 60 parameters", times["tensorlab"], other or NOT_INSTALLED, verdict=verdict)
    record(entrants["tensorlab"], row)


def _recurrent(lib: Any, name: str, weights: list[np.ndarray], x: np.ndarray) -> dict[str, Any]:
    """The layer and its input, and a function that goes there and back."""
    layer = getattr(lib.nn, name)(128, 128)
    with lib.no_grad():
        for p, w in zip(layer.parameters(), weights, strict=True):
            p.copy_(lib.tensor(w))
    inputs = lib.tensor(x)

    def step() -> None:
        layer.zero_grad()
        layer(inputs)[0].sum().backward()

    return {"layer": layer, "x": inputs, "no_grad": lib.no_grad, "step": step}


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("code", ["with no_grad(): layer(x)", "step()"], ids=["forward", "step"])
def bench_recurrent(name: str, code: str, torch, record) -> None:
    """100 steps of 32 sequences."""
    tl.manual_seed(0)
    weights = [p.detach().numpy().copy() for p in getattr(tl.nn, name)(128, 128).parameters()]
    x = np.random.default_rng(4).standard_normal((100, 32, 128), dtype=np.float32)
    entrants = {"tensorlab": Statement(code, _recurrent(tl, name, weights, x))}
    if torch is not None:
        entrants["torch"] = Statement(code, _recurrent(torch, name, weights, x))
        mine, reference = (e.names["layer"](e.names["x"])[0].detach().numpy() for e in entrants.values())  # type: ignore[operator]
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-5)
    times = race(entrants, rounds=15)
    other = times.get("torch")
    what = "forward" if code != "step()" else "there and back"
    row = Row(
        f"`{name}(128, 128)`, 100 steps, batch 32, {what}",
        times["tensorlab"],
        other or NOT_INSTALLED,
        verdict=Ratio("torch", other, Kind.TIME),
    )
    record(entrants["tensorlab"], row)


def _resnet_twin(torch: Any, own: Any) -> Any:
    """The same layers as modules of torch's, with the same weights."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, block: Any) -> None:
            super().__init__()
            wide, narrow = block.conv1.weight.shape[:2]
            self.conv1 = nn.Conv2d(narrow, wide, 3, block.stride, 1, bias=False)
            self.bn1, self.relu = nn.BatchNorm2d(wide), nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(wide, wide, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(wide)
            self.downsample = None
            if block.downsample is not None:
                beside = nn.Conv2d(narrow, wide, 1, block.stride, bias=False)
                self.downsample = nn.Sequential(beside, nn.BatchNorm2d(wide))

        def forward(self, x: Any) -> Any:
            beside = x if self.downsample is None else self.downsample(x)
            out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            out += beside
            return self.relu(out)

    stages = (own.layer1, own.layer2, own.layer3, own.layer4)
    blocks = [nn.Sequential(*(Block(block) for block in stage)) for stage in stages]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    twin = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, own.fc.out_features))
    values = [torch.tensor(value.numpy()) for value in own.state_dict().values()]
    twin.load_state_dict(dict(zip(twin.state_dict(), values, strict=True)))
    return twin.eval()


@pytest.mark.parametrize("batch", [1, 8])
def bench_resnet18(batch: int, torch, record) -> None:
    """Forward, in use, at 224 × 224."""
    tl.manual_seed(0)
    own = tl.nn.models.resnet18().eval()
    images = np.random.default_rng(3).standard_normal((batch, 3, 224, 224), dtype=np.float32)
    code = "with no_grad(): model(x)"
    entrants = {"tensorlab": Statement(code, {"no_grad": tl.no_grad, "model": own, "x": tl.tensor(images)})}
    if torch is not None:
        twin, x = _resnet_twin(torch, own), torch.tensor(images)
        entrants["torch"] = Statement(code, {"no_grad": torch.no_grad, "model": twin, "x": x})
        with tl.no_grad(), torch.no_grad():
            mine, reference = own(tl.tensor(images)).numpy(), twin(x).numpy()
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-4 * float(np.abs(reference).max()))
    times = race(entrants, rounds=11 if batch == 1 else 5)
    other = times.get("torch")
    verdict = Ratio("torch", other, Kind.TIME, goal=1.5)
    row = Row(f"`resnet18(x)`, {batch} × 3 × 224 × 224", times["tensorlab"], other or NOT_INSTALLED, verdict=verdict)
    record(entrants["tensorlab"], row)
