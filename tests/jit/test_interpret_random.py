"""Random programs run by the interpreter, against an evaluation by recursion."""

from __future__ import annotations

import random
from typing import Any

import pytest
from interpreted import Builder, Ops
from interpreted import ops as ops

from tensorlab.jit.interpret import Opcode, run, steps, translate
from tensorlab.jit.ir import Block, Graph, Value


def grow(builder: Builder, rng: random.Random, known: list[Value], depth: int) -> None:
    """Random code in a block: ops, ifs and loops over whatever is known."""
    for _ in range(rng.randrange(1, 5)):
        pick = rng.random()
        if depth and pick < 0.2:
            choice = builder.node("prim::If", builder.op("lt", rng.choice(known), rng.choice(known)))
            for _ in range(2):
                inner = builder.inner(choice)
                inside = list(known)
                grow(inner, rng, inside, depth - 1)
                inner.give(rng.choice(inside))
            known.append(choice.output)
        elif depth and pick < 0.4:
            carried = [rng.choice(known) for _ in range(rng.randrange(3))]
            start = (builder.constant(rng.randrange(4)), builder.constant(True), *carried)
            loop = builder.node("prim::Loop", *start, outputs=len(carried))
            body = builder.inner(loop)
            inside = [*known, body.param(), *(body.param() for _ in carried)]
            grow(body, rng, inside, depth - 1)
            go_on = body.op("lt", rng.choice(inside), rng.choice(inside))
            body.give(go_on, *(rng.choice(inside) for _ in carried))
            known.extend(loop.outputs)
        elif pick < 0.5:
            known.append(builder.constant(rng.randrange(-3, 4)))
        elif pick < 0.65:
            known.append(builder.op("inc", rng.choice(known)))
        else:
            known.append(builder.op("add", rng.choice(known), rng.choice(known)))


def evaluate(block: Block, values: dict[int, Any]) -> list[Any]:
    """The meaning of a block, by recursion over it: what the flat code must give too."""
    for node in block.nodes:
        given = [values[v.serial] for v in node.inputs]
        if node.kind == "prim::Constant":
            results = [node.attributes["value"]]
        elif node.kind == "prim::If":
            results = evaluate(node.blocks[0 if given[0] else 1], values)
        elif node.kind == "prim::Loop":
            limit, go_on, *results = given
            turn = 0
            while turn < limit and go_on:
                values |= zip((v.serial for v in node.blocks[0].params), [turn, *results], strict=True)
                go_on, *results = evaluate(node.blocks[0], values)
                turn += 1
        else:
            assert node.op is not None
            results = [node.op.run(tuple(given))]
        values |= zip((v.serial for v in node.outputs), results, strict=True)
    return [values[v.serial] for v in block.results]


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(ops: Ops, seed: int) -> None:
    """Flat code gives what recursion gives, and at the end no register is full."""
    rng = random.Random(seed)
    graph = Graph("random")
    builder = Builder(ops, graph.block)
    known = [builder.param(), builder.param()]
    grow(builder, rng, known, depth=3)
    builder.give(rng.choice(known), rng.choice(known))
    arguments = [rng.randrange(-5, 6), rng.randrange(-5, 6)]
    expected = evaluate(graph.block, dict(zip((v.serial for v in graph.inputs), arguments, strict=True)))
    code = translate(graph)
    assert run(code, arguments) == tuple(expected)
    walked = list(steps(code, arguments))
    assert not walked[-1].after
    for step in walked:
        assert all(i.register in step.before for i in step.instruction.inputs)
        assert all(r not in step.after or r in step.instruction.outputs for r in step.freed)
    assert Opcode.RETURN is code.instructions[-1].opcode
