"""A long turn of a loop in stages: each goes over a tile, and leaves what others need in memory that stays cached.

A processor looks some hundred instructions ahead. The turn of a chain with several exponentials is longer than that,
and its registers are too few; so each costly step gets a loop of its own over the same few hundred elements. Results
are stored by the last one: what is read of a tile has been read by then, also where a result lies over an operand.

On an AMD EPYC of 2021, 10 operations with sigmoid and tanh take 0.87 of the time of one loop, 30 operations 0.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tensorlab.core.dtype import Category, DType

# Elements. Of float32, a value takes 2 KiB of a cache of 32: room for those of a chain, and for what is read.
TILE = 512
TILES = "for w0 in range(0, "
_COSTLY = 7  # statements of one step: an exponential has more, arithmetic one or two
_NAME = re.compile(r"\b[vx]\d+\b")
_NARROWED = re.compile(r"\bh\d+\b")


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a loop: statements by step, how to read each operand, and statements that store the results.

    Values are ``v0``, ``v1`` and so on, operands ``x0``, ``x1``; ``dtypes`` are those that values are carried in.
    ``h0`` is ``v0`` as it lies in memory, where that is another number of bits.
    """

    steps: Sequence[Sequence[str]]
    loads: Mapping[str, str]
    stores: Sequence[str]
    dtypes: Sequence[DType]


@dataclass(frozen=True, slots=True)
class Staged:
    """What stands before all loops (memory for values on their way), and the innermost loop, or those in its place."""

    rooms: tuple[str, ...]
    lines: tuple[str, ...]


def staged(turn: Turn, size: str, index: str, beside: str) -> Staged:
    """The innermost loop of a turn; in stages where it has more than one costly step.

    ``size`` and ``index`` are the loop's, ``beside`` is the comment beside each ``for``.
    """
    ends = _ends(turn)
    spans = list(zip([0, *ends], ends, strict=False))
    bodies = [[text for step in turn.steps[begin:end] for text in step] for begin, end in spans]
    if len(ends) == 1 or not _narrowed(turn.stores) <= _narrowed(bodies[-1]):
        texts = [*(f"{name} = {text}" for name, text in turn.loads.items())]
        texts += [*(text for step in turn.steps for text in step), *turn.stores]
        return Staged((), (f"for {index} in range({size}):{beside}", *(f"    {text}" for text in texts)))
    bodies[-1] += turn.stores
    used = [dict.fromkeys(name for text in body for name in _NAME.findall(text)) for body in bodies]
    last = {name: stage for stage, names in enumerate(used) for name in names}
    sent = [
        [k for k in range(begin, end) if last.get(f"v{k}", 0) >= stage] for stage, (begin, end) in enumerate(spans, 1)
    ]
    rooms, held = _rooms(sent, last, turn.dtypes)
    lines = [f"{TILES}{size}, {TILE}):", f"    e0 = min(w0 + {TILE}, {size})"]
    for (begin, _), body, names, out in zip(spans, bodies, used, sent, strict=True):
        lines.append(f"    for {index} in range(w0, e0):{beside}")
        taken = [k for k in held if k < begin and f"v{k}" in names]
        texts = [f"v{k} = {_read(held[k], index, turn.dtypes[k])}" for k in taken]
        texts += [f"{name} = {turn.loads[name]}" for name in names if name in turn.loads]
        texts += [*body, *(f"{held[k]}[{index} - w0] = {_written(f'v{k}', turn.dtypes[k])}" for k in out)]
        lines += [f"        {text}" for text in texts]
    return Staged(tuple(rooms), tuple(lines))


def _ends(turn: Turn) -> list[int]:
    """After how many steps each stage ends: with its one costly step, the last one with all that follows it."""
    costly = [k for k, statements in enumerate(turn.steps) if len(statements) >= _COSTLY]
    return [*(k + 1 for k in costly[:-1]), len(turn.steps)]


def _narrowed(texts: Sequence[str]) -> set[str]:
    """The values that stand there as they lie in memory, in less than what they are carried in."""
    return {name for text in texts for name in _NARROWED.findall(text)}


def _rooms(
    sent: Sequence[Sequence[int]], last: Mapping[str, int], dtypes: Sequence[DType]
) -> tuple[list[str], dict[int, str]]:
    """Lines that make the memory, and the name of that of each value that is sent on.

    It goes to another value in the stage after its last reader's: no stage reads and writes the same.
    """
    lines: list[str] = []
    held: dict[int, str] = {}
    taken: dict[str, tuple[DType, int]] = {}
    for stage, values in enumerate(sent):
        for k in values:
            free = (name for name, (dtype, end) in taken.items() if dtype is dtypes[k] and end < stage)
            name = next(free, f"t{len(taken)}")
            if name not in taken:
                lines.append(f"{name} = {dtypes[k].name}_at(stack_room({TILE * dtypes[k].itemsize}))")
            taken[name] = (dtypes[k], last[f"v{k}"])
            held[k] = name
    return lines, held


def _read(room: str, index: str, dtype: DType) -> str:
    place = f"{room}[{index} - w0]"
    return f"{place} != 0" if dtype.category is Category.BOOL else place


def _written(value: str, dtype: DType) -> str:
    return f"np.uint8({value})" if dtype.category is Category.BOOL else value
