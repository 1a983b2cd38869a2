"""RMSprop and Adagrad: steps over the root of what squares of gradients add up to."""

from __future__ import annotations

from functools import lru_cache

from tensorlab.autograd import no_grad
from tensorlab.nn.optim.optimizer import Group, Optimizer, ParamsT, check_number, check_options
from tensorlab.nn.optim.update import STEP, Update, new_step, run_update


@lru_cache(maxsize=16)
def rmsprop_update(*, decays: bool, momentum: bool, centered: bool) -> Update:
    """The rule for these options."""
    body = ["g = g + weight_decay_ * w"] if decays else []
    body.append("v = alpha_ * v + near_ * (g * g)")
    if centered:
        body.append("m = m + near_ * (g - m)")
    body.append(f"step = g / (math.sqrt(v{' - m * m' if centered else ''}) + eps_)")
    if momentum:
        body += ["b = momentum_ * b + step", "step = b"]
    body.append("w = w - lr_ * step")
    states = [("square_avg", "v"), *([("momentum_buffer", "b")] if momentum else [])]
    states += [("grad_avg", "m")] if centered else []
    casts = ["lr", "alpha", "near", "eps", *(["weight_decay"] if decays else []), *(["momentum"] if momentum else [])]
    numbers = ("lr", "alpha", "eps", "weight_decay", "momentum")
    return Update("RMSprop", tuple(states), numbers, tuple(body), ("near = 1.0 - alpha",), tuple(casts))


@lru_cache(maxsize=4)
def adagrad_update(*, decays: bool) -> Update:
    """The rule for these options; ``t`` counts the steps."""
    body = ["g = g + weight_decay_ * w"] if decays else []
    body += ["v = v + g * g", "w = w - size_ * g / (math.sqrt(v) + eps_)"]
    casts = ("size", "eps", *(["weight_decay"] if decays else []))
    numbers = ("lr", "lr_decay", "eps", "weight_decay")
    return Update(
        "Adagrad", (("sum", "v"),), numbers, tuple(body), ("size = lr / (1.0 + (t - 1.0) * lr_decay)",), casts
    )


class RMSprop(Optimizer):
    """Gradients over the root of the running mean of their squares; ``centered`` takes the variance instead.

    ``foreach`` and ``capturable`` are kept and change nothing: every update is one loop over all parameters.

    Raises: `RangeError` for negative options.
    Source: Hinton, "Neural Networks for Machine Learning", 2012, lecture 6; Graves, "Generating Sequences With
            Recurrent Neural Networks", 2013 (``centered``).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,  # noqa: FBT001 - torch's signature
        capturable: bool = False,  # noqa: FBT001
        foreach: bool | None = None,  # noqa: FBT001
        maximize: bool = False,  # noqa: FBT001
        differentiable: bool = False,  # noqa: FBT001
    ) -> None:
        check_number("learning rate", lr, op="RMSprop")
        check_number("epsilon value", eps, op="RMSprop")
        check_number("momentum value", momentum, op="RMSprop")
        check_number("weight_decay value", weight_decay, op="RMSprop")
        check_number("alpha value", alpha, op="RMSprop")
        defaults: Group = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered}
        defaults |= {"weight_decay": weight_decay, "capturable": capturable, "foreach": foreach}
        defaults |= {"maximize": maximize, "differentiable": differentiable}
        check_options("RMSprop", defaults)
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        """Update the parameters of one group."""
        check_options("RMSprop", group)
        rule = rmsprop_update(
            decays=group["weight_decay"] != 0, momentum=group["momentum"] > 0, centered=bool(group["centered"])
        )
        numbers = {name: float(group[name]) for name in rule.numbers}
        run_update(rule, group["params"], self.state, numbers, maximize=group["maximize"])


class Adagrad(Optimizer):
    """Gradients over the root of the sum of all their squares so far.

    ``foreach`` and ``fused`` are kept and change nothing: every update is one loop over all parameters.

    Raises: `RangeError` for negative options.
    Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,  # noqa: FBT001
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_number("learning rate", lr, op="Adagrad")
        check_number("lr_decay value", lr_decay, op="Adagrad")
        check_number("weight_decay value", weight_decay, op="Adagrad")
        check_number("initial_accumulator_value value", initial_accumulator_value, op="Adagrad")
        check_number("epsilon value", eps, op="Adagrad")
        defaults: Group = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize}
        defaults |= {"differentiable": differentiable, "fused": fused}
        check_options("Adagrad", defaults)
        super().__init__(params, defaults)

    def add_param_group(self, param_group: Group) -> None:
        """Take more parameters in; the sums of their squares start at once."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        start = group["initial_accumulator_value"]
        with no_grad():
            for p in group["params"]:
                self.state[p] = {STEP: new_step(), "sum": p.detach().clone().fill_(start)}

    def update_group(self, group: Group) -> None:
        """Update the parameters of one group."""
        check_options("Adagrad", group)
        rule = adagrad_update(decays=group["weight_decay"] != 0)
        numbers = {name: float(group[name]) for name in rule.numbers}
        run_update(rule, group["params"], self.state, numbers, maximize=group["maximize"])
