"""What layers start with is distributed as in torch; functions of ``nn.init``; what constructors refuse."""

import numpy as np
import pytest
from torch_twin import torch

import tensorlab as tl

BUILDS = {
    "Linear": lambda nn: nn.Linear(40, 300),
    "Bilinear": lambda nn: nn.Bilinear(20, 10, 50),
    "Embedding": lambda nn: nn.Embedding(200, 50),
    "Conv1d": lambda nn: nn.Conv1d(8, 64, 5),
    "Conv2d": lambda nn: nn.Conv2d(8, 64, 3, groups=2),
    "ConvTranspose1d": lambda nn: nn.ConvTranspose1d(8, 64, 5),
    "ConvTranspose2d": lambda nn: nn.ConvTranspose2d(64, 8, 3, groups=2),
    "BatchNorm2d": lambda nn: nn.BatchNorm2d(4),
    "LayerNorm": lambda nn: nn.LayerNorm((3, 4)),
    "GroupNorm": lambda nn: nn.GroupNorm(2, 4),
    "RMSNorm": lambda nn: nn.RMSNorm(4),
    "PReLU": lambda nn: nn.PReLU(3),
    "LSTM": lambda nn: nn.LSTM(30, 40, 2, bidirectional=True),
    "GRUCell": lambda nn: nn.GRUCell(30, 40),
    "MultiheadAttention": lambda nn: nn.MultiheadAttention(48, 4),
    "MultiheadAttention of other sizes": lambda nn: nn.MultiheadAttention(48, 4, kdim=24, vdim=60),
    "TransformerEncoderLayer": lambda nn: nn.TransformerEncoderLayer(48, 4, 64),
}


@pytest.mark.torch
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_layers_start_as_in_torch(build):
    tl.manual_seed(11)
    torch.manual_seed(11)
    ours, theirs = build(tl.nn).state_dict(), build(torch.nn).state_dict()
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        a, b = ours[name].numpy().astype(float), value.numpy().astype(float)
        assert a.shape == b.shape
        if b.size == 0 or b.std() == 0:
            np.testing.assert_array_equal(a, b)
            continue
        room = 5 / np.sqrt(b.size)
        assert abs(a.mean() - b.mean()) < b.std() * room * 1.5, name
        assert abs(a.std() / b.std() - 1) < room, name
        if b.size < 40:
            continue
        bounded = b.max() < 1.9 * b.std()  # a uniform one ends at 1.73 deviations, a normal one goes beyond
        assert (a.max() < 1.9 * a.std()) == bounded, name
        if bounded:
            assert abs(a.max() / b.max() - 1) < 0.15, name


INITS = {
    "uniform_": lambda lib, t: lib.nn.init.uniform_(t, -2.0, 3.0),
    "normal_": lambda lib, t: lib.nn.init.normal_(t, 1.0, 0.5),
    "trunc_normal_": lambda lib, t: lib.nn.init.trunc_normal_(t, 0.5, 1.0, -1.0, 1.5),
    "constant_": lambda lib, t: lib.nn.init.constant_(t, 0.3),
    "ones_": lambda lib, t: lib.nn.init.ones_(t),
    "zeros_": lambda lib, t: lib.nn.init.zeros_(t),
    "eye_": lambda lib, t: lib.nn.init.eye_(t),
    "xavier_uniform_": lambda lib, t: lib.nn.init.xavier_uniform_(t, gain=2.0),
    "xavier_normal_": lambda lib, t: lib.nn.init.xavier_normal_(t),
    "kaiming_uniform_": lambda lib, t: lib.nn.init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
    "kaiming_normal_": lambda lib, t: lib.nn.init.kaiming_normal_(t, a=0.3),
    "orthogonal_": lambda lib, t: lib.nn.init.orthogonal_(t, gain=2.0),
    "sparse_": lambda lib, t: lib.nn.init.sparse_(t, 0.25, 0.5),
}


@pytest.mark.torch
@pytest.mark.parametrize("fill", INITS.values(), ids=INITS)
def test_inits_are_distributed_as_in_torch(fill):
    tl.manual_seed(1)
    torch.manual_seed(1)
    weight = tl.nn.Parameter(tl.empty(80, 60))
    assert fill(tl, weight) is weight
    assert weight.is_leaf
    assert weight.requires_grad
    a = weight.detach().numpy().astype(float)
    b = fill(torch, torch.empty(80, 60)).numpy().astype(float)
    assert abs(a.mean() - b.mean()) <= b.std() * 0.08
    assert abs(a.std() - b.std()) <= b.std() * 0.05
    assert abs(a.max() - b.max()) <= b.std() * 1.5
    assert (a == 0).mean() == pytest.approx((b == 0).mean(), abs=1e-3)


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(6, 4, 3), (6, 4, 3, 2), (4, 6, 5)])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac(shape, groups):
    ours = tl.nn.init.dirac_(tl.ones(shape), groups)
    theirs = torch.nn.init.dirac_(torch.ones(shape), groups)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (6, 5, 4)])
def test_orthogonal_rows_are_orthogonal(shape):
    q = tl.nn.init.orthogonal_(tl.empty(shape, dtype=tl.float64)).numpy().reshape(shape[0], -1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


@pytest.mark.torch
def test_gains():
    for name in ("linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert tl.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert tl.nn.init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)


REFUSED = {
    "groups": lambda lib: lib.nn.Conv2d(3, 4, 3, groups=2),
    "out groups": lambda lib: lib.nn.Conv2d(4, 3, 3, groups=2),
    "no groups": lambda lib: lib.nn.Conv2d(4, 4, 3, groups=0),
    "padding mode": lambda lib: lib.nn.Conv2d(3, 4, 3, padding_mode="wrap"),
    "padding": lambda lib: lib.nn.Conv2d(3, 4, 3, padding="some"),
    "same with stride": lambda lib: lib.nn.Conv2d(3, 4, 3, stride=2, padding="same"),
    "transposed padding mode": lambda lib: lib.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "transposed size": lambda lib: lib.nn.ConvTranspose1d(2, 2, 3, 2)(lib.zeros(1, 2, 5), output_size=[20]),
    "transposed sizes": lambda lib: lib.nn.ConvTranspose1d(2, 2, 3, 2)(lib.zeros(1, 2, 5), output_size=[12, 12]),
    "conv's rank": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(3, 4)),
    "conv's channels": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(1, 4, 5, 5)),
    "conv's dtype": lambda lib: lib.nn.Conv2d(3, 4, 3)(lib.zeros(1, 3, 5, 5, dtype=lib.float64)),
    "linear's width": lambda lib: lib.nn.Linear(3, 4)(lib.zeros(2, 5)),
    "linear's dtype": lambda lib: lib.nn.Linear(3, 4)(lib.zeros(2, 3, dtype=lib.float64)),
    "dropout": lambda lib: lib.nn.Dropout(1.2),
    "group norm": lambda lib: lib.nn.GroupNorm(3, 4),
    "batch norm's rank": lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 3, 4)),
    "batch norm's channels": lambda lib: lib.nn.BatchNorm2d(3)(lib.zeros(2, 4, 4, 4)),
    "batch norm of one": lambda lib: lib.nn.BatchNorm1d(3)(lib.zeros(1, 3)),
    "layer norm's shape": lambda lib: lib.nn.LayerNorm(3)(lib.zeros(2, 4)),
    "instance norm's rank": lambda lib: lib.nn.InstanceNorm2d(3)(lib.zeros(2, 3)),
    "embedding's padding": lambda lib: lib.nn.Embedding(3, 4, padding_idx=3),
    "embedding's index": lambda lib: lib.nn.Embedding(3, 4)(lib.tensor([3])),
    "embedding's dtype": lambda lib: lib.nn.Embedding(3, 4)(lib.zeros(3)),
    "pretrained": lambda lib: lib.nn.Embedding.from_pretrained(lib.zeros(3)),
    "an option": lambda lib: lib.nn.ReLU(slope=1),
    "options": lambda lib: lib.nn.ReLU(True, 3),
    "twice": lambda lib: lib.nn.ELU(1.0, alpha=2.0),
    "missing": lambda lib: lib.nn.Threshold(1.0),
    "loss's option": lambda lib: lib.nn.MSELoss(weighted=1),
    "loss's reduction": lambda lib: lib.nn.MSELoss(reduction="most")(lib.zeros(2), lib.zeros(2)),
    "fan": lambda lib: lib.nn.init.xavier_uniform_(lib.zeros(3)),
    "mode": lambda lib: lib.nn.init.kaiming_normal_(lib.zeros(3, 3), mode="fan"),
    "nonlinearity": lambda lib: lib.nn.init.kaiming_normal_(lib.zeros(3, 3), nonlinearity="sine"),
    "eye": lambda lib: lib.nn.init.eye_(lib.zeros(3)),
    "dirac": lambda lib: lib.nn.init.dirac_(lib.zeros(3, 3)),
    "orthogonal": lambda lib: lib.nn.init.orthogonal_(lib.zeros(3)),
    "sparse": lambda lib: lib.nn.init.sparse_(lib.zeros(3), 0.1),
}


@pytest.mark.torch
@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_torch_refuses_is_refused(call):
    with pytest.raises((RuntimeError, TypeError, ValueError, IndexError, AssertionError)):
        call(torch)
    with pytest.raises(tl.TensorlabError):
        call(tl)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:size_average and reduce args will be deprecated")
def test_older_words_for_reductions():
    for average, reduced in ((True, True), (False, True), (None, False), (False, None), (True, None)):
        theirs = torch.nn.CrossEntropyLoss(None, average, 3, reduced)
        ours = tl.nn.CrossEntropyLoss(None, average, 3, reduced)
        assert ours.reduction == theirs.reduction
        assert ours.ignore_index == 3


@pytest.mark.torch
def test_weights_of_losses_are_buffers():
    weight = np.array([0.2, 0.5, 2.0])
    logits = np.random.default_rng(0).standard_normal((5, 3))
    targets = np.array([0, 2, 1, 1, 0])
    for name in ("CrossEntropyLoss", "NLLLoss"):
        ours = getattr(tl.nn, name)(tl.from_numpy(weight), reduction="sum", ignore_index=1)
        theirs = getattr(torch.nn, name)(torch.from_numpy(weight), reduction="sum", ignore_index=1)
        assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weight"]
        a = ours(tl.from_numpy(logits), tl.from_numpy(targets)).item()
        assert a == pytest.approx(theirs(torch.from_numpy(logits), torch.from_numpy(targets)).item(), rel=1e-12)
    ours = tl.nn.BCEWithLogitsLoss(pos_weight=tl.from_numpy(weight))
    theirs = torch.nn.BCEWithLogitsLoss(pos_weight=torch.from_numpy(weight))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    a = ours(tl.from_numpy(logits), tl.sigmoid(tl.from_numpy(logits))).item()
    assert a == pytest.approx(theirs(torch.from_numpy(logits), torch.from_numpy(logits).sigmoid()).item(), rel=1e-12)


def test_signatures_tell_the_options():
    import inspect

    assert str(inspect.signature(tl.nn.LeakyReLU)) == "(negative_slope=0.01, inplace=False)"
    assert str(inspect.signature(tl.nn.Threshold)) == "(threshold, value, inplace=False)"


@pytest.mark.torch
def test_dimensions_that_torch_once_chose():
    for name in ("Softmax", "LogSoftmax", "Softmin"):
        for shape in ((3,), (2, 3), (2, 3, 4), (2, 3, 2, 2)):
            x = np.random.default_rng(0).standard_normal(shape)
            with pytest.warns(UserWarning, match="Implicit dimension choice"):
                ours = getattr(tl.nn, name)()(tl.from_numpy(x))
            with pytest.warns(UserWarning, match="Implicit dimension choice"):
                theirs = getattr(torch.nn, name)()(torch.from_numpy(x))
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("size", [[11], (1, 2, 12)])
def test_sizes_of_transposed_convolutions(size):
    theirs = torch.nn.ConvTranspose1d(2, 2, 3, 2).double()
    ours = tl.nn.ConvTranspose1d(2, 2, 3, 2).double()
    ours.load_state_dict({k: tl.from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((1, 2, 5))
    a, b = ours(tl.from_numpy(x), output_size=size), theirs(torch.from_numpy(x), output_size=size)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12)
