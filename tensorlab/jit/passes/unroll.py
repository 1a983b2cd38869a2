"""Loop unrolling: a loop over a range runs its body several times a trip, and a second loop does the remainder.

A short loop whose number of trips is known goes altogether. What may end early by its own condition is left alone, and
so is a body so large that the loop around it costs nothing beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.types import INT
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import LOOP, Block, Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter

# As in PyTorch.
FACTOR = 8
BODY = 32
TRIPS = 64


def run(rewriter: Rewriter, *, factor: int = FACTOR, body: int = BODY, trips: int = TRIPS) -> None:
    """Run the bodies of loops several times a trip, and of short ones without a loop."""
    _block(rewriter, rewriter.graph.block, factor, body, trips)


unroll = Pass("unroll", run, {"factor": FACTOR, "body": BODY, "trips": TRIPS})


def _block(rewriter: Rewriter, block: Block, factor: int, body: int, trips: int) -> None:
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, factor, body, trips)
        if node.kind != LOOP:
            continue
        reason = _why_not(node, body)
        if reason:
            rewriter.refuse(node, rule="unroll", reason=reason, blocker=node.blocks[0].results[0])
        elif node.inputs[0].is_constant and node.inputs[0].constant < trips:
            _entirely(rewriter, node, node.inputs[0].constant)
        else:
            _in_part(rewriter, node, factor)


def _why_not(node: Node, most: int) -> str:
    start, again = node.inputs[1], node.blocks[0].results[0]
    if not (start.is_constant and start.constant and again.is_constant and again.constant):
        return "its condition may end it before its range does"
    size = sum(1 for _ in walk(node.blocks[0]))
    return f"its body has {size} nodes; at most {most} are repeated" if size > most else ""


def _entirely(rewriter: Rewriter, node: Node, trips: int) -> None:
    builder = rewriter.builder_before(node)
    carried: Sequence[Value] = node.inputs[2:]
    counter = node.blocks[0].params[0]
    for trip in range(trips):
        # An unused counter makes no constant; any int stands for it.
        count = builder.constant(trip) if counter.uses else node.inputs[0]
        carried = builder.inline(node.blocks[0], [count, *carried])[1:]
    values = dict(zip(node.outputs, carried, strict=True))
    rewriter.replace([node], values, rule="unroll", reason=f"runs {max(trips, 0)} times, which is known")


def _in_part(rewriter: Rewriter, node: Node, factor: int) -> None:
    """``n`` trips become ``n // factor`` of as many bodies each, and the remainder of one each."""
    builder = rewriter.builder_before(node)
    step = builder.constant(factor)
    # A negative number is no trips, but // and % would make some of it.
    total = builder.value("aten::max", [node.inputs[0], builder.constant(0)])
    rounds = builder.value("aten::floordiv", [total, step])
    done = builder.value("aten::mul", [rounds, step])
    rest = builder.value("aten::sub", [total, done])

    main = _loop(builder, node, rounds, node.inputs[2:])
    with builder.inside(main.blocks[0]):
        counter, *carried = main.blocks[0].params
        used = bool(node.blocks[0].params[0].uses)
        first = builder.value("aten::mul", [counter, step]) if used else counter
        for repeat in range(factor):
            count = builder.value("aten::add", [first, builder.constant(repeat)]) if used else counter
            carried = builder.inline(node.blocks[0], [count, *carried])[1:]
        builder.results(node.inputs[1], *carried)

    remainder = _loop(builder, node, rest, main.outputs)
    with builder.inside(remainder.blocks[0]):
        counter, *carried = remainder.blocks[0].params
        count = builder.value("aten::add", [counter, done]) if used else counter
        builder.results(node.inputs[1], *builder.inline(node.blocks[0], [count, *carried])[1:])

    values = dict(zip(node.outputs, remainder.outputs, strict=True))
    reason = f"{factor} bodies a trip, and a loop for the remainder"
    rewriter.replace([node], values, rule="unroll", reason=reason)


def _loop(builder: Builder, node: Node, trips: Value, carried: Sequence[Value]) -> Node:
    """An empty loop with the same carried values as ``node``."""
    types = [v.type for v in node.outputs]
    made = builder.node(LOOP, [trips, node.inputs[1], *carried], types)
    with builder.inside(builder.block(made)):
        builder.param(INT)
        for param in node.blocks[0].params[1:]:
            builder.param(param.type, param.name)
    return made
