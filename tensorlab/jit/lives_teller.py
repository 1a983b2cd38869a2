"""Telling lives in words: with the names that the graphs print, and with the places in what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tensorlab.jit.ir import CONSTANT, Graph, Node, Value
from tensorlab.jit.lives import Event, Life, Lives
from tensorlab.jit.lives_ends import End
from tensorlab.jit.lives_places import Place
from tensorlab.jit.lives_state import State
from tensorlab.jit.lives_values import Step, Told, ValueLife, source_of
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names, format_constant, format_node

MOST_COPIES = 6


class Teller:
    """Tells lives in words; ``names`` has the names that the graphs are printed with.

    ``place`` finds an end in what runs, `None` where nothing runs yet.
    """

    def __init__(self, lives: Lives, names: Names, place: Callable[[End], Place | None]) -> None:
        self.lives = lives
        self.names = names
        self.place = place

    # -- values

    def value(self, value: Value) -> ValueLife:
        """The life of a value of any of the graphs."""
        node = self.giver(value)
        if node is None:
            return self._given(value)
        return replace(self.node(self.lives.of(node.serial)), name=self.names.of(value))

    def node(self, life: Life) -> ValueLife:
        """The life of a node, by the name of the first value that it gives."""
        node, ends = life.node, _parts(life.end)
        told = tuple(Told(end, self.words(end), self.place(end)) for end in ends[:MOST_COPIES])
        return ValueLife(
            self.names.of(node.outputs[0]) if node.outputs else node.kind,
            "node",
            format_node(node, self.names),
            self.born(life),
            source_of(node.span),
            tuple(self._steps(life, 0)),
            told,
            life.end.kind,
            max(0, len(ends) - MOST_COPIES),
        )

    def giver(self, value: Value) -> Node | None:
        """The node that gave a value first; `None` for an argument of the function or a parameter of a block."""
        found = (state.values[value.serial] for state in self.lives.states if value.serial in state.values)
        first = next(found, None)
        return None if first is None else first.producer

    def born(self, life: Life) -> str:
        """``made by unroll, rule unroll``; empty for what was recorded."""
        if life.born < 0:
            return ""
        name = self.lives.records[life.born].name
        return f"made by {name}" + (f": {life.origin.reason}" if life.origin is not None else "")

    def _given(self, value: Value) -> ValueLife:
        """A value that no node gives: an argument of the function, or a parameter of a block."""
        states = self.lives.states
        first = next((i for i, state in enumerate(states) if value.serial in state.values), 0)
        is_input = any(v.serial == value.serial for v in self.lives.records[0].before.inputs)
        text = f"{self.names.of(value)} : {states[first].values[value.serial].type}"
        steps: list[Step] = []
        quiet: list[str] = []
        old: Value | None = states[first].values[value.serial]
        for record, state in zip(self.lives.records[first:], states[first + 1 :], strict=False):
            new = state.values.get(value.serial)
            if old is not None and (new is None or new.type != old.type):
                steps += _kept(quiet, text, 0)
                kind = "removed" if new is None else "retyped"
                after = "" if new is None else f"{self.names.of(value)} : {new.type}"
                decision = next((d for d in record.rewrites if value.serial in {a for a, _ in d.values}), None)
                reason = "" if decision is None else decision.reason
                steps.append(Step((record.name,), kind, text, after, reason))
                text = after or text
            elif old is not None:
                quiet.append(record.name)
            old = new
        steps += _kept(quiet, text, 0)
        last = states[-1].values.get(value.serial)
        if is_input:
            role, kind, words = "input", "argument", "an argument of what runs"
        else:
            role, kind = "parameter", "parameter" if last is not None else "dissolved"
            words = "a parameter of a block of what runs" if last is not None else "went with its block"
        end = End("structure" if last is not None else "dissolved", None)
        return ValueLife(self.names.of(value), role, text, "", None, tuple(steps), (Told(end, words, None),), kind)

    # -- steps

    def _steps(self, life: Life, depth: int) -> Iterator[Step]:
        """A step for each pass that did something to a node, then those of what it became, if that is one thing."""
        quiet: list[str] = []
        by_pass: dict[int, list[Event]] = {}
        for event in life.events:
            by_pass.setdefault(event.index, []).append(event)
        last = life.events[-1] if life.events else None
        for index, record in enumerate(self.lives.records):
            if index <= life.born:
                continue
            if index not in by_pass:
                quiet.append(record.name)
                continue
            yield from _kept(quiet, self._text(index, life.node), depth)
            for event in by_pass[index]:
                yield self._step(event, life.node, depth)
            if last is not None and last.index == index and last.kind in _ENDING:
                break
        else:
            yield from _kept(quiet, self._text(len(self.lives.records), life.node), depth)
        if last is not None and last.kind in ("replaced", "copied") and len(last.became) == 1:
            yield from self._steps(self.lives.of(last.became[0]), depth + 1)

    def _step(self, event: Event, node: Node, depth: int) -> Step:
        decision = event.decision
        return Step(
            (event.pass_name,),
            event.kind,
            self._text(event.index, node),
            self._after(event, node),
            decision.reason,
            decision.rule,
            decision.location,
            depth,
        )

    def _text(self, index: int, node: Node) -> str:
        """The node as it stood before the pass of that index."""
        return format_node(self.lives.states[index].nodes.get(node.serial, node), self.names)

    def _after(self, event: Event, node: Node) -> str:
        """What stands for a node after a pass."""
        state = self.lives.states[event.index + 1]
        match event.kind:
            case "retyped" | "moved" | "changed":
                now = state.nodes.get(node.serial)
                return "" if now is None else format_node(now, self.names)
            case "fused":
                group = state.nodes[event.became[0]]
                return f"{group.kind}_{self.names.group(group)}"
            case "folded":
                return _constant_text(state.nodes[event.became[0]])
            case "merged":
                return "" if event.value is None else self._printed(event.value, state)
            case _:
                texts = [format_node(state.nodes[s], self.names) for s in event.became[:MOST_COPIES]]
                more = len(event.became) - len(texts)
                return "; ".join([*texts, *([f"and {more} more"] if more > 0 else [])])

    def _printed(self, serial: int, state: State) -> str:
        return self.names.of(state.values[serial])

    # -- ends

    def words(self, end: End) -> str:
        """How a life ended, in a few words."""
        decision = end.decision
        why = "" if decision is None else f" by {end.pass_name}: {decision.reason}"
        match end.kind:
            case "merged":
                return f"merged into {self._value(end)}{why}"
            case "folded":
                node = self._node(end)
                return f"folded to {_constant_text(node) if node is not None else 'a constant'}{why}"
            case "removed":
                return f"removed{why}"
            case "dissolved":
                stands = "" if end.value is None else f", {self._value(end)} stands for what it gave"
                return f"dissolved{why}{stands}"
            case "several":
                kinds = list(dict.fromkeys(part.kind for part in end.parts))
                return f"its {len(end.parts)} copies ended in {len(kinds)} ways: {', '.join(kinds)}"
            case _:
                return self._alive(end)

    def _alive(self, end: End) -> str:
        node = self._node(end)
        if node is None:
            return end.kind
        inside = self._group(end)
        match end.kind:
            case "loop":
                return f"computed in {inside or 'a loop of its own'}"
            case "call":
                return f"a call of {node.kind}"
            case "view":
                return f"{node.kind} computes nothing: it looks at the memory of {self.names.of(node.inputs[0])}"
            case "constant":
                return f"the constant {_constant_text(node)}{f' in {inside}' if inside else ''}"
            case "control":
                return f"runs as {'an if' if len(node.blocks) > 1 else 'a loop'} of the program"
            case _:
                return f"{node.kind} puts values together or takes them apart"

    def _group(self, end: End) -> str:
        group = None if end.group is None else self.lives.states[-1].nodes.get(end.group)
        return "" if group is None else f"{group.kind}_{self.names.group(group)}"

    def _node(self, end: End) -> Node | None:
        found = (state.nodes.get(end.node or 0) for state in reversed(self.lives.states))
        return next((node for node in found if node is not None), None)

    def _value(self, end: End) -> str:
        found = (state.values.get(end.value or 0) for state in reversed(self.lives.states))
        value = next((v for v in found if v is not None), None)
        return "another value" if value is None else self.names.of(value)


_ENDING = ("replaced", "copied", "merged", "folded", "dissolved", "removed")


def _parts(end: End) -> tuple[End, ...]:
    return tuple(part for inner in end.parts for part in _parts(inner)) or (end,)


def _kept(quiet: list[str], text: str, depth: int) -> Iterator[Step]:
    if quiet:
        yield Step(tuple(quiet), "kept", text, depth=depth)
        quiet.clear()


def _constant_text(node: Node) -> str:
    if node.kind != CONSTANT:
        return node.kind
    return format_constant(node.attributes["value"], node.output.type)


def printed(records: Sequence[PassRecord], names: Names) -> dict[str, Value]:
    """Every value of the graphs by its printed name, in the order of the text; those in groups too."""
    found: dict[str, Value] = {}
    for graph in graphs_of(records):
        for value in State(graph).values.values():
            found.setdefault(names.of(value), value)
    return found


def graphs_of(records: Sequence[PassRecord]) -> list[Graph]:
    """The graphs before and after the passes, each once: a pass that changed nothing leaves the one before it."""
    return list({id(g): g for record in records for g in (record.before, record.after)}.values())
