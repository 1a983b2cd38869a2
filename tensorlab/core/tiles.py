"""Copies between two orders of elements: square tiles, so that each line of memory is read and written once, whole.

A copy whose source runs along one dimension and whose target along another touches a new line of memory at each
element. A tile goes through room on the stack, which no other line of either side pushes out of the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType
from tensorlab.core.shape import Shape

_LINE_NBYTES = 64
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


def tiled_loop(ndim: int, dtype: DType) -> Loop:
    """The loop over ``ndim`` dimensions in the order of `tile_order`; it takes ``meta`` as pointwise loops do."""
    kind = _INTEGERS[dtype.itemsize]
    width = min(_LINE_NBYTES // dtype.itemsize, 32)
    sizes = "\n".join(f"    n{d} = m[{d}]" for d in range(ndim))
    steps = "\n".join(f"    {o}{d} = m[{(k + 1) * ndim + d}]" for k, o in enumerate("ta") for d in range(ndim))
    walks = "\n".join(f"    {'    ' * d}for i{d} in range(n{d}):" for d in range(ndim - 2))
    source = _TEXT.substitute(
        kind=kind,
        width=width,
        room=width * width,
        sizes=sizes,
        steps=steps,
        walks=walks,
        body=_tiles(ndim, width),
    )
    return compile_loop(source, "void(int64, int64, int64)", label="tiled_copy")


def _tiles(ndim: int, width: int) -> str:
    """The tiles of the last two dimensions, inside the loops over the others."""
    depth, r, c = ndim - 2, ndim - 2, ndim - 1
    pad = "    " * (depth + 1)
    outer = range(depth)
    target, origin = (" + ".join(f"i{d} * {o}{d}" for d in outer) or "0" for o in "ta")
    text = _BODY.substitute(r=r, c=c, w=width, b=4 * width, target=target, origin=origin)
    return "".join(pad + line for line in text.splitlines(keepends=True))


_BODY = Template("""to = ${target}
at = ${origin}
for s in range(0, n${r}, ${b}):
    for q in range(0, n${c}, ${b}):
        for i in range(s, min(s + ${b}, n${r}), ${w}):
            for j in range(q, min(q + ${b}, n${c}), ${w}):
                if i + ${w} <= n${r} and j + ${w} <= n${c}:
                    for y in range(${w}):
                        line = at + i + (j + y) * a${c}
                        for x in range(${w}):
                            tile[x * ${w} + y] = a[line + x]
                    for x in range(${w}):
                        line = to + (i + x) * t${r} + j
                        for y in range(${w}):
                            o[line + y] = tile[x * ${w} + y]
                else:
                    for x in range(i, min(i + ${w}, n${r})):
                        for y in range(j, min(j + ${w}, n${c})):
                            o[to + x * t${r} + y] = a[at + x + y * a${c}]
""")

_TEXT = Template('''"""A copy in tiles of ${width} by ${width} elements, from one order into another."""

from tensorlab.core.intrinsics import ${kind}_at, int64_at
from tensorlab.core.scratch import scratch


def loop(meta, o_at, a_at):
    m = int64_at(meta)
    o = ${kind}_at(o_at)
    a = ${kind}_at(a_at)
    tile = scratch(o, ${room})
${sizes}
${steps}
${walks}
${body}''')
