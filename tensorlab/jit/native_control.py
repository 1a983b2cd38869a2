"""Branches and loops of a native function: numbers change by assignment, tensors by their addresses.

What a loop hands from turn to turn is a pointer. A turn writes what it makes into rooms of its own; a room that the
pointer stays in changes places with a second one, so that the next turn does not write over what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tensorlab.core.types import BOOL, FLOAT, INT, ListType
from tensorlab.jit.ir import ENDLESS, Block, Node, Value, walk
from tensorlab.jit.native_text import Turning, Writer
from tensorlab.jit.native_values import (
    Absent,
    Fixed,
    Number,
    Place,
    RefusedError,
    Room,
    Several,
    Thing,
    kind_of,
    leaves,
    literal,
    rebuilt,
)

WriteBlock = Callable[[Block], None]
Copy = Callable[[Place], Place]

_MOST_WRITTEN_OUT = 200  # nodes
_NOTHING = {"int": "0", "float": "0.0", "bool": "False"}  # for what no one reads


def write_if(w: Writer, node: Node, block: WriteBlock) -> None:
    """Write a branch; where it is known which one is taken, that one alone."""
    condition = w.of(node.inputs[0])
    if not isinstance(condition, Number):
        raise RefusedError("a condition that is no bool", node)
    if condition.value is not None:
        taken = node.blocks[0 if condition.value else 1]
        block(taken)
        w.things.update(zip((v.serial for v in node.outputs), map(w.of, taken.results), strict=True))
        return
    outer = w.indent
    w.line(f"if {condition.text}:")
    w.indent = outer + "    "
    ends: list[list[str]] = []
    for i, branch in enumerate(node.blocks):
        if i:
            w.indent = outer
            w.line("else:")
            w.indent = outer + "    "
        before = w.now
        block(branch)
        for value in branch.results:
            _touch(w, w.of(value))
        if w.now == before:
            w.line("pass")
        ends.append(w.gap())
    pad, w.indent = w.indent, outer
    then, otherwise = ([w.of(v) for v in b.results] for b in node.blocks)
    for output, a, b in zip(node.outputs, then, otherwise, strict=True):
        w.things[output.serial] = _joined(w, node, output, a, b, [(end, pad) for end in ends])


def _joined(w: Writer, node: Node, output: Value, a: Thing, b: Thing, ends: list[tuple[list[str], str]]) -> Thing:
    """What two branches give together; what has to be assigned is, at their ends."""
    if isinstance(a, Absent):
        return b
    if isinstance(b, Absent) or a is b:
        return a
    if isinstance(a, Several) and isinstance(b, Several) and len(a.parts) == len(b.parts):
        _check_lists(w, node, a)
        return a.with_parts([_joined(w, node, output, x, y, ends) for x, y in zip(a.parts, b.parts, strict=True)])
    if isinstance(a, Fixed) and isinstance(b, Fixed) and a.value == b.value and type(a.value) is type(b.value):
        return a
    if isinstance(a, Number) and isinstance(b, Number) and a.kind == b.kind:
        if a == b:
            return a
        name = w.name(output.name)
        for (end, pad), source in zip(ends, (a, b), strict=True):
            end.append(f"{pad}{name} = {source.text}")
        return Number(name, a.kind)
    if isinstance(a, Place) and isinstance(b, Place):
        if a.form is not b.form:
            raise RefusedError(f"a branch decides about the form of %{output.name or output.serial}", node)
        if a.at == b.at and a.room is b.room:
            return a
        made = w.pointer(output.name, a.form, [a.room, b.room])
        for (end, pad), source in zip(ends, (a, b), strict=True):
            end.append(f"{pad}{made.at} = {source.at}")
        w.touch(made.room)
        return made
    raise RefusedError("a branch decides what kind of value comes out", node)


def write_loop(w: Writer, node: Node, block: WriteBlock, copy: Copy) -> None:
    """Write a loop: ``for`` where nothing but the count ends it, else ``while``."""
    (body,) = node.blocks
    trips, condition, *start = [w.of(v) for v in node.inputs]
    if not isinstance(trips, Number) or not isinstance(condition, Number):
        raise RefusedError("a loop without a count", node)
    turn, *params = body.params
    goes_on, *results = body.results
    if condition.value is True and goes_on.constant is True and trips.value is not None and _grows(body):
        _write_turns(w, node, int(trips.value), start, block)
        return
    begins = w.now
    carried = [_carry(w, node, p, s) for p, s in zip(params, start, strict=True)]
    counted = condition.value is True and goes_on.constant is True
    count, go = w.name(turn.name, "turn"), "" if counted else w.name("go")
    if counted:
        w.line(f"for {count} in range({trips.text}):")
    else:
        w.line(f"{count} = 0")
        w.line(f"{go} = {condition.text}")
        endless = trips.value is not None and trips.value >= ENDLESS
        w.line(f"while {go}:" if endless else f"while {go} and {count} < {trips.text}:")
    outer, w.indent = w.indent, w.indent + "    "
    turning = Turning(node.serial, begins)
    w.turnings.append(turning)
    w.things[turn.serial] = Number(count, "int")
    w.things.update(zip((p.serial for p in params), carried, strict=True))
    before = w.now
    block(body)
    _hand_over(w, node, carried, [w.of(r) for r in results], copy)
    if not counted:
        again = w.of(goes_on)
        if not isinstance(again, Number):
            raise RefusedError("a condition that is no bool", node)
        w.line(f"{go} = {again.text}")
        w.line(f"{count} = {count} + 1")
    if w.now == before:
        w.line("pass")
    w.indent = outer
    w.turnings.pop()
    for room in turning.touched:
        w.touch(room)
    for output, thing in zip(node.outputs, carried, strict=True):
        w.things[output.serial] = thing
        _touch(w, thing)


def _grows(body: Block) -> bool:
    """Whether a loop changes a list from outside."""
    inner = {v.serial for n in walk(body) for v in n.outputs}
    written = [n.inputs[i] for n in walk(body) if n.op is not None for i in n.op.schema.writes]
    return any(isinstance(v.type, ListType) and v.serial not in inner for v in written)


def _write_turns(w: Writer, node: Node, trips: int, start: Sequence[Thing], block: WriteBlock) -> None:
    """Write a loop turn by turn, so that the elements of a list are known after each."""
    (body,) = node.blocks
    if trips * sum(1 for _ in walk(body)) > _MOST_WRITTEN_OUT:
        raise RefusedError(f"a list grows for {trips} turns", node)
    carried = list(start)
    for k in range(trips):
        w.things[body.params[0].serial] = literal(k)
        w.things.update(zip((p.serial for p in body.params[1:]), carried, strict=True))
        block(body)
        carried = [w.of(v) for v in body.results[1:]]
    w.things.update(zip((v.serial for v in node.outputs), carried, strict=True))


def _check_lists(w: Writer, node: Node, thing: Thing) -> None:
    """Refuse to make another of a list that may change."""
    if isinstance(thing, Several):
        if thing.is_list and w.writes_lists:
            raise RefusedError("a list that may change is handed on", node)
        for part in thing.parts:
            _check_lists(w, node, part)


def _touch(w: Writer, thing: Thing) -> None:
    for leaf in leaves(thing):
        if isinstance(leaf, Place):
            w.touch(leaf.room)


def _carry(w: Writer, node: Node, param: Value, start: Thing) -> Thing:
    """What a loop's parameter is inside, with its first value assigned."""
    _check_lists(w, node, start)

    def one(leaf: Thing) -> Thing:
        match leaf:
            case Number():
                name = w.name(param.name)
                w.line(f"{name} = {leaf.text}")
                return Number(name, leaf.kind)
            case Place():
                made = w.pointer(param.name, leaf.form, [leaf.room], carried=node.serial)
                w.line(f"{made.at} = {leaf.at}")
                return made
            case Absent() if param.type in (INT, FLOAT, BOOL):
                kind = kind_of(param.type)
                name = w.name(param.name)
                w.line(f"{name} = {_NOTHING[kind]}")
                return Number(name, kind)
            case _:
                return leaf

    return rebuilt(start, iter([one(leaf) for leaf in leaves(start)]))


def _hand_over(w: Writer, node: Node, carried: Sequence[Thing], results: Sequence[Thing], copy: Copy) -> None:
    """At the end of a turn: the next one's values, all at once."""
    pairs: list[tuple[Thing, Thing]] = []
    for old, new in zip(carried, results, strict=True):
        olds, news = list(leaves(old)), list(leaves(new))
        if len(olds) != len(news) or (isinstance(old, Several) != isinstance(new, Several)):
            raise RefusedError("a loop that changes the length of a list", node)
        pairs += zip(olds, news, strict=True)
    claimed: set[Room] = set()
    assigned: list[tuple[str, str]] = []
    for old, new in pairs:
        match old, new:
            case Number(), Number() if old.kind == new.kind:
                assigned.append((old.text, new.text))
            case Place(), Place():
                if new.form is not old.form:
                    raise RefusedError("a loop that changes the form of a tensor", node)
                w.touch(new.room)
                if new.at != old.at:
                    assigned.append((old.at, _kept(w, node, old, new, claimed, copy).at))
            case Fixed(), Fixed() if old == new:
                pass
            case _, Absent():
                pass
            case _:
                raise RefusedError("a loop that changes the kind of a value", node)
    assigned = [(a, b) for a, b in assigned if a != b]
    targets = {a for a, _ in assigned}
    if len(assigned) > 1 and any(b.split()[0] in targets for _, b in assigned):
        names = [w.name(f"{a}_next") for a, _ in assigned]
        for name, (_, b) in zip(names, assigned, strict=True):
            w.line(f"{name} = {b}")
        assigned = [(a, name) for (a, _), name in zip(assigned, names, strict=True)]
    for a, b in assigned:
        w.line(f"{a} = {b}")
    for old, new in pairs:
        if isinstance(old, Place) and isinstance(new, Place):
            _turn(w, old, claimed)


def _kept(w: Writer, node: Node, old: Place, new: Place, claimed: set[Room], copy: Copy) -> Place:
    """Where a tensor may stay while the next turn runs: it is copied where two would have to change places at once."""
    for root in new.room.roots(w.is_open):
        here = root.loops == w.loops and not root.pointer
        other = root.pointer and root.carried == node.serial and root is not old.room
        if other or (here and root in claimed) or (not here and len(root.loops) >= len(w.loops) and not root.pointer):
            if w.writes:
                raise RefusedError("a loop hands on a tensor that may be written over", node)
            new = copy(new)
            break
    for root in new.room.roots(w.is_open):
        if root.loops == w.loops and not root.pointer:
            claimed.add(root)
            root.other = root.other or w.name(f"{root.name}_other")
            root.first = w.turnings[-1].start
            old.room.of.append(root)
            w.turnings[-1].touched.add(root)
        elif root is not old.room:
            if w.writes:  # what was found to lie apart before might not in the next turn
                raise RefusedError("a loop hands on a tensor from outside, where tensors are written over", node)
            old.room.of.append(root)
    return new


def _turn(w: Writer, old: Place, claimed: set[Room]) -> None:
    """Rooms that the pointer is in now change places with their second ones."""
    for root in claimed.intersection(old.room.of):
        w.line(f"if {root.name} <= {old.at} < {root.name} + {root.nbytes}:")
        w.line(f"    {root.name}, {root.other} = {root.other}, {root.name}")
