"""Every layer that can be scripted is, and does what it does in Python; every form takes what its function takes."""

import inspect
from importlib import import_module

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import nn
from tensorlab.jit.verify import verify

FORMS = ("neural_forms", "image_forms", "loss_forms")


@pytest.mark.parametrize("home", FORMS)
def test_a_form_takes_what_its_function_takes(home):
    found = import_module(f"tensorlab.jit.scripting.{home}")
    forms = {n: f for n, f in vars(found).items() if inspect.isfunction(f) and f.__module__ == found.__name__}
    assert len(forms) > 5
    for name, form in forms.items():
        if name.startswith("_"):
            continue
        public = inspect.signature(getattr(nn.functional, name)).parameters.values()
        mine = inspect.signature(form).parameters.values()
        assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in public if p.name != "out"]


ROWS, SIGNAL, IMAGE = tl.rand(4, 6) * 0.9 + 0.05, tl.rand(2, 4, 6), tl.rand(2, 4, 6, 6)
SIGNS, CLASSES = (ROWS > 0.5).float() * 2 - 1, tl.tensor([0, 1, 2, 5])
_PLAIN = "ReLU6 ELU SELU CELU Mish Sigmoid LogSigmoid Softplus Softsign Hardsigmoid Hardswish Hardshrink Softshrink"
_PLAIN += " Tanhshrink GLU PReLU"

LAYERS = {
    **{name: (getattr(nn, name)(), ROWS) for name in _PLAIN.split()},
    "ELU in place": (nn.ELU(inplace=True), ROWS),
    "Threshold": (nn.Threshold(0.1, 2.0), ROWS),
    "Softmin": (nn.Softmin(dim=1), ROWS),
    "LogSoftmax": (nn.LogSoftmax(dim=-1), ROWS),
    "Bilinear": (nn.Bilinear(6, 6, 3), ROWS, ROWS),
    "Unflatten": (nn.Unflatten(1, (2, 3)), ROWS),
    "PixelShuffle": (nn.PixelShuffle(2), IMAGE),
    "Upsample": (nn.Upsample(scale_factor=2), IMAGE),
    "Upsample bilinear": (nn.Upsample(size=(4, 5), mode="bilinear"), IMAGE),
    "Embedding": (nn.Embedding(7, 3, padding_idx=1), CLASSES),
    "Conv1d same": (nn.Conv1d(4, 6, 3, padding="same"), SIGNAL),
    "Conv2d reflected": (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), IMAGE),
    "ConvTranspose1d": (nn.ConvTranspose1d(4, 6, 3, stride=2), SIGNAL),
    "ConvTranspose2d": (nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=1), IMAGE),
    "BatchNorm1d": (nn.BatchNorm1d(6, track_running_stats=False), ROWS),
    "InstanceNorm1d": (nn.InstanceNorm1d(4, affine=True, track_running_stats=True), SIGNAL),
    "RMSNorm": (nn.RMSNorm((4, 6)), SIGNAL),
    "MaxPool1d": (nn.MaxPool1d(2), SIGNAL),
    "MaxPool2d": (nn.MaxPool2d(2, return_indices=True), IMAGE),
    "AvgPool1d": (nn.AvgPool1d(2), SIGNAL),
    "AdaptiveAvgPool1d": (nn.AdaptiveAvgPool1d(3), SIGNAL),
    "AdaptiveAvgPool2d": (nn.AdaptiveAvgPool2d((2, None)), IMAGE),
    "AdaptiveMaxPool1d": (nn.AdaptiveMaxPool1d(2), SIGNAL),
    "AdaptiveMaxPool2d": (nn.AdaptiveMaxPool2d((2, 3), return_indices=True), IMAGE),
    "Dropout1d": (nn.Dropout1d(0.3), SIGNAL),
    "AlphaDropout": (nn.AlphaDropout(0.3), ROWS),
    "RNNCell": (nn.RNNCell(6, 3, nonlinearity="relu"), ROWS),
    "GRUCell": (nn.GRUCell(6, 3, bias=False), ROWS),
    "RNN": (nn.RNN(6, 3, 2, batch_first=True), SIGNAL),
    "LSTM with a state": (nn.LSTM(6, 3), SIGNAL, (tl.rand(1, 4, 3), tl.rand(1, 4, 3))),
    "LSTM alone": (nn.LSTM(6, 3), ROWS),
    "MultiheadAttention": (nn.MultiheadAttention(6, 2, batch_first=True, bias=False), SIGNAL, SIGNAL, SIGNAL),
    "TransformerEncoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0.0, "gelu"), 2), SIGNAL),
    "CosineSimilarity": (nn.CosineSimilarity(), ROWS, ROWS),
    "PairwiseDistance": (nn.PairwiseDistance(), ROWS, ROWS * 2),
    "L1Loss": (nn.L1Loss(), ROWS, ROWS * 2),
    "HuberLoss": (nn.HuberLoss(delta=0.5), ROWS, ROWS * 2),
    "BCELoss": (nn.BCELoss(), ROWS, ROWS),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(pos_weight=tl.rand(6)), ROWS, ROWS),
    "NLLLoss": (nn.NLLLoss(reduction="none"), ROWS, CLASSES),
    "CrossEntropyLoss": (nn.CrossEntropyLoss(weight=tl.rand(6), ignore_index=2), ROWS, CLASSES),
    "KLDivLoss": (nn.KLDivLoss(reduction="batchmean"), ROWS, ROWS),
    "PoissonNLLLoss": (nn.PoissonNLLLoss(full=True), ROWS, ROWS * 3),
    "GaussianNLLLoss": (nn.GaussianNLLLoss(), ROWS, ROWS, ROWS),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss(), ROWS, SIGNS),
    "MarginRankingLoss": (nn.MarginRankingLoss(reduction="sum"), ROWS, ROWS, SIGNS),
    "SoftMarginLoss": (nn.SoftMarginLoss(), ROWS, SIGNS),
    "CosineEmbeddingLoss": (nn.CosineEmbeddingLoss(), ROWS, ROWS * 2, SIGNS[:, 0]),
    "TripletMarginLoss": (nn.TripletMarginLoss(swap=True), ROWS, ROWS * 2, ROWS * 3),
}


def tensors(value):
    return [value] if isinstance(value, tl.Tensor) else [t for v in value if v is not None for t in tensors(v)]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_does_what_it_does_in_python(name):
    layer, *given = LAYERS[name]
    layer.eval()
    scripted = tl.jit.script(layer)
    verify(scripted.graph)
    if name in _PLAIN.split() or "Loss" in name:  # each one function, which is compared where functions are
        return
    copies = [g.clone() if isinstance(g, tl.Tensor) else g for g in given]
    expected = tensors(layer(*copies))
    found = tensors(scripted.interpret(*given if "place" not in name else [g.clone() for g in given]))
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["Dropout", "Dropout2d", "BatchNorm2d"])
def test_a_layer_draws_and_learns_as_it_does_in_python(name):
    layer = nn.BatchNorm2d(4, momentum=None) if name == "BatchNorm2d" else getattr(nn, name)(0.3)
    scripted = tl.jit.script(layer)
    buffers = [b.clone() for b in layer.buffers()]
    tl.manual_seed(1)
    expected = layer(IMAGE)
    kept = [b.clone() for b in layer.buffers()]
    for b, before in zip(layer.buffers(), buffers, strict=True):
        b.copy_(before)
    tl.manual_seed(1)
    assert np.allclose(scripted(IMAGE).detach().numpy(), expected.detach().numpy(), atol=1e-6)
    for mine, other in zip(scripted.buffers(), kept, strict=True):
        assert np.allclose(mine.numpy(), other.numpy())
