"""Loops over a product: bias, activation, scale and residual are computed in the product's own memory.

The product is still in the cache then, and nothing is allocated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.region import Region
from tensorlab.core.tensor import Tensor
from tensorlab.errors import TensorlabError
from tensorlab.jit.fused import LIMIT, FusedLoop
from tensorlab.jit.ir import Span


class FusedOver(FusedLoop):
    """A region of one result, which is written over argument number ``over``; ``call`` runs it.

    Where the result would lie in another way than that argument, it gets memory of its own.
    """

    __slots__ = ("_over",)

    def __init__(self, name: str, region: Region, spans: Sequence[Span | None], over: int) -> None:
        super().__init__(name, region, spans)
        self._over = over

    def _link(self, key: tuple[object, ...], *args: Any) -> Callable[..., Any]:
        count, over = self.region.inputs, self._over
        tensors, numbers = args[:count], args[count:]
        if None in numbers or any("guard" in step.op.rules for step in self.region.steps):
            return super()._link(key, *args)
        runner, given = self._runner(numbers)
        try:
            plan = runner.plan([t.layout for t in tensors], given, over=over)
        except TensorlabError:  # told with the user's line
            return super()._link(key, *args)
        if plan.entry is None or plan.results[0] is not tensors[over].layout:
            return super()._link(key, *args)

        def run(*args: Any) -> Tensor:
            product: Tensor = args[over]
            plan.fill([product.address], [a.address for a in args[:count]], args[count:])
            return Tensor(product.storage(), product.layout, product.offset)

        if len(self._closures) >= LIMIT:
            self._closures.clear()
        self._closures[key] = run
        return run
