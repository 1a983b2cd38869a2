"""Schedules of learning rates: torch's sequences, states, and what is refused."""

from __future__ import annotations

import math
import warnings

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.nn.optim import SGD, Adam, lr_scheduler


class Halving:
    """A function with a state."""

    def __init__(self) -> None:
        self.base = 0.5

    def __call__(self, epoch: int) -> float:
        return self.base**epoch


CASES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (e + 1)]),
    "LambdaLR of one": lambda s, o: s.LambdaLR(o, Halving()),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95),
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], gamma=0.5),
    "ConstantLR": lambda s, o: s.ConstantLR(o, factor=0.5, total_iters=4),
    "LinearLR": lambda s, o: s.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=6),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, total_iters=9, power=2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 5, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01),
    "CosineAnnealingWarmRestarts, even": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.5, total_steps=20),
    "OneCycleLR, three": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.3], epochs=4, steps_per_epoch=5, three_phase=True, anneal_strategy="linear", pct_start=0.4
    ),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, 6), s.ExponentialLR(o, 0.5)], [4, 10]
    ),
    "SequentialLR of steps": lambda s, o: s.SequentialLR(
        o,
        [s.ConstantLR(o, 0.1, 3), s.StepLR(o, 2), s.PolynomialLR(o, 5), s.CosineAnnealingWarmRestarts(o, 3)],
        [3, 7, 12],
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)]),
}


def _groups(parameter):
    return [{"params": [parameter()], "lr": 0.1}, {"params": [parameter()], "lr": 0.02}]


def _own(kind=SGD):
    return kind(_groups(lambda: tl.nn.Parameter(tl.ones(1))), lr=0.1)


def _walk(make, schedulers, optimizer, count):
    """Rates and momentum of each epoch."""
    scheduler = make(schedulers, optimizer)
    found = []
    for _ in range(count):
        found.append([(g["lr"], g.get("momentum"), g.get("betas")) for g in optimizer.param_groups])
        assert scheduler.get_last_lr() == [g["lr"] for g in optimizer.param_groups]
        optimizer.step()
        scheduler.step()
    return found


def _check_sequences(mine, other):
    for own, theirs in zip(mine, other, strict=True):
        for a, b in zip(own, theirs, strict=True):
            assert a == (
                pytest.approx(b[0], rel=1e-12, abs=1e-15),
                b[1] if b[1] is None else pytest.approx(b[1], rel=1e-12),
                b[2] if b[2] is None else pytest.approx(b[2], rel=1e-12),
            )


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_sequence_is_torchs(name) -> None:
    torch = pytest.importorskip("torch")
    reference = torch.optim.SGD(_groups(lambda: torch.nn.Parameter(torch.ones(1))), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls deprecated forms of its own
        expected = _walk(CASES[name], torch.optim.lr_scheduler, reference, 20)
    _check_sequences(_walk(CASES[name], lr_scheduler, _own(), 20), expected)


@pytest.mark.torch
def test_one_cycle_moves_betas() -> None:
    torch = pytest.importorskip("torch")
    reference = torch.optim.Adam(_groups(lambda: torch.nn.Parameter(torch.ones(1))))
    expected = _walk(CASES["OneCycleLR"], torch.optim.lr_scheduler, reference, 20)
    _check_sequences(_walk(CASES["OneCycleLR"], lr_scheduler, _own(Adam), 20), expected)


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 0, "cooldown": 2, "factor": 0.5, "min_lr": [0.01, 0.005]},
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.2, "patience": 1, "factor": 0.3},
        {"mode": "max", "patience": 1},
        {"threshold_mode": "abs", "patience": 1},
    ],
)
def test_plateau_is_torchs(options) -> None:
    torch = pytest.importorskip("torch")
    reference = torch.optim.SGD(_groups(lambda: torch.nn.Parameter(torch.ones(1))), lr=0.1)
    optimizer = _own()
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, **options)
    own = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    for k in range(30):
        measured = math.sin(k) / (1 + k / 4)
        own.step(tl.tensor(measured))
        theirs.step(torch.tensor(measured))
        assert own.get_last_lr() == theirs.get_last_lr()
        assert own.num_bad_epochs == theirs.num_bad_epochs


@pytest.mark.torch
@pytest.mark.parametrize("epoch", [0, 2, 3, 4.5, 9, 20])
@pytest.mark.parametrize("options", [{"T_0": 3}, {"T_0": 3, "T_mult": 2}])
def test_restarts_at_any_epoch(epoch, options) -> None:
    torch = pytest.importorskip("torch")
    reference = torch.optim.SGD(_groups(lambda: torch.nn.Parameter(torch.ones(1))), lr=0.1)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(reference, **options)
    own = lr_scheduler.CosineAnnealingWarmRestarts(_own(), **options)
    for scheduler in (own, theirs):
        scheduler.step(epoch)
    assert own.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-12)
    assert own.last_epoch == theirs.last_epoch


@pytest.mark.parametrize("name", CASES)
def test_state_goes_on(name) -> None:
    """A schedule from the state of another gives the rest of its rates."""
    whole = _walk(CASES[name], lr_scheduler, _own(), 20)
    optimizer = _own()
    scheduler = CASES[name](lr_scheduler, optimizer)
    for _ in range(7):
        optimizer.step()
        scheduler.step()
    other = _own()
    again = CASES[name](lr_scheduler, other)
    other.load_state_dict(optimizer.state_dict())
    again.load_state_dict(scheduler.state_dict())
    for expected in whole[7:]:
        assert [(g["lr"], g.get("momentum"), g.get("betas")) for g in other.param_groups] == expected
        other.step()
        again.step()


@pytest.mark.torch
@pytest.mark.parametrize("name", ["StepLR", "LinearLR", "CosineAnnealingLR", "ExponentialLR"])
def test_keys_of_states_are_torchs(name) -> None:
    torch = pytest.importorskip("torch")
    reference = torch.optim.SGD(_groups(lambda: torch.nn.Parameter(torch.ones(1))), lr=0.1)
    theirs = CASES[name](torch.optim.lr_scheduler, reference).state_dict()
    own = CASES[name](lr_scheduler, _own()).state_dict()
    assert own.keys() <= theirs.keys()


@pytest.mark.parametrize("name", ["StepLR", "MultiStepLR", "LinearLR", "ExponentialLR", "PolynomialLR", "ConstantLR"])
def test_an_epoch_by_number_is_the_one_by_steps(name) -> None:
    whole = _walk(CASES[name], lr_scheduler, _own(), 12)
    optimizer = _own()
    scheduler = CASES[name](lr_scheduler, optimizer)
    optimizer.step()
    for epoch in (7, 3, 11, 0):
        scheduler.step(epoch)
        assert scheduler.get_last_lr() == pytest.approx([rate for rate, _, _ in whole[epoch]], rel=1e-12)


def test_going_on_from_an_epoch() -> None:
    optimizer = _own()
    lr_scheduler.StepLR(optimizer, 2)
    for group in optimizer.param_groups:
        group["lr"] = 0.125
    scheduler = lr_scheduler.StepLR(optimizer, 2, gamma=0.5, last_epoch=4)
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (5, [0.125, 0.125])
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.0625, 0.0625]


def test_a_step_too_early_is_warned_of() -> None:
    scheduler = lr_scheduler.StepLR(_own(), 2)
    with pytest.warns(UserWarning) as caught:
        scheduler.step()
    assert str(caught[0].message) == (
        "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the opposite order, "
        "or the first value of the learning rate schedule is skipped."
    )


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda s, o: s.StepLR(None, 1), ArgumentError, "NoneType is not an Optimizer"),
        (
            lambda s, o: s.StepLR(o, 1, last_epoch=3),
            RangeError,
            "param 'initial_lr' is not specified in param_groups[0] when resuming scheduler with last_epoch >= 0",
        ),
        (lambda s, o: s.LambdaLR(o, [abs]), RangeError, "expected 2 values for lr_lambda, got 1"),
        (
            lambda s, o: s.ConstantLR(o, 2.0),
            RangeError,
            "Constant multiplicative factor expected to be between 0 and 1.",
        ),
        (
            lambda s, o: s.LinearLR(o, 0.0),
            RangeError,
            "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
        ),
        (
            lambda s, o: s.LinearLR(o, end_factor=1.5),
            RangeError,
            "Ending multiplicative factor expected to be between 0 and 1.",
        ),
        (
            lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
            RangeError,
            "Expected positive integer T_0, but got 0",
        ),
        (
            lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 0),
            RangeError,
            "Expected integer T_mult >= 1, but got 0",
        ),
        (
            lambda s, o: s.CosineAnnealingWarmRestarts(o, 1).step(-1),
            RangeError,
            "Expected non-negative epoch, but got -1",
        ),
        (
            lambda s, o: s.OneCycleLR(o, 0.1),
            RangeError,
            "You must define either total_steps OR (epochs AND steps_per_epoch)",
        ),
        (lambda s, o: s.OneCycleLR(o, 0.1, 0), RangeError, "Expected positive integer total_steps, but got 0"),
        (
            lambda s, o: s.OneCycleLR(o, 0.1, 10, pct_start=2.0),
            RangeError,
            "Expected float between 0 and 1 pct_start, but got 2.0",
        ),
        (
            lambda s, o: s.OneCycleLR(o, 0.1, 10, anneal_strategy="round"),
            RangeError,
            "anneal_strategy must be one of 'cos' or 'linear', instead got round",
        ),
        (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), RangeError, "Factor should be < 1.0."),
        (lambda s, o: s.ReduceLROnPlateau(o, mode="low"), RangeError, "mode low is unknown!"),
        (
            lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="low"),
            RangeError,
            "threshold mode low is unknown!",
        ),
        (
            lambda s, o: s.SequentialLR(o, [], []),
            RangeError,
            "SequentialLR expects at least one scheduler, but got no scheduler.",
        ),
        (
            lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [3]),
            RangeError,
            "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone "
            "points, but got number of schedulers 1 and the number of milestones to be equal to 1",
        ),
        (
            lambda s, o: s.SequentialLR(o, [s.StepLR(_own(), 1)], []),
            RangeError,
            "SequentialLR expects all schedulers to belong to the same optimizer, but got scheduler StepLR at index 0 "
            "of another one.",
        ),
        (
            lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
            RangeError,
            "ChainedScheduler does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
            "specified when calling `step`, but got one at index 0 in the given schedulers sequence.",
        ),
    ],
)
def test_refusals(make, kind, message) -> None:
    with pytest.raises(kind) as caught:
        make(lr_scheduler, _own())
    assert str(caught.value) == message


def test_a_cycle_ends() -> None:
    optimizer = _own()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=1, pct_start=0.0)
    optimizer.step()
    scheduler.step()
    with pytest.raises(RangeError) as caught:
        scheduler.step()
    assert str(caught.value) == "Tried to step 2 times. The specified number of total steps is 1"
