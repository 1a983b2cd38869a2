"""The loops over rows of a program: groups with reductions.

Where the tensors of a call do not lie in rows (a transposed one, no elements at all), the group's operations run one by
one, each by a loop that suits its own operands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.pointwise import RegionRunner
from tensorlab.core.region import Number, Region
from tensorlab.core.rows import RowRunner
from tensorlab.errors import TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.arena import Place
from tensorlab.jit.fused import LIMIT, FusedLoop, without_numbers
from tensorlab.jit.instructions import Code
from tensorlab.jit.ir import Span


class FusedRows(FusedLoop):
    """A region with reductions; ``call`` runs it.

    ``code`` runs its operations one by one; ``order`` says which of the loop's arguments each of its inputs is.
    """

    __slots__ = ("_code", "_order")

    def __init__(
        self,
        name: str,
        region: Region,
        spans: Sequence[Span | None],
        rooms: Sequence[Place],
        code: Code,
        order: Sequence[int],
    ) -> None:
        self._code = code
        self._order = tuple(order)
        super().__init__(name, region, spans, rooms)

    def _link(self, key: tuple[object, ...], *args: Any) -> Callable[..., Any]:
        """The closure for arguments of these layouts: one that asks no more where there is no loop for them."""
        tensors, numbers = args[: self.region.inputs], args[self.region.inputs :]
        runner, given = self._runner(numbers)
        try:
            plan = runner.plan([t.layout for t in tensors], given)
        except TensorlabError:  # an operation that does not take them says so itself, with the user's line
            found = self._one_by_one
        else:
            found = self._closure(runner, plan, numbers)
        if len(self._closures) >= LIMIT:
            self._closures.clear()
        self._closures[key] = found
        return found

    def _runner(self, numbers: Sequence[Number | None]) -> tuple[RegionRunner, list[Number]]:
        absent = tuple(n is None for n in numbers)
        found = self._runners.get(absent)
        if found is None:
            region = without_numbers(self.region, absent) if any(absent) else self.region
            found = self._runners[absent] = RowRunner(region)
        return found, [n for n in numbers if n is not None]

    def _one_by_one(self, *args: Any) -> Any:
        given = args[1:] if self._rooms else args
        results = interpret.run(self._code, [given[k] for k in self._order])
        return results[0] if len(results) == 1 else results
