"""What LLVM says of the loops that it could make vector code of, and what of it stands in its text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.compile import Loop
from tensorlab.core.own_process import run_module
from tensorlab.jit.fused import FusedLoop
from tensorlab.jit.ir import Span
from tensorlab.jit.lives_remarks import MARK

_SECONDS = 120  # for a process that imports Numba and compiles some loops
_VECTOR = re.compile(r"<(\d+) x (float|double|half|bfloat|i\d+)>")


@dataclass(frozen=True, slots=True)
class LoopVectors:
    """One compiled loop: LLVM's own remarks, and the vectors in its optimised text.

    ``widths`` counts the instructions on vectors of each form (``8 x float``). ``remarks`` is `None` where LLVM could
    not be asked. ``ops`` are the operations of the loop, ``spans`` their places.
    """

    name: str
    compiled: str
    ops: tuple[str, ...]
    spans: tuple[Span | None, ...]
    remarks: tuple[str, ...] | None
    widths: tuple[tuple[str, int], ...]
    vector_blocks: int

    @property
    def vectorized(self) -> bool:
        """Whether a block of it works on vectors."""
        return self.vector_blocks > 0

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "compiled": self.compiled,
            "ops": list(self.ops),
            "spans": [None if span is None else span.to_dict() for span in self.spans],
            "remarks": None if self.remarks is None else list(self.remarks),
            "widths": [list(width) for width in self.widths],
            "vector_blocks": self.vector_blocks,
            "vectorized": self.vectorized,
        }


def vectors_of(loops: Sequence[FusedLoop], *, ask: bool = True) -> tuple[LoopVectors, ...]:
    """What became of each loop that is compiled; ``ask`` has LLVM's remarks, for which all are compiled once more.

    Cost: with ``ask`` two to three seconds for a process with Numba, and 0.1 s a loop.
    """
    compiled = [(loop, one) for loop in loops for one in loop.loops]
    each = {id(one): one for _, one in compiled}  # many fused loops of a large graph are one compiled loop
    said = remarks_of(list(each.values())) if ask and compiled else None
    told = None if said is None else dict(zip(each, said, strict=True))
    texts = {key: _in_text(one.llvm()) for key, one in each.items()}
    found: list[LoopVectors] = []
    for loop, one in compiled:
        widths, blocks = texts[id(one)]
        ops = tuple(step.op.schema.name for step in loop.region.steps)
        remarks = None if told is None else told[id(one)]
        found.append(LoopVectors(loop.name, one.name, ops, loop.spans, remarks, widths, blocks))
    return tuple(found)


def remarks_of(loops: Sequence[Loop]) -> list[tuple[str, ...]] | None:
    """LLVM's remarks on each loop, in its own words; `None` where no other process can be had to ask it in."""
    asked = json.dumps([[loop.source, loop.path, loop.signature, loop.name] for loop in loops])
    done = run_module("tensorlab.jit.lives_remarks", asked, seconds=_SECONDS)
    if done is None:
        return None
    found: list[list[str]] = []
    for line in done.stderr.splitlines():
        if line.startswith(MARK):
            found.append([])
        elif found and line.startswith("remark: "):
            found[-1].append(re.sub(r"^remark: \S+ ", "", line))
    return [tuple(remarks) for remarks in found]


def _in_text(text: str) -> tuple[tuple[tuple[str, int], ...], int]:
    """How many lines of LLVM's text have vectors of each form, and how many blocks are the bodies of vector loops."""
    counts: dict[str, int] = {}
    for line in text.splitlines():
        found = _VECTOR.search(line)
        if found:
            form = f"{found[1]} x {found[2]}"
            counts[form] = counts.get(form, 0) + 1
    blocks = len(re.findall(r"^[\w.]*vector\.body\w*:", text, re.MULTILINE))
    return tuple(sorted(counts.items(), key=lambda item: -item[1])), blocks
