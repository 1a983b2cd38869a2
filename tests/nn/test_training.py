"""The loop of training, its record, and its progress bar."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import RangeError
from tensorlab.nn.progress import ProgressBar
from tensorlab.nn.training import accuracy, fit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _line():
    """A model of one weight, and batches that ask it to be 2."""
    model = tl.nn.Linear(1, 1, bias=False)
    tl.nn.init.zeros_(model.weight)
    return model, [(tl.ones(3, 1), tl.full((3, 1), 2.0)), (tl.ones(1, 1), tl.full((1, 1), 2.0))]


def test_record() -> None:
    model, batches = _line()
    optimizer = tl.optim.SGD(model.parameters(), lr=0.25)
    scheduler = tl.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    loss = tl.nn.MSELoss()
    history = fit(
        model, batches, optimizer, loss, 2, scheduler=scheduler, measure=lambda m: m.weight.item(), progress=False
    )
    first, second = history.epochs
    # Each step goes half, then a quarter of the way to 2; the loss is the mean over four samples.
    assert (first.number, first.samples, first.rate, first.measured) == (1, 4, 0.25, 1.5)
    assert first.loss == pytest.approx((3 * 4 + 1) / 4)
    assert (second.rate, second.measured) == (0.125, pytest.approx(2 - 0.5 * 0.75**2))
    kept = json.loads(json.dumps(history.to_dict()))
    assert [epoch["number"] for epoch in kept["epochs"]] == [1, 2]
    assert kept["epochs"][0]["measured"] == 1.5
    assert first.seconds > 0


def test_mode_is_left_as_it_was() -> None:
    model, batches = _line()
    model.eval()
    modes = []
    model.register_forward_hook(lambda m, args, result: modes.append(m.training))
    fit(model, batches, tl.optim.SGD(model.parameters()), tl.nn.MSELoss(), progress=False)
    assert modes == [True, True]
    assert not model.training
    with pytest.raises(KeyError):
        fit(model, batches, tl.optim.SGD(model.parameters()), lambda a, b: {}["loss"], progress=False)
    assert not model.training


def test_gradients_are_clipped() -> None:
    model, batches = _line()
    fit(model, batches, tl.optim.SGD(model.parameters(), lr=1.0), tl.nn.MSELoss(), max_norm=0.125, progress=False)
    np.testing.assert_allclose(model.weight.item(), 0.25, rtol=1e-5)


def test_accuracy() -> None:
    model = tl.nn.Identity()
    outputs = tl.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    labels = tl.tensor([1, 0, 0, 1])
    assert accuracy(model, [(outputs, labels)]) == 0.75
    assert accuracy(model, [(outputs[:1], labels[:1]), (outputs[1:3], labels[1:3])]) == pytest.approx(2 / 3)
    assert model.training


def test_refusals() -> None:
    model, batches = _line()
    optimizer = tl.optim.SGD(model.parameters())
    for call, message in [
        (lambda: fit(model, batches, optimizer, tl.nn.MSELoss(), 0), "fit: got epochs=0; takes at least 1"),
        (
            lambda: fit(model, [], optimizer, tl.nn.MSELoss(), progress=False),
            "fit: the loader gave no batches",
        ),
        (lambda: accuracy(model, []), "accuracy: the loader gave no batches"),
    ]:
        with pytest.raises(RangeError) as caught:
            call()
        assert str(caught.value) == message


def test_bar_in_a_file_is_one_line_an_epoch() -> None:
    model, batches = _line()
    stream = io.StringIO()
    fit(model, iter(batches), tl.optim.SGD(model.parameters()), tl.nn.MSELoss(), stream=stream)
    fit(model, batches, tl.optim.SGD(model.parameters()), tl.nn.MSELoss(), 2, stream=stream)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("epoch 1/1  4  loss ")
    assert lines[2].startswith(f"epoch 2/2  [{'=' * 24}]  2/2  loss ")


def test_bar_in_a_terminal_is_written_over() -> None:
    clock, stream = Clock(), Terminal()
    bar = ProgressBar("epoch 1/1", 4, stream, clock=clock)
    for count in range(1, 4):
        clock.now += 0.06
        bar.show(count, "loss 10.5")
    clock.now = 2.0
    bar.finish(4, "loss 9.5")
    assert stream.getvalue() == (
        "\repoch 1/1  [======                  ]  1/4  loss 10.5  0.1 s"
        "\repoch 1/1  [==================      ]  3/4  loss 10.5  0.2 s"
        "\repoch 1/1  [========================]  4/4  loss 9.5  2.0 s \n"
    )
