"""Copies between two orders of elements: square tiles, so that each line of memory is read and written once, whole.

A copy whose source runs along one dimension and whose target along another touches a new line of memory at each
element. A tile is read line by line into registers, turned over there, and written line by line. Tiles go through
blocks that reach over few enough pages for the processor to know all their addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from tensorlab.core.dtype import DType
from tensorlab.core.loops import LoopText
from tensorlab.core.shape import Shape

_WIDTHS = {1: 16, 2: 8, 4: 8, 8: 4}  # elements of these sizes in a line of a tile: 16 bytes or 32, one register
_BLOCK = 64
_LEAST = 4096  # elements; below it everything is in the cache anyway
_INTEGERS = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}  # what moves elements of these sizes


def tile_order(sizes: Sequence[int], target: Sequence[int], source: Sequence[int]) -> Shape | None:
    """Dimensions with the source's own run last but one and the target's last, or None where tiles gain nothing."""
    last = len(sizes) - 1
    if last < 1 or target[last] != 1 or source[last] in (0, 1):
        return None
    run = next((d for d in range(last) if source[d] == 1), None)
    total = 1
    for n in sizes:
        total *= n
    if run is None or total < _LEAST or min(sizes[run], sizes[last]) < 4:
        return None
    return (*(d for d in range(last) if d != run), run, last)


def tiled_text(ndim: int, dtype: DType) -> LoopText:
    """The loop over ``ndim`` dimensions in the order of `tile_order`; it takes ``meta`` as pointwise loops do."""
    kind = _INTEGERS[dtype.itemsize]
    width = _WIDTHS[dtype.itemsize]
    sizes = "\n".join(f"    n{d} = m[{d}]" for d in range(ndim))
    steps = "\n".join(f"    {o}{d} = m[{(k + 1) * ndim + d}]" for k, o in enumerate("ta") for d in range(ndim))
    walks = "\n".join(f"    {'    ' * d}for i{d} in range(n{d}):" for d in range(ndim - 2))
    source = _TEXT.substitute(
        kind=kind,
        width=width,
        sizes=sizes,
        steps=steps,
        walks=walks,
        body=_tiles(ndim, width),
    )
    return LoopText(source, "void(int64, int64, int64)", "tiled_copy")


def _tiles(ndim: int, width: int) -> str:
    """The tiles of the last two dimensions, inside the loops over the others."""
    depth, r, c = ndim - 2, ndim - 2, ndim - 1
    pad = "    " * (depth + 1)
    outer = range(depth)
    target, origin = (" + ".join(f"i{d} * {o}{d}" for d in outer) or "0" for o in "ta")
    text = _BODY.substitute(r=r, c=c, w=width, b=_BLOCK, target=target, origin=origin)
    return "".join(pad + line for line in text.splitlines(keepends=True))


# The last tile of a line that is no whole number of tiles reaches back over what the one before has written.
_BODY = Template("""to = ${target}
at = ${origin}
wide = n${r} >= ${w} and n${c} >= ${w}
for s in range(0, n${r}, ${b}):
    for q in range(0, n${c}, ${b}):
        for i in range(s, min(s + ${b}, n${r}), ${w}):
            for j in range(q, min(q + ${b}, n${c}), ${w}):
                if wide:
                    x = min(i, n${r} - ${w})
                    y = min(j, n${c} - ${w})
                    transpose_square(o, to + x * t${r} + y, t${r}, a, at + y * a${c} + x, a${c}, ${w})
                else:
                    for x in range(i, min(i + ${w}, n${r})):
                        for y in range(j, min(j + ${w}, n${c})):
                            o[to + x * t${r} + y] = a[at + x + y * a${c}]
""")

_TEXT = Template('''"""A copy in tiles of ${width} by ${width} elements, from one order into another."""

from tensorlab.core.intrinsics import ${kind}_at, int64_at
from tensorlab.core.transposing import transpose_square


def loop(meta, o_at, a_at):
    m = int64_at(meta)
    o = ${kind}_at(o_at)
    a = ${kind}_at(a_at)
${sizes}
${steps}
${walks}
${body}''')
