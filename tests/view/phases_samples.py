"""Views of phases, over records written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from syntax_samples import HOSTILE

from tensorlab.jit.phase_records import Phase, PhaseLine, Phases
from tensorlab.view.mime import View
from tensorlab.view.phases import PhasesView


def record(name: str = "tone", code: str = "    y = x * gain") -> Phases:
    lines = tuple(PhaseLine(str(i), code) for i in range(2, 8))
    return Phases(
        name,
        "scripted",
        "cell 3",
        "float32[1000], float",
        None,
        (
            Phase("source", "", 9, "line", lines, 9),
            Phase("tokens", "parsing", 1, "token", lines[:1], 1),
            Phase("optimised graph", "optimisation", 11, "node", lines, 19, None, 0.0125, "5 of 15 passes changed it"),
            Phase("program", "translation", None, "line", note="compiled for the arguments of a call"),
            Phase("native code", "execution", 3848, "byte", (PhaseLine("", "vaddps %ymm0"),), 30, None, 0.5, "3 loops"),
        ),
    )


def with_line() -> Phases:
    """Line 3 marked, of which an optimised graph has nothing left."""
    made = record()
    phases = [
        replace(p, marked=1, lines=tuple(replace(x, marked=True) for x in p.lines[:1]), total=1) for p in made.phases
    ]
    phases[2] = replace(phases[2], marked=0, lines=(), total=0)
    phases[3] = replace(phases[3], marked=None, lines=(), total=0)
    return replace(made, line=3, phases=tuple(phases))


PHASES_SAMPLES: dict[str, Callable[[], View]] = {
    "phases": lambda: PhasesView(record()),
    "phases_line": lambda: PhasesView(with_line(), times=True),
    "phases_hostile": lambda: PhasesView(record(HOSTILE, HOSTILE)),
}
