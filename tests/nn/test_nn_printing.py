"""Modules print as torch's do, letter by letter."""

from collections import OrderedDict

import pytest
from layer_cases import ROWS
from torch_twin import torch

import tensorlab as tl


def residual(nn):
    class Residual(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm = nn.LayerNorm(width)
            self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
            self.heads = nn.ModuleDict({"a": nn.Linear(width, 2), "b": nn.ModuleList([nn.Tanh(), nn.Tanh()])})
            self.nothing = None
            self.register_module("missing", None)

        def extra_repr(self):
            return "one line\nand another"

    return Residual(8)


BUILDS = {
    "Linear no bias": lambda nn: nn.Linear(2, 3, bias=False),
    "Conv1d": lambda nn: nn.Conv1d(1, 2, 3, padding=1),
    "Conv2d all": lambda nn: nn.Conv2d(4, 8, (3, 5), (2, 1), (1, 2), (1, 2), 4, False, "circular"),
    "Conv2d same": lambda nn: nn.Conv2d(4, 8, 3, padding="same"),
    "ConvTranspose2d": lambda nn: nn.ConvTranspose2d(4, 8, 3, 2, 1, 1, 2),
    "inplace": lambda nn: nn.Sequential(
        nn.ReLU(True),
        nn.ReLU6(inplace=True),
        nn.LeakyReLU(0.2, True),
        nn.ELU(1.5, True),
        nn.SELU(True),
        nn.CELU(1.0, True),
        nn.SiLU(True),
        nn.Mish(True),
        nn.Hardtanh(inplace=True),
        nn.Hardsigmoid(True),
        nn.Hardswish(True),
        nn.Threshold(1, 2, True),
        nn.Dropout(0.1, True),
    ),
    "defaults": lambda nn: nn.Sequential(
        nn.LeakyReLU(),
        nn.ELU(),
        nn.CELU(),
        nn.GELU(),
        nn.Softplus(),
        nn.Hardshrink(),
        nn.Softshrink(),
        nn.GLU(),
        nn.Softmax(),
        nn.Softmax(dim=1),
        nn.LogSoftmax(-1),
        nn.Softmin(0),
        nn.PReLU(),
        nn.Hardtanh(),
        nn.Sigmoid(),
    ),
    "dropouts": lambda nn: nn.Sequential(nn.Dropout(), nn.Dropout1d(0.1), nn.Dropout2d(), nn.AlphaDropout(0.3)),
    "norms": lambda nn: nn.Sequential(
        nn.BatchNorm1d(3),
        nn.BatchNorm2d(3, 1e-3, None, False, False),
        nn.InstanceNorm1d(2),
        nn.LayerNorm(3),
        nn.LayerNorm((2, 3), elementwise_affine=False),
        nn.LayerNorm(3, bias=False),
        nn.RMSNorm(3),
        nn.GroupNorm(2, 4),
        nn.RMSNorm((2, 3), 1e-6, False),
    ),
    "pools": lambda nn: nn.Sequential(
        nn.MaxPool1d(2),
        nn.MaxPool2d((2, 3), 1, 0, 2, ceil_mode=True),
        nn.AvgPool1d(2),
        nn.AvgPool2d(2, (1, 2)),
        nn.AdaptiveAvgPool2d((None, 3)),
        nn.AdaptiveAvgPool1d(3),
        nn.AdaptiveMaxPool2d(2),
        nn.AdaptiveMaxPool1d(1),
    ),
    "shapes": lambda nn: nn.Sequential(
        nn.Flatten(),
        nn.Flatten(0, -2),
        nn.Unflatten(1, (2, 3)),
        nn.PixelShuffle(2),
        nn.Identity(3),
        nn.Upsample(scale_factor=2),
        nn.Upsample((3, 4), mode="bilinear"),
        nn.Embedding(3, 4),
        nn.Embedding(3, 4, padding_idx=-1),
        nn.Bilinear(2, 3, 4),
    ),
    "losses": lambda nn: nn.Sequential(
        nn.MSELoss(), nn.CrossEntropyLoss(), nn.CosineSimilarity(), nn.PairwiseDistance(), nn.HuberLoss(delta=0.5)
    ),
    "recurrent": lambda nn: nn.Sequential(
        nn.RNN(2, 3),
        nn.LSTM(2, 3, 2, bidirectional=True, batch_first=True, dropout=0.2),
        nn.GRU(2, 3, num_layers=2, bias=False),
        nn.RNN(2, 3, nonlinearity="relu"),
        nn.LSTMCell(2, 3),
        nn.RNNCell(2, 3, nonlinearity="relu"),
        nn.RNNCell(2, 3, bias=False),
        nn.GRUCell(2, 3, bias=False),
    ),
    "attention": lambda nn: nn.MultiheadAttention(8, 2),
    "attention, other sizes": lambda nn: nn.MultiheadAttention(8, 2, kdim=3, vdim=4, bias=False),
    "encoder layer": lambda nn: nn.TransformerEncoderLayer(8, 2, 16),
    "encoder layer, gelu": lambda nn: nn.TransformerEncoderLayer(8, 2, 16, 0.3, "gelu", norm_first=True, bias=False),
    "encoder": lambda nn: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3, nn.LayerNorm(8), enable_nested_tensor=False
    ),
    "named": lambda nn: nn.Sequential(OrderedDict(first=nn.Linear(2, 3), act=nn.ReLU())),
    "nested": lambda nn: nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(1, 1)), nn.ReLU()), nn.Sequential()),
    "list": lambda nn: nn.ModuleList([nn.Linear(2, 3), nn.Linear(2, 3), nn.ReLU(), nn.Linear(2, 3)]),
    "list of lists": lambda nn: nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Tanh()) for _ in range(4)]),
    "empty": lambda nn: nn.Sequential(nn.ModuleList(), nn.ModuleDict(), nn.ParameterList(), nn.ParameterDict()),
    "dict": lambda nn: nn.ModuleDict({"conv": nn.Conv2d(1, 2, 3), "pool": nn.MaxPool2d(2)}),
    "own": residual,
}


@pytest.mark.torch
@pytest.mark.parametrize("build", [*BUILDS.values(), *(r.build for r in ROWS)], ids=[*BUILDS, *(r.id for r in ROWS)])
def test_a_module_prints_as_in_torch(build):
    assert str(build(tl.nn)) == str(build(torch.nn))


@pytest.mark.torch
def test_parameters_print_as_in_torch():
    theirs = torch.nn.ParameterList([torch.zeros(2, 3), torch.ones(1).double()])
    ours = tl.nn.ParameterList([tl.zeros(2, 3), tl.ones(1).double()])
    assert str(ours).replace("tensorlab.", "torch.") == str(theirs)
    ours = tl.nn.ParameterDict({"b": tl.zeros(2, 3), "a": tl.ones(1).double()})
    theirs = torch.nn.ParameterDict({"b": torch.zeros(2, 3), "a": torch.ones(1).double()})
    assert str(ours).replace("tensorlab.", "torch.") == str(theirs)
    assert repr(tl.nn.Parameter(tl.ones(2))) == repr(torch.nn.Parameter(torch.ones(2)))
