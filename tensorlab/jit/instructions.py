"""A graph as instructions for a register machine: blocks flattened to jumps, last uses marked.

Each value has a register of its own. An input that is read for the last time is marked ``move``: the machine empties
its register, so that a tensor's memory goes back to the allocator there and not at the end of the call. Last uses are
found by the usual backward analysis of liveness over the flat list, so they hold across branches and loops; a register
that dies on the way into one branch only is emptied there by a ``drop``.
Source: Aho, Lam, Sethi, Ullman, *Compilers*, 2006, 9.2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from typing import Any, NamedTuple, cast

from tensorlab.core.op import Op
from tensorlab.core.types import TensorType, TupleType
from tensorlab.errors import GraphError
from tensorlab.jit.ir import (
    CONSTANT,
    CREATE_OBJECT,
    DICT_CONSTRUCT,
    ENUM_NAME,
    ENUM_VALUE,
    FORMAT,
    FUSION_GROUP,
    GET_ATTR,
    IF,
    LIST_CONSTRUCT,
    LIST_UNPACK,
    LOOP,
    PRINT,
    PYTHON_OP,
    RAISE,
    SET_ATTR,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    UNINITIALIZED,
    Block,
    Graph,
    Node,
    Span,
    Value,
)


class Opcode(Enum):
    """What an instruction makes the machine do; the value is the word that a listing shows."""

    CONST = "constant"  # put a constant into a register
    OP = "op"  # run a declared op
    PRIM = "prim"  # run one of the graph's own operations
    GROUP = "group"  # run the instructions of a fusion group
    MOVE = "move"  # put registers into registers, all at once
    NEXT = "next"  # count a loop's turn
    DROP = "drop"  # empty registers
    JUMP = "jump"
    JUMP_IF_FALSE = "jump_if_false"
    JUMP_UNLESS_NEXT = "jump_unless_next"  # (limit, turn, condition): leave a loop unless turn < limit and condition
    RETURN = "return"


_SHOWN, _LENGTH = 6, 60  # of a summary: parts of a list, characters

PRIMS = frozenset(
    {
        *(TUPLE_CONSTRUCT, TUPLE_UNPACK, LIST_CONSTRUCT, LIST_UNPACK, DICT_CONSTRUCT, FORMAT, PRINT, RAISE),
        *(ENUM_NAME, ENUM_VALUE, UNINITIALIZED, CREATE_OBJECT, GET_ATTR, SET_ATTR, PYTHON_OP),
    }
)


class Input(NamedTuple):
    """A register that is read, and whether that empties it."""

    register: int
    move: bool

    def __str__(self) -> str:
        return f"move({self.register})" if self.move else str(self.register)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: what to do, registers read and written, and the node that it comes from.

    ``serial`` is the node's, None for the code around the nodes; ``target`` is where a jump goes.
    """

    opcode: Opcode
    inputs: tuple[Input, ...] = ()
    outputs: tuple[int, ...] = ()
    kind: str = ""
    serial: int | None = None
    span: Span | None = None
    op: Op | None = None
    value: Any = None
    target: int | None = None
    code: Code | None = None

    def __str__(self) -> str:
        """``12 = add move(9), move(11), 7``."""
        given = ", ".join(map(str, self.inputs))
        match self.opcode:
            case Opcode.CONST:
                text = f"constant {summary(self.value)}"
            case Opcode.DROP:
                text = f"drop {', '.join(str(i.register) for i in self.inputs)}"
            case Opcode.OP | Opcode.PRIM | Opcode.GROUP:
                text = f"{self.kind.rpartition('::')[2]} {given}"
            case Opcode.MOVE:
                text = given
            case Opcode.JUMP | Opcode.JUMP_IF_FALSE | Opcode.JUMP_UNLESS_NEXT:
                text = f"{self.opcode.value} {given} -> {self.target}" if given else f"jump -> {self.target}"
            case _:
                text = f"{self.opcode.value} {given}"
        head = ", ".join(map(str, self.outputs))
        return f"{head} = {text}".rstrip() if head else text.rstrip()

    def to_dict(self) -> dict[str, object]:
        return {
            "opcode": self.opcode.value,
            "kind": self.kind,
            "inputs": [{"register": i.register, "move": i.move} for i in self.inputs],
            "outputs": list(self.outputs),
            "node": self.serial,
            "span": self.span.to_dict() if self.span else None,
            "target": self.target,
            "text": str(self),
        }


@dataclass(frozen=True, slots=True)
class Code:
    """A function's instructions. Arguments arrive in registers ``0 .. inputs - 1``.

    ``names`` has for each register the name of its value in the source, or an empty text; ``places`` the register of
    each value of the graph, by the value's serial.
    """

    name: str
    inputs: int
    instructions: tuple[Instruction, ...]
    names: tuple[str, ...]
    places: Mapping[int, int] = field(default_factory=dict[int, int], repr=False, compare=False)

    @property
    def registers(self) -> int:
        """How many registers the function needs."""
        return len(self.names)

    def __str__(self) -> str:
        width = len(str(len(self.instructions) - 1))
        return "\n".join(f"{pc:{width}d}  {instruction}" for pc, instruction in enumerate(self.instructions))

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "inputs": self.inputs,
            "names": list(self.names),
            "instructions": [i.to_dict() for i in self.instructions],
        }


def summary(value: Any) -> str:
    """A value in a few words: a tensor by its type (``Float(2, 2)``), anything else as Python writes it, cut short."""
    if isinstance(getattr(value, "type", None), TensorType):
        return str(value.type)
    if isinstance(value, (list, tuple)) and not _is_named(cast(object, value)):
        several = cast(Sequence[Any], value)
        parts = ", ".join(map(summary, several[:_SHOWN]))
        more = ", ..." if len(several) > _SHOWN else ""
        return f"[{parts}{more}]" if isinstance(value, list) else f"({parts}{more})"
    thing = cast(object, value)
    if type(thing).__repr__ is object.__repr__:
        return f"{type(thing).__name__} object"  # where it lies is no part of what it is
    text = repr(thing)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."


def _is_named(value: object) -> bool:
    """Whether a tuple is a named one, which tells its parts by their names."""
    return hasattr(value, "_fields")


def translate(graph: Graph) -> Code:
    """The instructions of a graph, those of its fusion groups inside them.

    Cost:   linear in the number of nodes, but for loops, each level of which adds a pass of the analysis.
    Raises: `GraphError` for a node that the machine has no instruction for, or a value that is used before it is given.
    """
    translator = _Translator(graph)
    drafts = translator.drafts
    _mark_dying(drafts)
    kept = _kept(drafts)
    position = list(accumulate(kept, initial=0))  # of each draft in the finished list
    done = tuple(d.finish(position) for d, keep in zip(drafts, kept, strict=True) if keep)
    return Code(graph.name, len(graph.inputs), done, tuple(translator.names), translator.places)


@dataclass(eq=False, slots=True)
class _Draft:
    """An instruction before its last uses are known. Register sets are bit masks; places are indices of drafts."""

    opcode: Opcode
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    node: Node | None = None
    value: Any = None
    code: Code | None = None
    target: _Draft | None = None
    index: int = -1
    follows: int = -1  # of a drop: the instruction after which, on this way, registers may be dead
    live_after: int = 0

    def finish(self, position: Sequence[int]) -> Instruction:
        node = self.node
        return Instruction(
            opcode=self.opcode,
            inputs=tuple(self._inputs()),
            outputs=self.writes,
            kind=node.kind if node else "",
            serial=node.serial if node else None,
            span=node.span if node else None,
            op=node.op if node else None,
            value=self.value,
            target=None if self.target is None else position[self.target.index],
            code=self.code,
        )

    def _inputs(self) -> Iterator[Input]:
        needed = self.live_after & ~_mask(self.writes)
        for i, register in enumerate(self.reads):
            again = needed >> register & 1 or register in self.reads[i + 1 :]
            yield Input(register, move=not again)


class _Translator:
    """Walks the blocks once and emits drafts, with a place for a drop wherever a register can die unread."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.drafts: list[_Draft] = []
        self.names: list[str] = []
        self.places: dict[int, int] = {}  # by the serial of the value
        self._emit(Opcode.MOVE, writes=self._give(graph.inputs))  # the arguments arrive: never an instruction
        self._block(graph.block)
        self._emit(Opcode.RETURN, self._take(graph.outputs))

    def _give(self, values: Sequence[Value]) -> tuple[int, ...]:
        """New registers for values that get their content now."""
        first = len(self.names)
        for value in values:
            self.places[value.serial] = len(self.names)
            self.names.append(value.name)
        return tuple(range(first, len(self.names)))

    def _take(self, values: Sequence[Value]) -> tuple[int, ...]:
        """Registers of values that were given before."""
        for value in values:
            if value.serial not in self.places:
                name = f"%{value.name}" if value.name else f"value {value.serial}"
                raise GraphError(f"graph {self.graph.name}: {name} is used before it is given")
        return tuple(self.places[value.serial] for value in values)

    def _emit(self, opcode: Opcode, reads: tuple[int, ...] = (), writes: tuple[int, ...] = (), **parts: Any) -> _Draft:
        draft = self._place(_Draft(opcode, reads, writes, **parts))
        if writes:
            self._drop(after=draft)
        return draft

    def _place(self, draft: _Draft) -> _Draft:
        draft.index = len(self.drafts)
        self.drafts.append(draft)
        return draft

    def _drop(self, after: _Draft) -> _Draft:
        return self._place(_Draft(Opcode.DROP, follows=after.index))

    def _move(self, reads: tuple[int, ...], writes: tuple[int, ...], node: Node) -> None:
        if writes:
            self._emit(Opcode.MOVE, reads, writes, node=node)

    def _block(self, block: Block) -> None:
        for node in block.nodes:
            _EMITTERS.get(node.kind, _Translator._op)(self, node)

    def _op(self, node: Node) -> None:
        if isinstance(node.attributes.get("subgraph"), Graph):  # a call whose graph is known
            self._group(node)
            return
        opcode = Opcode.PRIM if node.kind in PRIMS else Opcode.OP
        if opcode is Opcode.OP and node.op is None:
            where = f" at {node.span}" if node.span else ""
            raise GraphError(f"graph {self.graph.name}: no instruction for {node.kind}{where}")
        python = _python_of(node)
        self._emit(opcode, self._take(node.inputs), self._give(node.outputs), node=node, value=python)

    def _constant(self, node: Node) -> None:
        self._emit(Opcode.CONST, writes=self._give(node.outputs), node=node, value=node.attributes["value"])

    def _group(self, node: Node) -> None:
        code = translate(node.attributes["subgraph"])
        self._emit(Opcode.GROUP, self._take(node.inputs), self._give(node.outputs), node=node, code=code)

    def _if(self, node: Node) -> None:
        outputs = self._give(node.outputs)
        branch = self._emit(Opcode.JUMP_IF_FALSE, self._take(node.inputs), node=node)
        self._drop(after=branch)
        self._branch(node.blocks[0], outputs, node)
        leave = self._emit(Opcode.JUMP, node=node)
        branch.target = self._drop(after=branch)
        self._branch(node.blocks[1], outputs, node)
        leave.target = self._drop(after=leave)

    def _branch(self, block: Block, outputs: tuple[int, ...], node: Node) -> None:
        self._block(block)
        self._move(self._take(block.results), outputs, node)

    def _loop(self, node: Node) -> None:
        (body,) = node.blocks
        limit, *start = self._take(node.inputs)
        turn, *carried = self._give(body.params)
        condition = len(self.names)
        self.names.append("")
        state = (condition, *carried)
        self._move(tuple(start), state, node)
        self._emit(Opcode.CONST, writes=(turn,), node=node, value=0)
        test = self._emit(Opcode.JUMP_UNLESS_NEXT, (limit, turn, condition), node=node)
        self._drop(after=test)
        self._branch(body, state, node)
        self._emit(Opcode.NEXT, (turn,), (turn,), node=node)
        self._emit(Opcode.JUMP, node=node, target=test)
        test.target = self._drop(after=test)
        self._move(tuple(carried), self._give(node.outputs), node)


_EMITTERS: dict[str, Callable[[_Translator, Node], None]] = {
    CONSTANT: _Translator._constant,  # pyright: ignore[reportPrivateUsage]
    FUSION_GROUP: _Translator._group,  # pyright: ignore[reportPrivateUsage]
    IF: _Translator._if,  # pyright: ignore[reportPrivateUsage]
    LOOP: _Translator._loop,  # pyright: ignore[reportPrivateUsage]
}


def _python_of(node: Node) -> Any:
    """What an instruction needs of Python's: a class, a function, the name of an attribute."""
    if node.kind in (GET_ATTR, SET_ATTR):
        return node.attributes["name"]
    if node.kind != TUPLE_CONSTRUCT:
        return node.attributes.get("python")
    made = node.outputs[0].type
    return made.python if isinstance(made, TupleType) else None


def _mask(registers: Sequence[int]) -> int:
    mask = 0
    for register in registers:
        mask |= 1 << register
    return mask


def _mark_dying(drafts: Sequence[_Draft]) -> None:
    """Find what is live after each draft, and fill in the drops."""
    live_before = [0] * (len(drafts) + 1)
    reads = [_mask(d.reads) for d in drafts]
    writes = [_mask(d.writes) for d in drafts]
    changed = True
    while changed:  # once, and once more for each level of loops
        changed = False
        for i in range(len(drafts) - 1, -1, -1):
            draft = drafts[i]
            after = live_before[draft.target.index] if draft.target else 0
            if draft.opcode not in (Opcode.JUMP, Opcode.RETURN):
                after |= live_before[i + 1]
            before = reads[i] | after & ~writes[i]
            draft.live_after = after
            changed = changed or before != live_before[i]
            live_before[i] = before
    for i, draft in enumerate(drafts):
        if draft.opcode is Opcode.DROP:
            arriving = drafts[draft.follows].live_after | writes[draft.follows]
            dead = arriving & ~live_before[i]
            draft.reads = tuple(r for r in range(dead.bit_length()) if dead >> r & 1)


def _kept(drafts: Sequence[_Draft]) -> list[bool]:
    """Which drafts become instructions: none that moves or drops nothing, no jump to what comes next anyway."""
    kept = [bool(d.reads) or d.opcode not in (Opcode.MOVE, Opcode.DROP) for d in drafts]
    for i in range(len(drafts) - 1, -1, -1):
        target = drafts[i].target
        if drafts[i].opcode is Opcode.JUMP and target is not None and target.index > i:
            kept[i] = any(kept[i + 1 : target.index])
    return kept
