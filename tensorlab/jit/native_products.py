"""Products in a native function: BLAS called by its address, with every size written out.

The routine's address is an argument of the function: it differs from process to process, and the machine code is kept.
"""

from __future__ import annotations

from tensorlab.core.layout import Layout, layout
from tensorlab.core.loops import LoopText
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.shape import broadcast_strides
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, maybe, settled, tensor, wide
from tensorlab.jit.native_regions import row_major, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Thing
from tensorlab.ops import blas, movement
from tensorlab.ops.arithmetic import add
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.product_plans import Steps, plan_product

_MOST_BATCHES = 16  # starts of batches that are written out one by one
_PLAIN = {"aten::matmul", "aten::mm", "aten::bmm", "aten::mv", "aten::dot"}
_ADDED = {"aten::addmm", "aten::addmv", "aten::baddbmm"}


def _plain(w: Writer, node: Node, args: list[Thing]) -> Found:
    a, b = (tensor(node, x) for x in args)
    return product(w, node, a, b)


def _sum(w: Writer, node: Node, args: list[Thing]) -> Found:
    beta, alpha = (float(settled(node, x)) for x in args[3:])
    start, a, b = (tensor(node, x) for x in args[:3])
    return _added(w, node, start, a, b, beta, alpha)


def write_linear(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write a linear layer; False for any other node, and for 16-bit floats, which are rounded after each step."""
    if node.kind != "aten::linear" or any(isinstance(a, Place) and a.form.dtype.is_half for a in args):
        return False
    w.things[node.output.serial] = _linear(w, node, args)
    return True


def product(w: Writer, node: Node, a: Place, b: Place) -> Place:
    """A new tensor ``a @ b``."""
    if node.op is not None and node.kind in _PLAIN:
        node.op.rules["type"](a.form.type, b.form.type)
    a, b, form, steps = _planned(w, node, a, b)
    target = w.fresh(form, node.output.name if len(node.outputs) == 1 else "")
    _call(w, node, steps, target, a, b, alpha=1.0, beta=0.0)
    return target


def _planned(w: Writer, node: Node, a: Place, b: Place) -> tuple[Place, Place, Layout, Steps]:
    """The operands as BLAS reads them, and how it is called."""
    plan = plan_product(a.form, b.form)
    if plan.steps is None:  # one of them lies as BLAS cannot read it
        a, b = row_major(w, node, a), row_major(w, node, b)
        plan = plan_product(a.form, b.form)
    if plan.steps is None:
        raise RefusedError("there is no BLAS to call by address", node)
    return a, b, plan.form, plan.steps


def _added(w: Writer, node: Node, start: Place, a: Place, b: Place, beta: float, alpha: float) -> Place:
    """A new tensor ``beta * start + alpha * (a @ b)``."""
    if node.op is not None and node.kind in _ADDED:
        node.op.rules["type"](start.form.type, a.form.type, b.form.type, beta, alpha)
    if not a.form.dtype.is_floating_point:
        raise RefusedError("a sum of products of integers", node)
    a, b, form, steps = _planned(w, node, a, b)
    target = w.fresh(form, node.output.name)
    if beta != 0:
        shape = tuple(form.shape)
        strides = broadcast_strides(tuple(start.form.shape), start.form.strides, shape)
        spread = Place(start.room, start.at, start.offset, layout(form.dtype, shape, strides))
        write_region(w, node, copy_runner().region, [spread], (), [target])
    _call(w, node, steps, target, a, b, alpha=alpha, beta=beta)
    return target


def _linear(w: Writer, node: Node, args: list[Thing]) -> Place:
    x, weight, bias = tensor(node, args[0]), tensor(node, args[1]), maybe(node, args[2])
    if node.op is not None:
        node.op.rules["type"](x.form.type, weight.form.type, None if bias is None else bias.form.type)
    if len(weight.form.shape) == 2:
        shape, strides, step = movement.t.rules["view"](weight.form)
        turned = weight.moved(layout(weight.form.dtype, shape, strides), step)
    else:
        turned = weight
    if bias is not None and len(x.form.shape) == 2 and len(weight.form.shape) == 2:
        return _added(w, node, bias, x, turned, 1.0, 1.0)
    found = product(w, node, x, turned)
    if bias is None:
        return found
    refs = (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1), Ref(Source.LITERAL, literal=1))
    (total,) = write_region(w, node, Region(2, 0, (Step(add, refs),), (0,)), [found, bias], ())
    return total


def _call(w: Writer, node: Node, steps: Steps, c: Place, a: Place, b: Place, *, alpha: float, beta: float) -> None:
    """Write the call, over a batch if there is one."""
    for place in (a, b, c):
        w.touch(place.room)
    if steps.swapped:
        a, b = b, a
    head = dict(zip(blas.HEAD, steps.head, strict=False))
    if not steps.routine:
        text = LoopText(steps.loop.source, steps.loop.signature, "product")
        factors = (alpha, beta) if c.form.dtype.is_floating_point else (int(alpha), int(beta))
        w.run(text, w.table(steps.head), c, a, b, *factors)
        return
    starts = steps.head[len(blas.HEAD) :]
    batches = [starts[i : i + 3] for i in range(0, len(starts), 3)]
    if len(batches) > _MOST_BATCHES:
        raise RefusedError(f"a product of {len(batches)} batches that lie apart", node)
    number = f"np.{c.form.dtype.name}"
    for start in batches:
        places = [p.moved(p.form, at).at for p, at in zip((c, a, b), start, strict=True)]
        if head["inner"] == 1:
            w.line(_text(w, steps.routine, head, number, places, alpha, beta))
            continue
        # No name is given twice: what Numba does for each that is takes as long as the function has lines.
        turn = w.name("", "turn")
        steps_of = zip(places, ("nbytes_c", "nbytes_a", "nbytes_b"), strict=True)
        moved = [f"{text} + {turn} * {head[step]}" if head[step] else text for text, step in steps_of]
        w.line(f"for {turn} in range({head['inner']}):")
        w.line("    " + _text(w, steps.routine, head, number, moved, alpha, beta))


def _text(
    w: Writer, routine: str, head: dict[str, int], number: str, places: list[str], alpha: float, beta: float
) -> str:
    """The call of BLAS; ``places`` are those of the result, the left side, the right side."""
    c, a, b = places
    given = ["np.int32(101)", f"np.int32({head['transpose_a']})"]
    if routine.endswith("gemm"):
        given += [f"np.int32({head['transpose_b']})", str(head["rows"]), str(head["columns"]), str(head["depth"])]
    else:
        given += [str(head["rows"]), str(head["columns"])]
    given += [f"{number}({alpha!r})", a, str(head["lead_a"]), b, str(head["lead_b"])]
    given += [f"{number}({beta!r})", c, str(head["lead_c"])]
    return f"call_at({w.routine(routine)}, ({', '.join(given)}))"


PRODUCTS: dict[str, Form] = {**dict.fromkeys(_PLAIN, wide(_plain)), **dict.fromkeys(_ADDED, wide(_sum))}
