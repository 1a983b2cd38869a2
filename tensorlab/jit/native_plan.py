"""A graph and the layouts of its arguments in, the text of one native function out, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from tensorlab.core.compile import Loop
from tensorlab.core.index_walk import Walk
from tensorlab.core.layout import Layout
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import NONE, ClassType, DictType, EnumType, ListType, TensorType, TupleType
from tensorlab.errors import TensorlabError
from tensorlab.jit import ir
from tensorlab.jit.arena import Place as RoomPlace
from tensorlab.jit.arena import Wanted, assign_places, lower_bound
from tensorlab.jit.ir import Block, Graph, Node, Value, walk
from tensorlab.jit.native_calls import Form, write_form
from tensorlab.jit.native_composites import write_composite
from tensorlab.jit.native_control import write_if, write_loop
from tensorlab.jit.native_creation import CREATION
from tensorlab.jit.native_folds import FOLDS, write_reduction
from tensorlab.jit.native_images import IMAGES
from tensorlab.jit.native_indices import INDICES
from tensorlab.jit.native_layers import LAYERS
from tensorlab.jit.native_lists import write_list
from tensorlab.jit.native_moves import MOVES
from tensorlab.jit.native_numbers import write_number
from tensorlab.jit.native_products import PRODUCTS, write_linear
from tensorlab.jit.native_regions import OVER, dense_copy, write_in_place, write_loop_call
from tensorlab.jit.native_results import NativeStorage, write_results
from tensorlab.jit.native_scans import SCANS
from tensorlab.jit.native_text import Exit, Writer
from tensorlab.jit.native_values import (
    Absent,
    Fixed,
    NativeRefusal,
    Number,
    Place,
    RefusedError,
    Room,
    Several,
    Thing,
    kind_of,
    wrapped,
)
from tensorlab.jit.native_views import VIEWS, write_fact, write_view
from tensorlab.jit.work import work_of

RULES: dict[str, Form] = {
    **OVER,
    **CREATION,
    **FOLDS,
    **VIEWS,
    **IMAGES,
    **INDICES,
    **LAYERS,
    **MOVES,
    **PRODUCTS,
    **SCANS,
}
SAVED_SECONDS = 4e-6  # between two operations, where Python does not stand between them
MOST_WORK = 400  # operations: Numba takes some seconds for so many
_ELSEWHERE = (ir.PRINT, ir.PYTHON_OP, ir.FORMAT, ir.CREATE_OBJECT, ir.GET_ATTR, ir.SET_ATTR, ir.DICT_CONSTRUCT)


@dataclass(frozen=True, slots=True, eq=False)
class NativeInput:
    """An argument of the function: a tensor by its address, or a number.

    ``constant``: the graph holds it. ``written``: the function writes over it.
    """

    name: str
    kind: str
    form: Layout | None = None
    constant: Tensor | None = None
    place: Place | None = None
    written: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class NativePlan:
    """The text of a native function and how it is called.

    ``arena_nbytes`` is the room for its temporaries, ``lower_bound_nbytes`` the most of them that are alive at once,
    ``unshared_nbytes`` what they take each on its own. ``routines`` of BLAS and what is in ``called`` are taken by
    their addresses, which the caller gives. ``results`` says what the function gives: places in storages and arguments,
    numbers in cells, what was known beforehand. ``places`` are the first and the last line of each node in ``source``,
    from 1, by its serial.
    """

    source: str
    signature: str
    inputs: tuple[NativeInput, ...]
    storages: tuple[NativeStorage, ...]
    routines: tuple[str, ...]
    called: tuple[Loop | Walk, ...]
    cells: tuple[str, ...]
    results: tuple[Thing, ...]
    exits: tuple[Exit, ...]
    arena_nbytes: int
    lower_bound_nbytes: int
    unshared_nbytes: int
    places: Mapping[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops among what is called."""
        return tuple(c for c in self.called if isinstance(c, Loop))

    @property
    def addresses(self) -> list[int]:
        """The addresses of what is called, in order: of loops, and of the numbers of walks."""
        return [c.address if isinstance(c, Loop) else c.head for c in self.called]

    def to_dict(self) -> dict[str, object]:
        return {
            "signature": self.signature,
            "inputs": [i.name for i in self.inputs],
            "storages": [s.nbytes for s in self.storages],
            "routines": list(self.routines),
            "loops": [loop.name for loop in self.loops],
            "exits": [e.to_dict() for e in self.exits],
            "arena_nbytes": self.arena_nbytes,
            "lower_bound_nbytes": self.lower_bound_nbytes,
            "unshared_nbytes": self.unshared_nbytes,
        }


def plan_native(graph: Graph, forms: Sequence[Layout | None]) -> NativePlan | NativeRefusal:
    """Plan the native function of a graph for inputs of these layouts (None for what is no tensor).

    Cost: linear in the graph but for the rooms, each of which looks at those that are there with it. Products and folds
    of a new kind are compiled on the way.
    """
    try:
        return _Planner(graph).plan(forms)
    except RefusedError as refused:
        return refused.record()


class _Planner:
    """Writes a graph, node by node."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        nodes = list(walk(graph.block))
        self.work = work_of(graph)
        if self.work > MOST_WORK:
            raise RefusedError(f"{self.work} operations take long to compile as one function; takes up to {MOST_WORK}")
        written = [n.inputs[i].type for n in nodes if n.op is not None for i in n.op.schema.writes]
        self.w = Writer(
            writes=any(isinstance(t, TensorType) for t in written),
            writes_lists=any(isinstance(t, ListType) for t in written),
            takes_in=any(n.kind in (ir.LOOP, ir.IF) for n in nodes),
        )
        self.inputs: list[NativeInput] = []
        self.constants: dict[int, Place] = {}
        self.written_at: dict[int, tuple[int, int]] = {}  # of each node: the writer's lines before and after it

    def plan(self, forms: Sequence[Layout | None]) -> NativePlan:
        w = self.w
        for value, form in zip(self.graph.inputs, forms, strict=True):
            self._input(value, form)
        self._block(self.graph.block)
        results = [w.of(v) for v in self.graph.outputs]
        storages, cells, shown = write_results(w, results)
        if w.written and w.exits:
            raise RefusedError(
                f"may have to be left ({w.exits[0].reason}) after it wrote over an argument", w.exits[0].node
            )
        self._check_threads()
        offsets, placed = _placed(w, storages)
        names = [
            *(i.name for i in self.inputs if i.form is not None),
            *(s.name for s in storages),
            "room",
            "cells_at",
            *(["loops_at"] if w.called else []),
            *w.routines.values(),
            *(i.name for i in self.inputs if i.form is None and i.kind != "none"),
        ]
        kinds = {i.name: "float64" for i in self.inputs if i.kind == "float"}
        signature = f"void({', '.join(kinds.get(n, 'int64') for n in names)})"
        title = f"The whole graph {self.graph.name!r} as one function."
        source = w.module(title, names, offsets)
        return NativePlan(
            source,
            signature,
            tuple(replace(i, written=i.place is not None and i.place.room in w.written) for i in self.inputs),
            tuple(storages),
            tuple(w.routines),
            tuple(w.addresses.values()),
            tuple(cells),
            tuple(shown),
            tuple(w.exits),
            max((p.offset + p.nbytes for p in placed), default=0),
            lower_bound(placed),
            sum(p.nbytes for p in placed),
            self._places(source),
        )

    def _check_threads(self) -> None:
        """Refuse where a second thread saves more of large loops than is saved between operations."""
        shared = self.w.dividable
        if sum(seconds for _, seconds in shared) / 2 > self.work * SAVED_SECONDS:
            raise RefusedError(f"loops over up to {max(n for n, _ in shared)} elements, which may run in threads")

    def _input(self, value: Value, form: Layout | None) -> None:
        w = self.w
        if isinstance(value.type, TensorType):
            if form is None:
                raise RefusedError("an argument of unknown layout")
            name = w.name(f"{value.name}_at" if value.name else "", "in")
            low, high = form.span
            room = Room(name, high - low, outside=True, low=-low)
            w.things[value.serial] = place = Place(room, name, 0, form)
            self.inputs.append(NativeInput(name, "tensor", form, place=place))
        elif value.type == NONE:
            self.inputs.append(NativeInput(w.name(value.name), "none"))
            w.things[value.serial] = Fixed(None)
        elif isinstance(value.type, (TupleType, DictType, ClassType, EnumType)):
            raise RefusedError(f"an argument of type {value.type}")
        else:
            name, kind = w.name(value.name), kind_of(value.type)
            self.inputs.append(NativeInput(name, kind))
            if kind == "bool":
                w.line(f"{name}_is = {name} != 0")
                w.things[value.serial] = Number(f"{name}_is", kind)
            else:
                w.things[value.serial] = Number(name, kind)

    def _block(self, block: Block) -> None:
        for node in block.nodes:
            before = self.w.now
            try:
                self._node(node)
            except RefusedError as refused:
                refused.node = refused.node or node
                raise
            except (TensorlabError, ArithmeticError, ValueError) as error:  # where it runs, the program says so
                raise RefusedError(f"raises: {error}", node) from error
            self.written_at[node.serial] = (before, self.w.now)

    def _places(self, source: str) -> dict[int, tuple[int, int]]:
        """The lines of each node in the text of the module, which ends with what was written."""
        counts = list(accumulate((len(lines) for lines in self.w.lines), initial=0))
        start = len(source.splitlines()) - counts[-1]
        spans = {serial: (counts[a], counts[b]) for serial, (a, b) in self.written_at.items()}
        return {serial: (start + a + 1, start + b) for serial, (a, b) in spans.items() if b > a}

    def _node(self, node: Node) -> None:
        w = self.w
        match node.kind:
            case ir.CONSTANT:
                self._constant(node)
            case ir.IF:
                write_if(w, node, self._block)
            case ir.LOOP:
                write_loop(w, node, self._block, lambda place: dense_copy(w, node, place))
            case ir.TUPLE_CONSTRUCT | ir.LIST_CONSTRUCT:
                type_ = node.output.type
                python = type_.python if isinstance(type_, TupleType) else None
                parts, is_list = [w.of(v) for v in node.inputs], node.kind == ir.LIST_CONSTRUCT
                w.things[node.output.serial] = Several(parts, is_list, python, w.indent if is_list else None)
            case ir.TUPLE_UNPACK | ir.LIST_UNPACK:
                self._unpack(node)
            case ir.UNINITIALIZED:
                w.things[node.output.serial] = Absent()
            case ir.RAISE:
                w.leave("", node, "an exception of the script")
            case _:
                self._op(node)

    def _constant(self, node: Node) -> None:
        held = node.attributes["value"]
        if not isinstance(held, Tensor):
            self.w.things[node.output.serial] = wrapped(held, node)
            return
        name = self.w.name("", "constant")
        low, high = held.layout.span
        room = Room(name, high - low, outside=True, low=-low, constant=True)
        self.w.things[node.output.serial] = place = Place(room, name, 0, held.layout)
        self.inputs.append(NativeInput(name, "tensor", held.layout, held, place))

    def _unpack(self, node: Node) -> None:
        found = self.w.of(node.inputs[0])
        if not isinstance(found, Several) or len(found.parts) != len(node.outputs):
            raise RefusedError("takes apart what is not of this length", node)
        self.w.things.update(zip((v.serial for v in node.outputs), found.parts, strict=True))

    def _op(self, node: Node) -> None:
        w = self.w
        if node.kind in _ELSEWHERE or (node.op is None and node.kind != ir.FUSION_GROUP):
            raise RefusedError("is Python's to do", node)
        if node.op is not None and (node.op.random or node.op.side_effect):
            raise RefusedError("draws random numbers" if node.op.random else "has an effect outside", node)
        args = [w.of(v) for v in node.inputs]
        if any(isinstance(a, Absent) for a in args):
            raise RefusedError("takes what no one has made", node)
        for leaf in args:
            if isinstance(leaf, Place):
                w.touch(leaf.room)
        if write_list(w, node, args):
            return
        if node.kind == "prim::unchecked_unwrap_optional":
            w.things[node.output.serial] = args[0]
            return
        if node.kind in ("aten::__is__", "aten::__isnot__") and isinstance(args[1], Fixed):
            same = isinstance(args[0], Fixed) and args[0].value is args[1].value
            w.things[node.output.serial] = wrapped(same is (node.kind == "aten::__is__"), node)
            return
        if write_fact(w, node, args) or write_number(w, node, args):
            return
        if write_form(RULES, w, node, args):
            return
        if write_loop_call(w, node) or write_in_place(w, node) or write_linear(w, node, args):
            return
        if write_reduction(w, node, args) or write_view(w, node, args):
            return
        if node.kind == ir.FUSION_GROUP:
            self._one_by_one(node, args)
            return
        if write_composite(w, node, args, self._block):
            return
        raise RefusedError("has no native form", node)

    def _one_by_one(self, node: Node, args: list[Thing]) -> None:
        """A group that is no loop after all: its operations in turn."""
        subgraph: Graph = node.attributes["subgraph"]
        self.w.things.update(zip((v.serial for v in subgraph.inputs), args, strict=True))
        self._block(subgraph.block)
        self.w.things.update(zip((v.serial for v in node.outputs), map(self.w.of, subgraph.outputs), strict=True))


def _placed(w: Writer, storages: Sequence[NativeStorage]) -> tuple[dict[str, str], list[RoomPlace]]:
    """Where each room begins: in a storage of the results, or in the one room for all temporaries."""
    temporaries: list[Wanted] = []
    offsets: dict[str, str] = {}
    for room in w.rooms:
        if room.output is not None:
            offsets[room.name] = storages[room.output].name
            continue
        for name in (room.name, room.other) if room.other else (room.name,):
            temporaries.append(Wanted(name, room.nbytes, room.first, max(room.first, room.last)))
    placed = assign_places(temporaries)
    for name, place in placed.items():
        offsets[str(name)] = f"room + {place.offset}" if place.offset else "room"
    return offsets, list(placed.values())
