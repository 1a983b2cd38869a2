"""Schedules of schedules, one after the other or all at once, and the one that goes by what is measured."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from tensorlab.errors import ArgumentError, RangeError
from tensorlab.nn.optim.optimizer import Optimizer
from tensorlab.nn.optim.schedule import LRScheduler, check_optimizer, for_each_group, rates_of


class _OfSchedules(LRScheduler):
    """A schedule made of others; its state holds theirs."""

    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule is, with the states of those it is made of."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for own, held in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            own.load_state_dict(held)


class SequentialLR(_OfSchedules):
    """One schedule up to each milestone, which starts the next one.

    Raises: `RangeError` for schedules of several optimisers, or another number of milestones than one fewer.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        check_optimizer(optimizer)
        _check_parts("SequentialLR", optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise RangeError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Making a schedule sets the rates of its first epoch: all of them are undone, and the first is made once more.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first.initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch.

        Raises: `ArgumentError` for an epoch: the schedules have their own.
        """
        if epoch is not None:
            raise ArgumentError("SequentialLR.step: takes no epoch")
        self.last_epoch += 1
        at = bisect_right(self._milestones, self.last_epoch)
        current = self._schedulers[at]
        if at > 0 and self._milestones[at - 1] == self.last_epoch:
            current.go_to(0)
        else:
            current.step()
        self._last_lr = current.get_last_lr()


class ChainedScheduler(_OfSchedules):
    """Several schedules that are stepped one after the other, each on the rates that the one before left.

    Raises: `RangeError` for schedules of several optimisers.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise RangeError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        optimizer = optimizer or schedulers[0].optimizer
        _check_parts("ChainedScheduler", optimizer, schedulers)
        self._schedulers = list(schedulers)
        self.optimizer = optimizer
        self._last_lr = rates_of(optimizer)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch.

        Raises: `ArgumentError` for an epoch: the schedules have their own.
        """
        if epoch is not None:
            raise ArgumentError("ChainedScheduler.step: takes no epoch")
        for part in self._schedulers:
            part.step()
        self._last_lr = rates_of(self.optimizer)


def _check_parts(name: str, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
    if not schedulers:
        raise RangeError(f"{name} expects at least one scheduler, but got no scheduler.")
    for k, part in enumerate(schedulers):
        if isinstance(part, ReduceLROnPlateau):
            raise RangeError(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                f"specified when calling `step`, but got one at index {k} in the given schedulers sequence."
            )
        if part.optimizer is not optimizer:
            raise RangeError(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(part).__name__} at index {k} of another one."
            )


def _undo(schedule: LRScheduler) -> None:
    if isinstance(schedule, _OfSchedules):
        for part in schedule._schedulers:
            _undo(part)
    else:
        schedule.last_epoch -= 1


class ReduceLROnPlateau(LRScheduler):
    """``factor`` times the rates once what is measured has not become better for more than ``patience`` epochs.

    Raises: `RangeError` for options outside their range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer(optimizer)
        if factor >= 1.0:
            raise RangeError("Factor should be < 1.0.")
        if mode not in ("min", "max"):
            raise RangeError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise RangeError(f"threshold mode {threshold_mode} is unknown!")
        self.factor, self.optimizer = factor, optimizer
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.min_lrs: list[float] = for_each_group(optimizer, "min_lr", min_lr)
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = rates_of(optimizer)

    @property
    def in_cooldown(self) -> bool:
        """Whether the rates went down so lately that bad epochs don't count."""
        return self.cooldown_counter > 0

    def is_better(self, value: float, best: float) -> bool:
        """Whether a measured value is better than the best by more than the threshold."""
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            bound = best * (1 + sign * self.threshold)
        else:
            bound = best + sign * self.threshold
        return value < bound if self.mode == "min" else value > bound

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Look at what was measured in this epoch, and reduce the rates if it is time to."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = rates_of(self.optimizer)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RangeError(
                    f"ReduceLROnPlateau: the optimizer has {len(groups)} param groups, and min_lrs {len(self.min_lrs)} "
                    "values; set min_lrs anew after adding a group"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            reduced = max(float(group["lr"]) * self.factor, lowest)
            if float(group["lr"]) - reduced > self.eps:
                group["lr"] = reduced
