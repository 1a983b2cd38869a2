"""The loop of training: batches forward, loss, gradients, a step; and a record of how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, TextIO

from tensorlab.autograd import Tensor, no_grad
from tensorlab.errors import RangeError
from tensorlab.nn.module import Module
from tensorlab.nn.optim.optimizer import Optimizer
from tensorlab.nn.optim.schedule import LRScheduler
from tensorlab.nn.progress import ProgressBar
from tensorlab.nn.utils import clip_grad_norm_

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One round through the data.

    ``loss`` is the mean over all samples, each with the weights of its time; ``rate`` the first group's learning rate;
    ``measured`` what was measured at its end, None where nothing was asked for.

    Units: ``seconds`` of training, without measuring.
    """

    number: int
    loss: float
    samples: int
    seconds: float
    rate: float
    measured: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What a training leaves behind: its epochs in order."""

    epochs: tuple[Epoch, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs]}


def fit(
    model: Module,
    loader: Iterable[Any],
    optimizer: Optimizer,
    loss: Loss,
    epochs: int = 1,
    *,
    scheduler: LRScheduler | None = None,
    max_norm: float | None = None,
    measure: Callable[[Module], float] | None = None,
    progress: bool = True,
    stream: TextIO | None = None,
) -> History:
    """Train a model on batches of ``(input, target)``; gives the record of all epochs.

    ``scheduler`` is stepped after each epoch, gradients are clipped to a norm of ``max_norm``, ``measure(model)`` is
    called at each epoch's end. ``progress`` draws a bar on ``stream`` (standard error). The model is left in the mode
    that it came in.

    Raises: `RangeError` for a number of epochs that is not positive, or a loader without batches.

    >>> import tensorlab as tl
    >>> model = tl.nn.Linear(1, 1)
    >>> batches = [(tl.ones(4, 1), tl.zeros(4, 1))]
    >>> history = fit(model, batches, tl.optim.SGD(model.parameters(), lr=0.1), tl.nn.MSELoss(), 3, progress=False)
    >>> [epoch.samples for epoch in history.epochs]
    [4, 4, 4]
    """
    if epochs < 1:
        raise RangeError(f"fit: got epochs={epochs}; takes at least 1")
    found: list[Epoch] = []
    before = model.training
    try:
        for number in range(1, epochs + 1):
            bar = ProgressBar(f"epoch {number}/{epochs}", _length(loader), stream) if progress else None
            epoch = _run_epoch(model, loader, optimizer, loss, max_norm, bar, number)
            if scheduler is not None:
                scheduler.step()
            found.append(epoch if measure is None else _measured(epoch, measure(model)))
            if bar is not None:
                bar.finish(_length(loader) or epoch.samples, _numbers(found[-1]))
    finally:
        model.train(before)
    return History(tuple(found))


def _run_epoch(
    model: Module,
    loader: Iterable[Any],
    optimizer: Optimizer,
    loss: Loss,
    max_norm: float | None,
    bar: ProgressBar | None,
    number: int,
) -> Epoch:
    model.train()
    start = perf_counter()
    total, samples = 0.0, 0
    rate = float(optimizer.param_groups[0]["lr"])
    for count, (inputs, targets) in enumerate(loader, 1):
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        if max_norm is not None:
            clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        size = inputs.shape[0]
        total += value.item() * size
        samples += size
        if bar is not None:
            bar.show(count, f"loss {total / samples:.4f}")
    if not samples:
        raise RangeError("fit: the loader gave no batches")
    return Epoch(number, total / samples, samples, perf_counter() - start, rate)


def accuracy(model: Module, loader: Iterable[Any]) -> float:
    """The share of samples whose largest output is at their target; the model is left in the mode that it came in.

    Raises: `RangeError` for a loader without batches.
    """
    before = model.training
    model.eval()
    right = samples = 0
    try:
        with no_grad():
            for inputs, targets in loader:
                right += int((model(inputs).argmax(1) == targets).sum())
                samples += targets.shape[0]
    finally:
        model.train(before)
    if not samples:
        raise RangeError("accuracy: the loader gave no batches")
    return right / samples


def _measured(epoch: Epoch, value: float) -> Epoch:
    return Epoch(epoch.number, epoch.loss, epoch.samples, epoch.seconds, epoch.rate, float(value))


def _numbers(epoch: Epoch) -> str:
    measured = "" if epoch.measured is None else f"  measured {epoch.measured:.4f}"
    return f"loss {epoch.loss:.4f}{measured}"


def _length(loader: Any) -> int | None:
    return len(loader) if hasattr(type(loader), "__len__") else None
