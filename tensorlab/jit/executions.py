"""How often each node of a graph runs for some inputs, which no type tells of a loop: the interpreter counts."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

from tensorlab.autograd.modes import no_grad
from tensorlab.errors import GraphError, RunError
from tensorlab.jit.instructions import Opcode, translate
from tensorlab.jit.interpret import Machine
from tensorlab.jit.ir import Graph
from tensorlab.ops.generator import get_rng_state, set_rng_state

_WORK = (Opcode.OP, Opcode.PRIM, Opcode.GROUP, Opcode.CONST)


def executions(graph: Graph, inputs: Sequence[Any]) -> Mapping[int, int] | None:
    """How often each node runs, by its serial, those in blocks included: nodes that never run are not there.

    The inputs may be written to. What is printed is not shown, and random numbers are drawn again afterwards.
    None where the graph cannot run on these inputs.

    Cost: one run by the interpreter.
    """
    counts: Counter[int] = Counter()
    state = get_rng_state()
    try:
        machine = Machine(translate(graph), list(inputs))
        with no_grad(), redirect_stdout(io.StringIO()):
            while not machine.done:
                instruction = machine.code.instructions[machine.pc]
                machine.step()
                if instruction.serial is not None and instruction.opcode in _WORK:
                    counts[instruction.serial] += 1
    except (RunError, GraphError):
        return None
    finally:
        set_rng_state(state)
    return counts
