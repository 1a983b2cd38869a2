"""A graph and the layouts of its arguments in, the text of one native function out, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.layout import Layout
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ClassType, DictType, EnumType, TensorType, TupleType
from tensorlab.errors import TensorlabError
from tensorlab.jit import ir
from tensorlab.jit.arena import Wanted, assign_places, lower_bound
from tensorlab.jit.ir import Block, Graph, Node, Value, walk
from tensorlab.jit.native_control import write_if, write_loop
from tensorlab.jit.native_numbers import index_text, write_number
from tensorlab.jit.native_products import write_product
from tensorlab.jit.native_tensors import (
    RULES,
    dense_copy,
    write_fact,
    write_in_place,
    write_loop_call,
    write_reduction,
    write_view,
)
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

MOST_NODES = 400  # Numba takes a second for each few hundred
_UNWRAPPED = ("prim::unchecked_unwrap_optional", "prim::NumToTensor")
_ELSEWHERE = (ir.PRINT, ir.PYTHON_OP, ir.FORMAT, ir.CREATE_OBJECT, ir.GET_ATTR, ir.SET_ATTR, ir.DICT_CONSTRUCT)


@dataclass(frozen=True, slots=True, eq=False)
class NativeInput:
    """An argument of the function: a tensor by its address, or a number. ``constant``: the graph holds it."""

    name: str
    kind: str
    form: Layout | None = None
    constant: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NativeStorage:
    """A storage that the caller allocates for results: the argument with its address, and its size."""

    name: str
    nbytes: int


@dataclass(frozen=True, slots=True, eq=False)
class NativePlan:
    """The text of a native function and how it is called.

    ``arena_nbytes`` is the room for its temporaries, ``lower_bound_nbytes`` the most of them that are alive at once,
    ``unshared_nbytes`` what they take each on its own. ``results`` says what the function gives: places in storages and
    arguments, numbers in cells, what was known beforehand.
    """

    source: str
    signature: str
    inputs: tuple[NativeInput, ...]
    storages: tuple[NativeStorage, ...]
    routines: tuple[str, ...]
    cells: tuple[str, ...]
    results: tuple[Thing, ...]
    exits: tuple[Exit, ...]
    arena_nbytes: int
    lower_bound_nbytes: int
    unshared_nbytes: int

    def to_dict(self) -> dict[str, object]:
        return {
            "signature": self.signature,
            "inputs": [i.name for i in self.inputs],
            "storages": [s.nbytes for s in self.storages],
            "routines": list(self.routines),
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
        if len(nodes) > MOST_NODES:
            raise RefusedError(f"{len(nodes)} nodes take longer to compile than they save; at most {MOST_NODES} do not")
        self.w = Writer(writes=any(n.op is not None and n.op.schema.writes for n in nodes))
        self.inputs: list[NativeInput] = []
        self.constants: dict[int, Place] = {}

    def plan(self, forms: Sequence[Layout | None]) -> NativePlan:
        w = self.w
        for value, form in zip(self.graph.inputs, forms, strict=True):
            self._input(value, form)
        self._block(self.graph.block)
        results = [w.of(v) for v in self.graph.outputs]
        storages, cells, shown = _Results(w).write(results)
        offsets, wanted = _placed(w)
        names = [
            *(i.name for i in self.inputs if i.form is not None),
            *(s.name for s in storages),
            "room",
            "cells_at",
            *w.routines.values(),
            *(i.name for i in self.inputs if i.form is None),
        ]
        kinds = {i.name: "float64" for i in self.inputs if i.kind == "float"}
        signature = f"void({', '.join(kinds.get(n, 'int64') for n in names)})"
        title = f"The whole graph {self.graph.name!r} as one function."
        return NativePlan(
            w.module(title, names, offsets),
            signature,
            tuple(self.inputs),
            tuple(storages),
            tuple(w.routines),
            tuple(cells),
            tuple(shown),
            tuple(w.exits),
            max((p.offset + p.nbytes for p in wanted.values()), default=0),
            lower_bound(list(wanted.values())),
            sum(p.nbytes for p in wanted.values()),
        )

    def _input(self, value: Value, form: Layout | None) -> None:
        w = self.w
        if isinstance(value.type, TensorType):
            if form is None:
                raise RefusedError("an argument of unknown layout")
            name = w.name(f"{value.name}_at" if value.name else "", "in")
            low, high = form.span
            room = Room(name, high - low, outside=True, low=-low)
            self.inputs.append(NativeInput(name, "tensor", form))
            w.things[value.serial] = Place(room, name, 0, form)
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
            try:
                self._node(node)
            except RefusedError as refused:
                refused.node = refused.node or node
                raise
            except TensorlabError as error:  # it raises when it runs, and the program says so
                raise RefusedError(f"raises: {error}", node) from error

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
                parts = tuple(map(w.of, node.inputs))
                w.things[node.output.serial] = Several(parts, node.kind == ir.LIST_CONSTRUCT, python)
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
        room = Room(name, high - low, outside=True, low=-low)
        self.inputs.append(NativeInput(name, "tensor", held.layout, held))
        self.w.things[node.output.serial] = Place(room, name, 0, held.layout)

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
        if node.kind == "aten::__getitem__" and isinstance(args[0], Several):
            self._getitem(node, args[0], args[1])
            return
        if node.kind == "prim::unchecked_unwrap_optional":
            w.things[node.output.serial] = args[0]
            return
        if write_fact(w, node, args) or write_number(w, node, args):
            return
        if node.kind in RULES:
            w.things[node.output.serial] = RULES[node.kind](w, node, args)
            return
        if write_loop_call(w, node) or write_in_place(w, node) or write_product(w, node, args):
            return
        if write_reduction(w, node, args) or write_view(w, node, args):
            return
        raise RefusedError("has no native form", node)

    def _getitem(self, node: Node, parts: Several, index: Thing) -> None:
        if not isinstance(index, Number) or index.value is None or not parts.parts:
            raise RefusedError("an element of a list by a number that is not known beforehand", node)
        at = int(index_text(self.w, node, index, len(parts.parts)))
        self.w.things[node.output.serial] = parts.parts[at]


class _Results:
    """The end of a function: tensors into storages, numbers into cells."""

    def __init__(self, w: Writer) -> None:
        self.w = w
        self.storages: list[NativeStorage] = []
        self.cells: list[str] = []
        self.met: dict[tuple[Room, str, int], Thing] = {}
        self.roots: set[Room] = set()

    def write(self, results: Sequence[Thing]) -> tuple[list[NativeStorage], list[str], list[Thing]]:
        shown = [self._one(r) for r in results]
        return self.storages, self.cells, shown

    def _one(self, thing: Thing) -> Thing:
        match thing:
            case Several():
                return thing.with_parts([self._one(p) for p in thing.parts])
            case Number() if thing.value is None:
                self.cells.append(thing.kind)
                at = len(self.cells)
                where = "numbers" if thing.kind == "float" else "cells"
                text = f"1 if {thing.text} else 0" if thing.kind == "bool" else thing.text
                self.w.line(f"{where}[{at}] = {text}")
                return Number(f"cell{at}", thing.kind)
            case Place():
                key = (thing.room, thing.at, id(thing.form))
                if key not in self.met:
                    self.met[key] = self._place(thing)
                return self.met[key]
            case Absent():
                return Fixed(None)
            case _:
                return thing

    def _place(self, place: Place) -> Place:
        """A result where it is, if it may be there; else a copy of it.

        A result that turns out to be an argument itself is the program's to give: it is no copy.
        """
        w, room = self.w, place.room
        w.touch(room)
        if place.offset is not None and room.outside:
            return place
        if place.offset is not None and not room.pointer and not room.loops:
            if room.output is None:
                if room in self.roots:
                    raise RefusedError("results that may share memory")
                self._storage(room)
            return place
        roots = room.roots()
        if roots & self.roots:
            raise RefusedError("results that may share memory")
        self.roots |= roots
        for root in sorted((r for r in roots if r.outside), key=lambda r: r.name):
            if root.nbytes:
                first = f"{root.name} - {root.low}" if root.low else root.name
                w.leave(f"{first} <= {place.at} < {first} + {root.nbytes}", None, "a result is an argument")
        if any(not r.outside and not r.pointer and r.output is not None for r in roots):
            raise RefusedError("results that may share memory")
        target = w.fresh(place.form)
        low, _ = place.form.span
        w.line(f"move_bytes({target.room.name}, {place.at} - {-low}, {target.room.nbytes})")
        self._storage(target.room)
        return target

    def _storage(self, room: Room) -> None:
        self.roots.add(room)
        room.output = len(self.storages)
        self.storages.append(NativeStorage(f"out{room.output}", room.nbytes))


def _placed(w: Writer) -> tuple[dict[str, str], dict[str, Wanted]]:
    """Where each room begins: in a storage of the results, or in the one room for all temporaries."""
    temporaries: list[Wanted] = []
    offsets: dict[str, str] = {}
    for room in w.rooms:
        if room.output is not None:
            offsets[room.name] = f"out{room.output}"
            continue
        for name in (room.name, f"{room.name}_other") if room.turns else (room.name,):
            temporaries.append(Wanted(name, room.nbytes, room.first, max(room.first, room.last)))
    placed = assign_places(temporaries)
    for name, place in placed.items():
        offsets[name] = f"room + {place.offset}" if place.offset else "room"
    return offsets, placed
