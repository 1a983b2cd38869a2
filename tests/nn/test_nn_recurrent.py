"""Recurrent layers and cells with torch's weights."""

import numpy as np
import pytest
from torch_twin import pair, same_run, torch

import tensorlab as tl

KINDS = ("RNN", "LSTM", "GRU")
OPTIONS = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "both directions": {"bidirectional": True},
    "three layers, both": {"num_layers": 3, "bidirectional": True},
    "without bias": {"num_layers": 2, "bias": False},
    "batch first": {"batch_first": True, "num_layers": 2, "bidirectional": True},
    "no dropout": {"num_layers": 2, "dropout": 0.0},
}


def starts(kind, count, *batch, hidden=4):
    one = (count, *batch, hidden)
    return (one, one) if kind == "LSTM" else one


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer(kind, options, dtype, train):
    ours, theirs = pair(lambda nn: getattr(nn, kind)(3, 4, **options), dtype, train=train)
    same_run(ours, theirs, [(5, 2, 3)], dtype)


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("batch", [(), (2,)], ids=["alone", "batch"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_from_a_state(kind, batch, options):
    ours, theirs = pair(lambda nn: getattr(nn, kind)(3, 4, **options), "float64")
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    shape = (2, 5, 3) if batch and options.get("batch_first") else (5, *batch, 3)
    same_run(ours, theirs, [shape, starts(kind, count, *batch)], "float64")


@pytest.mark.torch
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_sequence(kind):
    ours, theirs = pair(lambda nn: getattr(nn, kind)(3, 4, 2), "float64")
    same_run(ours, theirs, [(5, 3)], "float64")


@pytest.mark.torch
def test_rnn_of_relu():
    ours, theirs = pair(lambda nn: nn.RNN(3, 4, nonlinearity="relu"), "float64")
    same_run(ours, theirs, [(5, 2, 3)], "float64")
    ours, theirs = pair(lambda nn: nn.RNN(3, 4, 2, "relu", False), "float64")
    same_run(ours, theirs, [(5, 2, 3)], "float64")


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (2,)], ids=["alone", "batch"])
@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cell(kind, started, batch, bias, dtype):
    ours, theirs = pair(lambda nn: getattr(nn, f"{kind}Cell")(3, 4, bias), dtype)
    state = ((*batch, 4), (*batch, 4)) if kind == "LSTM" else (*batch, 4)
    same_run(ours, theirs, [(*batch, 3), *([state] if started else [])], dtype)


@pytest.mark.torch
def test_an_rnn_cell_of_relu():
    ours, theirs = pair(lambda nn: nn.RNNCell(3, 4, nonlinearity="relu"), "float64")
    same_run(ours, theirs, [(2, 3)], "float64")


@pytest.mark.torch
@pytest.mark.parametrize("kind", KINDS)
def test_projections_and_names_of_the_state(kind):
    theirs = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True)
    ours = getattr(tl.nn, kind)(3, 4, 2, bidirectional=True)
    assert [(n, tuple(p.shape)) for n, p in ours.named_parameters()] == [
        (n, tuple(p.shape)) for n, p in theirs.named_parameters()
    ]


def test_dropout_between_layers_drops_in_training_alone():
    tl.manual_seed(0)
    layer = tl.nn.LSTM(3, 4, 2, dropout=0.5)
    x = tl.ones(5, 2, 3)
    first, second = layer(x)[0], layer(x)[0]
    assert not tl.equal(first, second)
    layer.eval()
    assert tl.equal(layer(x)[0], layer(x)[0])


REFUSED = {
    "rank": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(3)),
    "width": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(5, 2, 4)),
    "state's batch": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(5, 2, 3), lib.zeros(1, 3, 4)),
    "state's layers": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(5, 2, 3), lib.zeros(2, 2, 4)),
    "state's rank": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(5, 2, 3), lib.zeros(1, 4)),
    "state's rank alone": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(5, 3), lib.zeros(1, 2, 4)),
    "lstm's state's rank": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(5, 3), (lib.zeros(1, 2, 4), lib.zeros(1, 2, 4))),
    "lstm's cell": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(5, 2, 3), (lib.zeros(1, 2, 4), lib.zeros(1, 2, 5))),
    "hidden size": lambda lib: lib.nn.LSTM(3, 0),
    "layers": lambda lib: lib.nn.LSTM(3, 4, 0),
    "nonlinearity": lambda lib: lib.nn.RNN(3, 4, nonlinearity="sin"),
    "dropout": lambda lib: lib.nn.LSTM(3, 4, 2, dropout=1.5),
    "cell's rank": lambda lib: lib.nn.GRUCell(3, 4)(lib.zeros(2, 2, 3)),
    "cell's width": lambda lib: lib.nn.GRUCell(3, 4)(lib.zeros(2, 2)),
    "cell's state": lambda lib: lib.nn.GRUCell(3, 4)(lib.zeros(2, 3), lib.zeros(3, 4)),
    "cell's state's width": lambda lib: lib.nn.LSTMCell(3, 4)(lib.zeros(2, 3), (lib.zeros(2, 5), lib.zeros(2, 5))),
    "cell's nonlinearity": lambda lib: lib.nn.RNNCell(3, 4, nonlinearity="sin")(lib.zeros(2, 3)),
    "dtype": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(5, 2, 3, dtype=lib.float64)),
    "type of a size": lambda lib: lib.nn.LSTM(3, 4.5),
}


@pytest.mark.torch
@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_torch_refuses_is_refused(call):
    with pytest.raises((RuntimeError, TypeError, ValueError)) as theirs:
        call(torch)
    with pytest.raises(tl.TensorlabError) as ours:
        call(tl)
    if type(theirs.value) is not RuntimeError and not isinstance(ours.value, tl.errors.DTypeError):
        assert isinstance(ours.value, type(theirs.value))


def test_a_long_sequence_backwards():
    layer = tl.nn.GRU(2, 3, bidirectional=True)
    x = tl.randn(200, 1, 2, requires_grad=True)
    layer(x)[0].sum().backward()
    assert np.isfinite(x.grad.numpy()).all()
    assert (x.grad.numpy() != 0).all()
