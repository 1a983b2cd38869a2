"""Adam, and AdamW, whose weight decay is no part of the gradient."""

from __future__ import annotations

from functools import lru_cache

from tensorlab.nn.optim.optimizer import Group, Optimizer, ParamsT, check_number, check_options
from tensorlab.nn.optim.update import Update, run_update


@lru_cache(maxsize=16)
def adam_update(name: str, *, decays: bool, decoupled: bool, amsgrad: bool) -> Update:
    """The rule for these options; ``t`` counts the steps."""
    head = ["size = lr / (1.0 - beta1**t)", "root = math.sqrt(1.0 - beta2**t)"]
    head += ["near1 = 1.0 - beta1", "near2 = 1.0 - beta2"]
    casts = ["size", "root", "near1", "near2", "beta2", "eps"]
    body: list[str] = []
    if decays and decoupled:
        head.append("rest = 1.0 - lr * weight_decay")
        casts.append("rest")
        body.append("w = w * rest_")
    elif decays:
        casts.append("weight_decay")
        body.append("g = g + weight_decay_ * w")
    body += ["m = m + near1_ * (g - m)", "v = beta2_ * v + near2_ * (g * g)"]
    if amsgrad:
        body.append("x = maximum(x, v)")
    body.append(f"w = w - size_ * m / (math.sqrt({'x' if amsgrad else 'v'}) / root_ + eps_)")
    states = [("exp_avg", "m"), ("exp_avg_sq", "v"), *([("max_exp_avg_sq", "x")] if amsgrad else [])]
    numbers = ("lr", "beta1", "beta2", "eps", "weight_decay")
    return Update(name, tuple(states), numbers, tuple(body), tuple(head), tuple(casts))


class Adam(Optimizer):
    """Steps of about ``lr`` along the running mean of gradients, over the root of the running mean of their squares.

    ``foreach``, ``capturable`` and ``fused`` are kept and change nothing: every update is one loop over all parameters.

    Raises: `RangeError` for options outside their range.
    Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015; Reddi, Kale, Kumar, "On the Convergence of
            Adam and Beyond", 2018 (``amsgrad``).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,  # noqa: FBT001 - torch's signature
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        name = type(self).__name__
        check_number("learning rate", lr, op=name)
        check_number("epsilon value", eps, op=name)
        for k, beta in enumerate(betas):
            check_number(f"beta parameter at index {k}", beta, op=name, below=1.0)
        check_number("weight_decay value", weight_decay, op=name)
        defaults: Group = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        defaults |= {"maximize": maximize, "foreach": foreach, "capturable": capturable}
        defaults |= {"differentiable": differentiable, "fused": fused}
        defaults |= {"decoupled_weight_decay": decoupled_weight_decay}
        check_options(name, defaults)
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        """Update the parameters of one group."""
        name = type(self).__name__
        check_options(name, group)
        decoupled = bool(group.get("decoupled_weight_decay", False))
        rule = adam_update(
            "AdamW" if decoupled else "Adam",
            decays=group["weight_decay"] != 0,
            decoupled=decoupled,
            amsgrad=bool(group["amsgrad"]),
        )
        beta1, beta2 = group["betas"]
        numbers = {"lr": float(group["lr"]), "beta1": float(beta1), "beta2": float(beta2), "eps": float(group["eps"])}
        numbers["weight_decay"] = float(group["weight_decay"])
        run_update(rule, group["params"], self.state, numbers, maximize=group["maximize"])


class AdamW(Adam):
    """`Adam` with weights that shrink by ``lr * weight_decay`` a step, whatever their gradients are.

    Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,  # noqa: FBT001
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: Group) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """As `Optimizer.load_state_dict`; a state of another Adam does not change where the decay goes."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
