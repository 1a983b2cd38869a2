"""The life of every node: from the graph that was recorded through each pass to what it is in the graph that runs.

A life is read from the records that the passes left, and has exactly one end: where the node's work is done in the last
graph, or why it is not there. What was copied, as the body of a loop is when the loop is unrolled, ends as its copies
do; where they end in different ways, the end is ``several`` with theirs as parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tensorlab.errors import RangeError
from tensorlab.jit.ir import CONSTANT, Node, Value
from tensorlab.jit.lives_ends import End, alive, common
from tensorlab.jit.lives_state import State
from tensorlab.jit.records import Decision, PassRecord

EventKind = Literal[
    "retyped", "moved", "changed", "copied", "fused", "replaced", "merged", "folded", "dissolved", "removed"
]


@dataclass(frozen=True, slots=True)
class Event:
    """What one pass did to a node. ``index`` is that of its record.

    ``became`` are the nodes of the graph after the pass that stand for it: its copies, its replacements, the group that
    it is in, or the node that gives ``value``, which stands for what it gave.
    """

    index: int
    pass_name: str
    kind: EventKind
    decision: Decision
    became: tuple[int, ...] = ()
    value: int | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "index": self.index,
            "pass": self.pass_name,
            "kind": self.kind,
            "rule": self.decision.rule,
            "reason": self.decision.reason,
            "location": self.decision.location,
            "became": list(self.became),
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Life:
    """One node: where it came from, what happened to it, what became of it.

    ``born`` is the index of the record whose pass made it, and -1 for a node of the first graph; ``origin`` the rewrite
    that it is the outcome of. ``node`` is its first form.
    """

    node: Node
    born: int
    origin: Decision | None
    events: tuple[Event, ...]
    end: End

    def to_dict(self) -> dict[str, object]:
        origin = self.origin
        return {
            "node": self.node.serial,
            "kind": self.node.kind,
            "span": None if self.node.span is None else self.node.span.to_dict(),
            "born": self.born,
            "origin": None if origin is None else {"rule": origin.rule, "reason": origin.reason},
            "events": [event.to_dict() for event in self.events],
            "end": self.end.to_dict(),
        }


class Lives:
    """The lives of all nodes that a function ever had, by their serials.

    Cost: linear in the graphs before and after the passes that changed something.
    """

    def __init__(self, records: Sequence[PassRecord]) -> None:
        self.records = tuple(records)
        self.first_nodes: Mapping[int, Node] = {}
        self._nodes: dict[int, Node] = {}  # in their first form
        self._born: dict[int, tuple[int, Decision | None]] = {}
        self._events: dict[int, list[Event]] = {}
        self._copies: dict[int, list[int]] = {}
        self._last = State()
        self.states: list[State] = []  # the graph before the first pass, then after each
        if not records:
            return
        before = State(records[0].before)
        self.states.append(before)
        self.first_nodes = dict(before.nodes)
        self._nodes.update(before.nodes)
        self._born.update((serial, (-1, None)) for serial in before.nodes)
        for index, record in enumerate(records):
            if record.changed:
                after = State(record.after)
                _Pass(self, index, record, before, after).read()
                before = after
            self.states.append(before)
        self._last = before

    def __contains__(self, serial: int) -> bool:
        return serial in self._nodes

    def __iter__(self) -> Iterator[Life]:
        """The lives of the nodes of the first graph, in the order of its text."""
        return (self.of(serial) for serial in self.first_nodes)

    def of(self, serial: int) -> Life:
        """The life of a node.

        Raises: `RangeError` for a serial that no graph has.
        """
        if serial not in self._nodes:
            raise RangeError(f"no graph of the passes has a node {serial}")
        born, origin = self._born[serial]
        return Life(self._nodes[serial], born, origin, tuple(self._events.get(serial, ())), self.end(serial))

    def end(self, serial: int) -> End:
        """What became of a node."""
        events = self._events.get(serial, [])
        last = events[-1] if events else None
        if serial in self._last.nodes:
            return alive(self._last.nodes[serial], self._last.inside.get(serial))
        if last is None:  # no pass says so; the records are not whole
            return End("removed", None)
        decision = last.decision
        if last.kind in ("replaced", "copied", "removed") and last.became:
            return common([self.end(s) for s in last.became], decision, last.pass_name)
        if last.kind == "folded":
            return End("folded", last.became[0], None, last.value, decision, last.pass_name)
        if last.kind == "merged":
            return End("merged", last.became[0] if last.became else None, None, last.value, decision, last.pass_name)
        kind = "dissolved" if last.kind == "dissolved" else "removed"
        return End(kind, None, None, last.value, decision, last.pass_name)

    # -- written by `_Pass`

    def note(self, serial: int, event: Event) -> None:
        self._events.setdefault(serial, []).append(event)

    def note_birth(self, node: Node, index: int, origin: Decision | None) -> None:
        self._nodes[node.serial] = node
        self._born[node.serial] = (index, origin)

    def note_copy(self, serial: int, copy: int) -> None:
        self._copies.setdefault(serial, []).append(copy)

    def copies_of(self, serial: int) -> list[int]:
        return self._copies.get(serial, [])


class _Pass:
    """One record: what it did to each node of the graph before it."""

    def __init__(self, lives: Lives, index: int, record: PassRecord, before: State, after: State) -> None:
        self.lives = lives
        self.index = index
        self.name = record.name
        self.record = record
        self.before = before
        self.after = after
        self.fate: dict[int, Decision] = {}
        self.origin: dict[int, Decision] = {}
        self.became: dict[int, int] = {}
        self.copies: dict[int, list[int]] = {}

    def read(self) -> None:
        touched: list[tuple[int, Decision]] = []
        for decision in self.record.rewrites:
            self.became.update((old, new) for old, new in decision.values if old != new)
            for original, copy in decision.copies:
                self.copies.setdefault(original, []).append(copy)
            for serial in decision.nodes_in:
                if serial in decision.nodes_out:
                    touched.append((serial, decision))
                else:
                    self.fate[serial] = decision
            for serial in decision.nodes_out:
                self.origin.setdefault(serial, decision)
        for serial, decision in touched:
            if serial in self.before.nodes:
                self._note(serial, _TOUCHED.get(decision.kind, "changed"), decision)
        for serial, node in self.after.nodes.items():
            if serial not in self.before.nodes:
                self.lives.note_birth(node, self.index, self._birth(serial))
        for serial in self.before.nodes:
            self._follow(serial)
        for original, copies in self.copies.items():
            for copy in copies:
                self.lives.note_copy(original, copy)

    def _birth(self, serial: int) -> Decision | None:
        """The rewrite that a new node is the outcome of; what is inside of a new node came with it."""
        place: int | None = serial
        while place is not None:
            if place in self.origin:
                return self.origin[place]
            around = self.after.around.get(place)
            place = None if around is None else around.serial
        return None

    def _follow(self, serial: int) -> None:
        if serial in self.after.nodes:
            group = self.after.inside.get(serial)
            if group is not None and serial not in self.before.inside and serial in self.fate:
                self._note(serial, "fused", self.fate[serial], (group.serial,))
            elif self._left_its_block(serial):
                self._note(serial, "moved", self.origin[serial])
            return
        decision = self._fate(serial)
        if decision is None:
            return
        node = self.before.nodes[serial]
        stands = [v for v in map(self._stand_in, node.outputs) if v is not None]
        made = tuple(dict.fromkeys(v.producer.serial for v in stands if self._is_new(v) and v.producer is not None))
        copies = tuple(self._copies(serial))
        value = stands[0].serial if stands else None
        if node.blocks:
            self._note(serial, "dissolved" if decision.kind == "replace" else "removed", decision, made, value)
        elif stands and made and node.kind != CONSTANT and self._constant(made[0]):
            self._note(serial, "folded", decision, made[:1], value)
        elif stands and made:
            self._note(serial, "replaced", decision, made, value)
        elif copies:
            self._note(serial, "copied", decision, copies)
        elif stands:
            giver = stands[0].producer
            self._note(serial, "merged", decision, () if giver is None else (giver.serial,), value)
        else:
            left = tuple(c for c in self.lives.copies_of(serial) if c in self.after.nodes)
            self._note(serial, "removed", decision, left)

    def _left_its_block(self, serial: int) -> bool:
        """Whether a rewrite let the block that a node stands in run in another place."""
        before, after = self.before.around.get(serial), self.after.around.get(serial)
        same = (None if before is None else before.serial) == (None if after is None else after.serial)
        return not same and serial in self.origin and self.origin[serial].kind == "replace"

    def _note(
        self,
        serial: int,
        kind: EventKind,
        decision: Decision,
        became: tuple[int, ...] = (),
        value: int | None = None,
    ) -> None:
        self.lives.note(serial, Event(self.index, self.name, kind, decision, became, value))

    def _fate(self, serial: int) -> Decision | None:
        """The rewrite that a node went with: its own, or that of what it stood in."""
        place: int | None = serial
        while place is not None:
            if place in self.fate:
                return self.fate[place]
            around = self.before.around.get(place)
            place = None if around is None else around.serial
        return None

    def _stand_in(self, value: Value) -> Value | None:
        """What stands for a value after the pass."""
        serial, seen = value.serial, {value.serial}
        while serial in self.became and self.became[serial] not in seen:
            serial = self.became[serial]
            seen.add(serial)
        return self.after.values.get(serial) if serial != value.serial else None

    def _is_new(self, value: Value) -> bool:
        return value.producer is not None and value.producer.serial not in self.before.nodes

    def _constant(self, serial: int) -> bool:
        return self.after.nodes[serial].kind == CONSTANT

    def _copies(self, serial: int) -> Iterator[int]:
        """The copies of a node that the pass left, those of copies that went again among them."""
        for copy in self.copies.get(serial, ()):
            if copy in self.after.nodes:
                yield copy
            else:
                yield from self._copies(copy)


_TOUCHED: dict[str, EventKind] = {"retype": "retyped", "move": "moved"}
