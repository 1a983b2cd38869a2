"""What a function was in each phase of its compilation, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Task = Literal["", "parsing", "checking", "optimisation", "translation", "execution"]


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One line of a phase: its number there, its text, and whether it is of the user's line that was asked for."""

    number: str
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """One form that the function took.

    ``task`` is what the compiler does to get there; ``count`` and ``noun`` say how much there is of it, ``marked`` how
    much of the line asked for; ``lines`` are an excerpt of ``total``. ``seconds`` is None where nothing was measured.
    """

    name: str
    task: Task
    count: int | None
    noun: str
    lines: tuple[PhaseLine, ...] = ()
    total: int = 0
    marked: int | None = None
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Phases:
    """The phases of one function. ``key`` says for which arguments, in words, empty before any call.

    ``differentiated``: all calls took tensors that require gradients, which run programs of their own. ``line`` is the
    user's line that is marked; ``label`` what a reader calls the file or cell.
    """

    name: str
    kind: str
    label: str
    key: str
    line: int | None
    phases: tuple[Phase, ...]
    differentiated: bool = False

    def to_dict(self, *, times: bool = False) -> dict[str, object]:
        """The record as plain values, without times unless asked for."""
        made = asdict(self)
        if not times:
            for phase in made["phases"]:
                del phase["seconds"]
        return {**made, "phases": list(made["phases"])}
