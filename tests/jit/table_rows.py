"""Rows of text as programs: ``name: statement; statement; result``, over arguments that are known by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.jit.scripting.program import Program

# What each name stands for: the annotation, and how a library makes the argument.
ARGUMENTS: dict[str, tuple[str, Any]] = {
    "x": ("Tensor", [[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]]),
    "y": ("Tensor", [[2.0, 0.5, -1.0], [-3.0, 1.5, 0.75]]),
    "v": ("Tensor", [0.5, -1.5, 2.0]),
    "m": ("Tensor", [[2.0, 0.5, 0.0], [0.5, 3.0, -1.0], [0.0, -1.0, 4.0]]),
    "i": ("Tensor", [[7, -7, 3], [-3, 0, 5]]),
    "j": ("Tensor", [[2, 2, -2], [-2, 3, -3]]),
    "b": ("Tensor", [[True, False, True], [False, False, True]]),
    "z": ("Tensor", 1.5),
    "e": ("Tensor", [[], []]),
    "p": ("Tensor", [[[[(3 * r + 5 * c + 2 * k) % 7 / 2 - 1 for c in range(4)] for r in range(4)] for k in range(2)]]),
    "q": (
        "Tensor",
        [[[[(r + c + k + o) % 3 - 1.0 for c in range(3)] for r in range(3)] for k in range(2)] for o in (0, 1)],
    ),
    "n": ("int", 2),
    "k": ("int", -7),
    "s": ("float", 0.5),
    "g": ("bool", True),
    "xs": ("List[Tensor]", [[[1.0, -2.0]], [[3.0, 0.5]]]),
}
NUMBERS = ("n", "k", "s", "g")


@dataclass(frozen=True, slots=True)
class Row:
    """A program of one row; ``names`` are its arguments, in order."""

    name: str
    program: Program
    names: tuple[str, ...]

    @property
    def traceable(self) -> bool:
        """Whether its arguments are tensors, or numbers that a trace can bake in."""
        return all(n != "xs" for n in self.names) and any(n not in NUMBERS for n in self.names)


def arguments(names: tuple[str, ...], library: Any, *, turned: bool = False) -> dict[str, Any]:
    """The arguments by name; ``turned``, floating tensors have the other sign."""
    found: dict[str, Any] = {}
    for name in names:
        kind, data = ARGUMENTS[name]
        if kind == "Tensor":
            made = library.tensor(data)
            found[name] = -made if turned and made.dtype == library.float32 and name != "m" else made
        else:
            found[name] = [library.tensor(part) for part in data] if kind == "List[Tensor]" else data
    return found


def rows(family: str, text: str) -> tuple[Row, ...]:
    """The rows of a text, one a line."""
    return tuple(_row(family, line) for line in text.strip().splitlines())


def _row(family: str, line: str) -> Row:
    name, _, code = line.partition(": ")
    *statements, result = code.split("; ")
    used = set(re.findall(r"(?<![\w.\"'])([a-z]+)\b(?!\s*=[^=])", code)) | set(
        re.findall(r"\b([a-z]+)(?=\s*[-+*/]?=)", code)
    )
    names = tuple(n for n in ARGUMENTS if n in used)
    head = ", ".join(f"{n}: {ARGUMENTS[n][0]}" for n in names)
    body = "".join(f"    {s}\n" for s in (*statements, f"return {result}"))
    return Row(f"{family}: {name}", Program(f"{family}: {name}", f"def f({head}):\n{body}", ()), names)
