"""Models: torchvision's names and layers, and torch's numbers with the same weights."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import RangeError
from tensorlab.nn.models import DigitsClassifier, ResNet, resnet18, resnet34

# The entries of one block in a state of torchvision's, and of what stands beside it where the size changes.
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_BLOCK = [part for k in (1, 2) for part in (f"conv{k}.weight", *(f"bn{k}.{name}" for name in _NORM))]
_BESIDE = ["downsample.0.weight", *(f"downsample.1.{name}" for name in _NORM)]


def _resnet18_names():
    names = ["conv1.weight", *(f"bn1.{name}" for name in _NORM)]
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            parts = [*_BLOCK, *(_BESIDE if stage > 1 and block == 0 else [])]
            names += [f"layer{stage}.{block}.{part}" for part in parts]
    return [*names, "fc.weight", "fc.bias"]


def _twin(torch):
    """resnet18 in torch's own layers, written from the paper's table."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, before, width, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
            self.downsample = None
            if stride > 1 or before != width:
                self.downsample = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

        def forward(self, x):
            beside = x if self.downsample is None else self.downsample(x)
            return torch.relu(beside + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))

    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
            before = 64
            for stage, width in enumerate((64, 128, 256, 512), 1):
                blocks = [Block(before, width, 1 if stage == 1 else 2), Block(width, width, 1)]
                setattr(self, f"layer{stage}", nn.Sequential(*blocks))
                before = width
            self.fc = nn.Linear(512, 10)

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
            return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))

    return Twin()


def _as_torchs(torch, state):
    return {name: torch.tensor(value.numpy()) for name, value in state.items()}


def _check_like(own, other, tolerance):
    other = other.detach().numpy()
    own = own.detach().numpy()
    np.testing.assert_allclose(own, other, rtol=0, atol=tolerance * max(1.0, float(np.abs(other).max())))


@pytest.mark.torch
def test_resnet18_is_torchs() -> None:
    """In training and in use: outputs, running statistics, and the gradients of the input and of all parameters."""
    torch = pytest.importorskip("torch")
    tl.manual_seed(0)
    own, twin = resnet18(num_classes=10), _twin(torch)
    twin.load_state_dict(_as_torchs(torch, own.state_dict()))
    images = np.random.default_rng(0).standard_normal((2, 3, 64, 64)).astype(np.float32)
    x, y = tl.tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
    mine, other = own(x), twin(y)
    _check_like(mine, other, 1e-4)
    tl.nn.functional.cross_entropy(mine, tl.tensor([3, 7])).backward()
    torch.nn.functional.cross_entropy(other, torch.tensor([3, 7])).backward()
    _check_like(x.grad, y.grad, 1e-4)
    for (name, p), (its_name, q) in zip(own.named_parameters(), twin.named_parameters(), strict=True):
        assert name == its_name
        _check_like(p.grad, q.grad, 1e-4)
    for name, value in own.state_dict().items():
        _check_like(value, twin.state_dict()[name], 1e-4)
    own.eval()
    twin.eval()
    with tl.no_grad():
        _check_like(own(x), twin(y), 1e-4)


def test_resnet18_has_torchvisions_names() -> None:
    model = resnet18()
    assert list(model.state_dict()) == _resnet18_names()
    assert sum(p.numel() for p in model.parameters()) == 11_689_512
    assert sum(p.numel() for p in resnet34().parameters()) == 21_797_672
    assert tuple(model.fc.weight.shape) == (1000, 512)


def test_resnet_starts_as_he_says() -> None:
    """Normal numbers of variance 2 over the fan out; residual branches that start at zero, if asked for."""
    tl.manual_seed(0)
    model = resnet18(num_classes=2, zero_init_residual=True)
    weight = model.layer4[1].conv1.weight.detach()
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    assert weight.mean().item() == pytest.approx(0.0, abs=1e-4)
    assert model.layer1[0].bn2.weight.tolist() == [0.0] * 64
    assert model.layer1[0].bn1.weight.tolist() == [1.0] * 64
    with pytest.raises(RangeError) as caught:
        ResNet((1, 1))
    assert str(caught.value) == "ResNet: got 2 stages; takes 4 numbers of blocks"


@pytest.mark.torch
def test_digits_classifier_is_torchs() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    tl.manual_seed(0)
    own = DigitsClassifier()
    features = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    )
    twin = nn.Module()
    twin.features = features
    twin.classifier = nn.Sequential(nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10))
    twin.load_state_dict(_as_torchs(torch, own.state_dict()))
    images = np.random.default_rng(1).random((5, 1, 8, 8), np.float32)
    mine, other = own(tl.tensor(images)), twin.classifier(twin.features(torch.tensor(images)))
    _check_like(mine, other, 1e-5)
    mine.sum().backward()
    other.sum().backward()
    for p, q in zip(own.parameters(), twin.parameters(), strict=True):
        _check_like(p.grad, q.grad, 1e-5)
