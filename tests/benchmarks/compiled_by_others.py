"""The compilers that tensorlab's is measured against, and the row that comes of it.

All take the same Python function where they can: torch.jit traces or scripts it, torch.compile and JAX trace it, and
numexpr is given its text. What one of them cannot do is a cell that says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from readme_table import NOT_INSTALLED, Kind, Ratio, Row, best_other
from side_by_side import Laps, Statement, race

Array = npt.NDArray[Any]

NO_COMPILER = "no C++ compiler"
NOT_SLOWER = 1.2  # times the best other's time: what no row is to exceed

# torch.jit says that it is deprecated, torch.compile imports what is; neither is this project's to mend.
QUIET = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*TracerWarning.*"),
]


def torch_compiled(torch: Any, function: Callable[..., Any], **options: Any) -> Callable[..., Any] | str:
    """What torch.compile makes of a function, or why it cannot: its code for processors goes through C++."""
    compilers = (os.environ.get("CXX"), "g++", "clang++")
    if not any(name and shutil.which(name) for name in compilers):
        return NO_COMPILER
    torch._dynamo.reset()  # what the rows before left would count as specialisations of this one
    return torch.compile(function, **options)


def jax_waiting(jax: Any, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """``jax.jit`` of a function, called until its result is there."""
    compiled, wait = jax.jit(function, **options), jax.block_until_ready

    def call(*args: Any) -> Any:
        return wait(compiled(*args))

    return call


def call_of(function: Callable[..., Any], args: Sequence[Any]) -> Statement:
    """``f(a, b, c)`` with all of it in local variables."""
    names = {f"a{k}": value for k, value in enumerate(args)}
    return Statement(f"f({', '.join(names)})", {"f": function, **names})


def compare(
    what: str,
    entrants: Mapping[str, Statement | str],
    *,
    rounds: int,
    faster_than: Mapping[str, float] | None = None,
    best: float | None = None,
    tolerance: float | None = 1e-4,
) -> tuple[Statement, Row]:
    """The statement ``tensorlab`` against all others, and the row of it; an entrant that is a text is why it is none.

    ``faster_than`` are how many times the speed of some others is to be reached, ``best`` that of whichever is best;
    without it, tensorlab is to take at most `NOT_SLOWER` times its time. ``tolerance`` is relative to the largest
    element of the result; None compares nothing.
    """
    timed = {name: entrant for name, entrant in entrants.items() if isinstance(entrant, Statement)}
    own = timed["tensorlab"]
    if tolerance is not None:
        _same({name: statement.value() for name, statement in timed.items()}, tolerance)
    for name, statement in timed.items():  # native functions and profiling executors come in after a few calls
        statement.loop()(4 if name == "tensorlab" else 1)
    times = race(timed, rounds=rounds)
    cells: dict[str, Laps | str] = {name: times.get(name, str(entrant)) for name, entrant in entrants.items()}
    del cells["tensorlab"]
    name, laps = best_other(cells)
    goals = [Ratio(other, _laps(cells[other]), Kind.SPEED, goal) for other, goal in (faster_than or {}).items()]
    if laps is not None:
        limit = (Kind.TIME, NOT_SLOWER) if best is None else (Kind.SPEED, best)
        goals.append(Ratio(name, laps, *limit))
    eager = cells.pop("torch", "–")
    return own, Row(what, times["tensorlab"], eager, verdict=goals[0], others=cells, more=tuple(goals[1:]))


def installed(library: Any, make: Callable[[], Callable[..., Any] | str], args: Sequence[Any]) -> Statement | str:
    """A call of what ``make`` gives, or why there is none."""
    if library is None:
        return NOT_INSTALLED
    function = make()
    return function if isinstance(function, str) else call_of(function, args)


def _laps(cell: Laps | str) -> Laps | None:
    return cell if isinstance(cell, Laps) else None


def _same(values: Mapping[str, Any], tolerance: float) -> None:
    arrays = {name: _array(value) for name, value in values.items()}
    own = arrays.pop("tensorlab")
    for name, array in arrays.items():
        np.testing.assert_allclose(own, array, rtol=0, atol=tolerance * float(np.abs(array).max()), err_msg=name)


def _array(value: Any) -> Array:
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)
