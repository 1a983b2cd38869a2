"""Why not: what the passes considered and left as it was, with what stood in the way and its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tensorlab.jit.ir import Node, Span, Value
from tensorlab.jit.lives import Life
from tensorlab.jit.lives_state import State
from tensorlab.jit.lives_teller import Teller
from tensorlab.jit.passes.cse import why_never_joined
from tensorlab.jit.passes.fuse import why_not_fusable
from tensorlab.jit.records import Decision
from tensorlab.jit.text import format_node

PASSES: dict[str, tuple[str, ...]] = {"fuse": ("fuse", "fuse_rows"), "cse": ("cse",), "unroll": ("unroll",)}


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal: the node that stayed as it was, and the one in its way.

    ``in_the_way`` says that the value asked for is what stood in the way.
    """

    pass_name: str
    rule: str
    reason: str
    location: str
    text: str
    span: Span | None
    blocker: str = ""
    blocker_span: Span | None = None
    in_the_way: bool = False

    def to_dict(self) -> dict[str, object]:
        return {
            "pass": self.pass_name,
            "rule": self.rule,
            "reason": self.reason,
            "location": self.location,
            "text": self.text,
            "span": None if self.span is None else self.span.to_dict(),
            "blocker": self.blocker,
            "blocker_span": None if self.blocker_span is None else self.blocker_span.to_dict(),
            "in_the_way": self.in_the_way,
        }


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The refusals of the passes behind one word, all of them or those about one value.

    ``passes`` are all that ran, ``ran`` those of them that the word is about; ``did`` what they did to the value after
    all, ``instead`` what is known of it where no refusal is.
    """

    subject: str
    value: str
    passes: tuple[str, ...]
    ran: tuple[str, ...]
    refused: tuple[Refused, ...]
    did: tuple[str, ...] = ()
    instead: str = ""

    def to_dict(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "value": self.value,
            "passes": list(self.passes),
            "ran": list(self.ran),
            "refused": [refused.to_dict() for refused in self.refused],
            "did": list(self.did),
            "instead": self.instead,
        }


def why_not(teller: Teller, subject: str, value: Value | None = None) -> WhyNot:
    """What the passes behind a word refused, for a value or for all of them.

    Raises: `KeyError` for a word that is none of `PASSES`.
    """
    passes = PASSES[subject]
    records = teller.lives.records
    have = tuple(dict.fromkeys(r.name for r in records if not r.skipped))
    ran = tuple(pass_name for pass_name in have if pass_name in passes)
    life = None if value is None else _life(teller, value)
    about = None if value is None else _about(teller, value, life, around=subject == "unroll")
    refused: dict[tuple[str, ...], Refused] = {}
    for index, record in enumerate(records):
        if record.name not in passes:
            continue
        state = teller.lives.states[index + 1]
        for decision in record.refusals:
            mine = about is None or bool(about & set(decision.nodes_in))
            if mine or (about is not None and decision.blocker in about):
                found = _refused(teller, record.name, decision, state, in_the_way=not mine)
                refused.setdefault((found.text, found.rule, found.reason, found.blocker), found)
    did = () if life is None else tuple(_did(teller, life, passes))
    name = "" if value is None else teller.names.of(value)
    instead = "" if refused or did or value is None else _instead(teller, subject, ran, life)
    return WhyNot(subject, name, have, ran, tuple(refused.values()), did, instead)


def _life(teller: Teller, value: Value) -> Life | None:
    node = teller.giver(value)
    return None if node is None else teller.lives.of(node.serial)


def _lives(teller: Teller, life: Life) -> Iterator[Life]:
    """A life, and those of what it became."""
    yield life
    for event in life.events:
        if event.kind in ("replaced", "copied"):
            for serial in event.became:
                yield from _lives(teller, teller.lives.of(serial))


def _about(teller: Teller, value: Value, life: Life | None, *, around: bool) -> set[int]:
    """Serials of a value: its own, that of its node, of what became of it, of the loops around these."""
    serials = {value.serial}
    for one in () if life is None else _lives(teller, life):
        serials.add(one.node.serial)
        serials.update(v.serial for v in one.node.outputs)
    if around:
        for state in teller.lives.states:
            for serial in list(serials):
                outer = state.around.get(serial)
                while outer is not None:
                    serials.add(outer.serial)
                    outer = state.around.get(outer.serial)
    return serials


def _refused(teller: Teller, pass_name: str, decision: Decision, state: State, *, in_the_way: bool) -> Refused:
    node = next((state.nodes[s] for s in decision.nodes_in if s in state.nodes), None)
    blocker, span = _blocker(teller, decision.blocker, state)
    return Refused(
        pass_name,
        decision.rule,
        decision.reason,
        decision.location,
        decision.rule if node is None else format_node(node, teller.names),
        None if node is None else node.span,
        blocker,
        span,
        in_the_way,
    )


def _blocker(teller: Teller, serial: int | None, state: State) -> tuple[str, Span | None]:
    """What stood in the way, and its place: a node, or the node that gives a value."""
    if serial is None:
        return "", None
    node: Node | None = state.nodes.get(serial)
    value = state.values.get(serial)
    if node is None and value is not None:
        node = value.producer
        if node is None:
            return f"{teller.names.of(value)} : {value.type}", None
    return ("", None) if node is None else (format_node(node, teller.names), node.span)


def _did(teller: Teller, life: Life, passes: tuple[str, ...]) -> Iterator[str]:
    """What the passes did to a node after all."""
    for one in _lives(teller, life):
        for event in one.events:
            if event.pass_name in passes:
                yield f"{event.kind} by {event.pass_name}: {event.decision.reason}"


def _instead(teller: Teller, subject: str, ran: tuple[str, ...], life: Life | None) -> str:
    """What is known of a value that no refusal is about."""
    if not ran:
        return ""
    if life is None:
        return "no operation gives it, so there is nothing to join or repeat"
    if not life.end.lives:
        return teller.words(life.end)
    if subject == "fuse":
        why = why_not_fusable(life.node)
        return why and f"it cannot stand in a group: {why}"
    if subject == "cse":
        why = why_never_joined(life.node)
        return f"it is never joined: {why}" if why else "no earlier node computes the same from the same values"
    return "it stands in no loop"
