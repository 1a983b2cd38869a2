"""What schedules share: a count of steps, the rates they start from, and how a step sets those of the optimiser."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from tensorlab.errors import ArgumentError, RangeError
from tensorlab.nn.optim.optimizer import Optimizer

_LEFT_OUT = ("optimizer",)


class LRScheduler:
    """A schedule; a subclass defines `get_lr`, from ``last_epoch`` and the groups' rates as they are.

    Making one sets the rates of its first epoch. Attributes have torch's names, for its states to be read here.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise RangeError(
                    f"param 'initial_lr' is not specified in param_groups[{k}] when resuming scheduler with "
                    f"last_epoch >= 0"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.initial_step()

    def initial_step(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """The groups' rates in epoch ``last_epoch``."""
        raise ArgumentError(f"{type(self).__name__} does not define get_lr")

    def get_last_lr(self) -> list[float]:
        """The groups' rates as the last step set them."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to ``epoch``.

        A second step before any of the optimiser's is warned of, as in torch: it skips the schedule's first rate.
        """
        if self._step_count == 1 and not self.optimizer.steps_taken:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the "
                "opposite order, or the first value of the learning rate schedule is skipped.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self.go_to(epoch)

    def go_to(self, epoch: int | None) -> None:
        """Set the rates of the next epoch, or of ``epoch``, worked out from the base rates where that can be done."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed: Any = getattr(self, "_get_closed_form_lr", None)
        self.set_rates(self.get_lr() if epoch is None or closed is None else closed())

    def set_rates(self, rates: list[float]) -> None:
        """Give each group its rate."""
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = rates_of(self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule is, but for its optimiser."""
        return {name: value for name, value in self.__dict__.items() if name not in _LEFT_OUT}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; the optimiser's rates come with the optimiser's own state."""
        self.__dict__.update(state_dict)


class FactorLR(LRScheduler):
    """A schedule that multiplies the rates as they are, so that several can be stepped one after the other."""

    def factor_now(self) -> float:
        """What the rates of the epoch before are multiplied by."""
        raise ArgumentError(f"{type(self).__name__} does not define factor_now")

    def get_lr(self) -> list[float]:
        """The groups' rates in epoch ``last_epoch``."""
        factor = self.factor_now()
        return [group["lr"] * factor for group in self.optimizer.param_groups]


def check_optimizer(optimizer: object) -> None:
    """Refuse what is no optimiser.

    Raises: `ArgumentError`.
    """
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{type(optimizer).__name__} is not an Optimizer")


def rates_of(optimizer: Optimizer) -> list[float]:
    """The groups' rates."""
    return [group["lr"] for group in optimizer.param_groups]


def for_each_group(optimizer: Optimizer, name: str, value: Any) -> list[Any]:
    """One value for all groups, or a list of one for each.

    Raises: `RangeError` for a list of another length.
    """
    if not isinstance(value, (list, tuple)):
        return [value] * len(optimizer.param_groups)
    if len(value) != len(optimizer.param_groups):
        raise RangeError(f"expected {len(optimizer.param_groups)} values for {name}, got {len(value)}")
    return list(value)
