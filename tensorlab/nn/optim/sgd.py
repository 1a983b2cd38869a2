"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from functools import lru_cache

from tensorlab.errors import RangeError
from tensorlab.nn.optim.optimizer import Group, Optimizer, ParamsT, check_number, check_options
from tensorlab.nn.optim.update import Update, run_update


@lru_cache(maxsize=16)
def sgd_update(*, decays: bool, momentum: bool, nesterov: bool) -> Update:
    """The rule for these options; ``t`` says that a buffer is new, which then starts with the gradient undamped."""
    body = ["g = g + weight_decay_ * w"] if decays else []
    head: list[str] = []
    if momentum:
        head.append("along = 1.0 - dampening * (1.0 - t)")
        body.append("b = momentum_ * b + along_ * g")
        body.append("g = g + momentum_ * b" if nesterov else "g = b")
    body.append("w = w - lr_ * g")
    casts = ["lr", *(["weight_decay"] if decays else []), *(["momentum", "along"] if momentum else [])]
    return Update(
        "SGD",
        (("momentum_buffer", "b"),) if momentum else (),
        ("lr", "momentum", "dampening", "weight_decay"),
        tuple(body),
        tuple(head),
        tuple(casts),
        counted=False,
    )


class SGD(Optimizer):
    """``w -= lr * b``, where ``b`` is the gradient, or with momentum a running sum of gradients.

    ``foreach`` and ``fused`` are kept and change nothing: every update is one loop over all parameters.

    Raises: `RangeError` for negative options, or nesterov without momentum or with dampening.
    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", 2013.

    >>> import tensorlab as tl
    >>> w = tl.ones(1, requires_grad=True)
    >>> optimizer = SGD([w], lr=0.5)
    >>> (w * 3).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([-0.5000])
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,  # noqa: FBT001 - torch's signature
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_number("learning rate", lr, op="SGD")
        check_number("momentum value", momentum, op="SGD")
        check_number("weight_decay value", weight_decay, op="SGD")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise RangeError("SGD: Nesterov momentum requires a momentum and zero dampening")
        defaults: Group = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        defaults |= {"nesterov": nesterov, "maximize": maximize, "foreach": foreach}
        defaults |= {"differentiable": differentiable, "fused": fused}
        check_options("SGD", defaults)
        super().__init__(params, defaults)

    def update_group(self, group: Group) -> None:
        """Update the parameters of one group."""
        check_options("SGD", group)
        moves = group["momentum"] != 0
        rule = sgd_update(decays=group["weight_decay"] != 0, momentum=moves, nesterov=moves and group["nesterov"])
        numbers = {name: float(group[name]) for name in rule.numbers}
        run_update(rule, group["params"], self.state, numbers, maximize=group["maximize"])
