"""Schedules along cosines: down once, down again and again, and up and down in one cycle."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.errors import RangeError
from tensorlab.nn.optim.optimizer import Optimizer
from tensorlab.nn.optim.schedule import LRScheduler, check_optimizer, for_each_group, rates_of


class CosineAnnealingLR(LRScheduler):
    """The rates go down to ``eta_min`` along half a cosine of ``T_max`` epochs, and up again.

    Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017 (without the restarts).
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The groups' rates in epoch ``last_epoch``, from those of the epoch before."""
        rates = rates_of(self.optimizer)
        if self._is_initial:
            return rates
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        angle = math.pi / self.T_max
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # the epoch before had no height to go by
            rise = (1 - math.cos(angle)) / 2
            return [rate + (base - self.eta_min) * rise for rate, base in zip(rates, self.base_lrs, strict=True)]
        factor = (1 + math.cos(angle * self.last_epoch)) / (1 + math.cos(angle * (self.last_epoch - 1)))
        return [factor * (rate - self.eta_min) + self.eta_min for rate in rates]

    def _get_closed_form_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The rates go down to ``eta_min`` along half a cosine of ``T_0`` epochs, then of ``T_mult`` times as many ...

    Raises: `RangeError` for lengths that are not positive.
    Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RangeError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RangeError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The groups' rates, ``T_cur`` epochs after a restart."""
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to ``epoch``, which may be a fraction.

        Raises: `RangeError` for a negative epoch.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        self.go_to(epoch)  # pyright: ignore[reportArgumentType] - here an epoch may be a fraction

    def go_to(self, epoch: float | None) -> None:
        """Set the rates of the next epoch, or of ``epoch``."""
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise RangeError(f"Expected non-negative epoch, but got {epoch}")
        else:
            self.T_i, self.T_cur = self.T_0, epoch
            while self.T_cur >= self.T_i:
                if self.T_mult == 1:
                    self.T_cur %= self.T_i
                else:
                    self.T_cur -= self.T_i
                    self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self.set_rates(self.get_lr())


class OneCycleLR(LRScheduler):
    """The rates go up to ``max_lr`` and down to almost nothing, while momentum goes down and up.

    Raises: `RangeError` for options outside their range, and for more steps than the cycle has.
    Source: Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,  # noqa: FBT001 - torch's signature
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,  # noqa: FBT001
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise RangeError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise RangeError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase=three_phase)
        self.cycle_momentum = cycle_momentum
        known = optimizer.defaults
        if cycle_momentum and "momentum" not in known and "betas" not in known:
            raise RangeError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in known
        rates = for_each_group(optimizer, "max_lr", max_lr)
        high, low = (
            for_each_group(optimizer, name, value)
            for name, value in (("max_momentum", max_momentum), ("base_momentum", base_momentum))
        )
        if last_epoch == -1:
            for k, group in enumerate(optimizer.param_groups):
                group["initial_lr"], group["max_lr"] = rates[k] / div_factor, rates[k]
                group["min_lr"] = group["initial_lr"] / final_div_factor
                if cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = high[k], low[k]
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The groups' rates at step ``last_epoch``; sets their momentum too.

        Raises: `RangeError` after the last step of the cycle.
        """
        step = self.last_epoch
        if step > self.total_steps:
            raise RangeError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        phase, share = self._place(step)
        rates: list[float] = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                value = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], share)
                if self.use_beta1:
                    group["betas"] = (value, *group["betas"][1:])
                else:
                    group["momentum"] = value
        return rates

    def _place(self, step: int) -> tuple[dict[str, Any], float]:
        """The phase that a step is in, and how much of it has passed."""
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                return phase, (step - start) / (phase["end_step"] - start)
            start = phase["end_step"]
        last = self._schedule_phases[-1]
        return last, (step - start) / (last["end_step"] - start)

    def _between(self, start: float, end: float, share: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise RangeError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    counts = {"total_steps": total_steps}
    if total_steps is None:
        counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, count in counts.items():
        if not isinstance(count, int) or count <= 0:
            raise RangeError(f"Expected positive integer {name}, but got {count}")
    return math.prod(count for count in counts.values() if count is not None)


def _phases(total_steps: int, pct_start: float, *, three_phase: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and between which options of a group it goes."""
    up: tuple[str, ...] = ("initial_lr", "max_lr", "max_momentum", "base_momentum")
    ends: list[tuple[float, tuple[str, ...]]] = [(pct_start * total_steps - 1, up)]
    if three_phase:
        ends.append((2 * pct_start * total_steps - 2, ("max_lr", "initial_lr", "base_momentum", "max_momentum")))
        ends.append((total_steps - 1, ("initial_lr", "min_lr", "max_momentum", "max_momentum")))
    else:
        ends.append((total_steps - 1, ("max_lr", "min_lr", "base_momentum", "max_momentum")))
    names = ("start_lr", "end_lr", "start_momentum", "end_momentum")
    return [{"end_step": end, **dict(zip(names, options, strict=True))} for end, options in ends]
