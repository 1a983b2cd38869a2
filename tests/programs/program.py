"""A random program: statements one after the other, run on both sides as they are made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from programs import gradients, movements, statements
from programs.choices import Choices, chance, pick
from programs.side_by_side import Apart, SideBySide
from programs.statements import Scene, Unfit

NAMES = "abcdefghijklm"
LARGEST = 150  # elements of a variable that later statements may use

EXPRESSIONS: tuple[Callable[[Scene], str], ...] = (
    *(statements.create, statements.like, statements.unary, statements.unary, statements.binary, statements.binary),
    *(statements.binary, statements.ternary, statements.activation, statements.convert, statements.reduce),
    *(statements.reduce, movements.view, movements.view, movements.view, movements.view, movements.rearrange),
    *(movements.join, movements.mask, movements.gather, movements.order, movements.product, movements.matrix),
    movements.layer,
)
ACTIONS: tuple[Callable[[Scene], str], ...] = (
    *(movements.write, movements.write, movements.write, movements.write, movements.out, gradients.autograd),
    gradients.autograd,
)


def random_program(choices: Choices, length: int) -> SideBySide:
    """Run a program of about so many lines.

    Raises: `Difference` with the program, where tensorlab does not as torch does.
    """
    sides = SideBySide()
    with suppress(Apart):
        _grow(sides, choices, length)
    return sides


def _grow(sides: SideBySide, choices: Choices, length: int) -> None:
    sides.run(f"a = {statements.literal(Scene(choices, {}), (2, 3), 'float32', requires_grad=True)}")
    sides.run(f"b = {statements.literal(Scene(choices, {}), (3,), 'int64')}")
    for _ in range(length):
        scene = Scene(choices, {n: t for n, t in sides.tensors().items() if t.numel() <= LARGEST})
        try:
            line = statement(scene)
        except Unfit:
            continue
        sides.run(line)
    for line in gradients.ending(sides.tensors()):
        sides.run(line)


def statement(scene: Scene) -> str:
    choices = scene.choices
    kind = choices.integer(0, 9)
    if kind < 6:
        line = f"{pick(choices, NAMES)} = {pick(choices, EXPRESSIONS)(scene)}"
    elif kind < 9:
        line = pick(choices, ACTIONS)(scene)
    else:
        line = f"seen = {gradients.observe(scene)}"
    return f"with torch.no_grad(): {line}" if chance(choices, 8) else line
