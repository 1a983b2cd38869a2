"""In-place operations to functional ones, and back.

`functional` lets ``x.add_(y)`` be ``x + y``, which everything after it takes instead of ``x``: then other passes may
move and join it. `inplace` lets the result of ``x + y`` have the memory of an ``x`` that nobody needs any more. Either
way the memory must be made in the graph, and nothing else that may lie in it may be looked at afterwards: the alias
analysis decides, and a refusal names the value. Types must be known, for ``x.add_(y)`` never widens its dtype or shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorlab.core.op import Op, infer, lookup
from tensorlab.core.types import TensorType
from tensorlab.errors import TensorlabError
from tensorlab.jit import edit
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.build import known
from tensorlab.jit.ir import Block, Graph, Node, Use, Value, walk
from tensorlab.jit.passes.peephole import is_dense, looks_at_strides
from tensorlab.jit.rewrite import Pass, Rewriter

Obstacle = tuple[str, Node | Value | None]


def to_functional(rewriter: Rewriter) -> None:
    """Replace operations that write to memory of the graph's own by ones that give new tensors."""
    scene = _Scene(rewriter.graph)
    for node in list(walk(rewriter.graph.block)):
        if node.op is None or not node.op.schema.writes or not isinstance(node.inputs[0].type, TensorType):
            continue
        found = _twin(node.op, node.kind.removesuffix("_")) if node.kind.endswith("_") else None
        obstacle = _why_not_functional(node, found, scene)
        if found is None or obstacle is not None:
            reason, blocker = obstacle or ("", None)
            rewriter.refuse(node, rule="functional", reason=reason, blocker=blocker)
            continue
        target = node.inputs[0]
        later = [use for use in target.uses if scene.time(use) > scene.starts[node.serial]]
        made = rewriter.builder_before(node).node(found.kind, node.inputs, [node.output.type], op=found)
        reason = "the memory is the graph's own, and all that follows can take the new tensor"
        uses = [(use, made.output) for use in later]
        rewriter.replace([node], {node.output: made.output}, rule="functional", reason=reason, uses=uses)
        scene = _Scene(rewriter.graph)


def to_inplace(rewriter: Rewriter) -> None:
    """Let operations write their results into tensors that nobody needs any more."""
    scene = _Scene(rewriter.graph)
    for node in list(walk(rewriter.graph.block)):
        if node.op is None or "scalar" not in node.op.rules or node.op.schema.writes or not node.inputs:
            continue
        found = _twin(node.op, f"{node.kind}_")
        if found is None or found.schema.writes != (0,) or not isinstance(node.inputs[0].type, TensorType):
            continue
        obstacle = _why_not_inplace(node, found, scene)
        if obstacle is not None:
            reason, blocker = obstacle
            rewriter.refuse(node, rule="inplace", reason=reason, blocker=blocker)
            continue
        made = rewriter.builder_before(node).node(found.kind, node.inputs, [node.output.type], op=found)
        reason = "nobody needs the tensor that it takes any more"
        rewriter.replace([node], {node.output: made.output}, rule="inplace", reason=reason)
        scene = _Scene(rewriter.graph)


functional = Pass("functional", to_functional)
inplace = Pass("inplace", to_inplace)


def _why_not_functional(node: Node, found: Op | None, scene: _Scene) -> Obstacle | None:
    if found is None or node.op is None or node.op.schema.writes != (0,):
        return f"{node.kind} has no form that leaves its input alone", None
    target = node.inputs[0]
    return (
        _wrong_type(node, found)
        or _not_own(node, scene)
        or scene.seen_after(node, target)
        or _overlaps(node, scene)
        or _layout(node, [*target.uses, *node.output.uses], scene)
    )


def _why_not_inplace(node: Node, found: Op, scene: _Scene) -> Obstacle | None:
    target = node.inputs[0]
    for use in target.uses:
        if scene.time(use) > scene.starts[node.serial]:
            return "what it takes is needed afterwards", _taker(use)
    return (
        _wrong_type(node, found)
        or _not_own(node, scene)
        or scene.seen_after(node, target)
        or _overlaps(node, scene)
        or _layout(node, node.output.uses, scene)
    )


def _taker(use: Use) -> Node | None:
    return use.user if isinstance(use.user, Node) else use.user.owner


def _twin(op: Op, kind: str) -> Op | None:
    """The op of another kind with the same parameters, alias marks aside."""
    params = [(p.name, p.type) for p in op.schema.params]
    for other in lookup(kind):
        if [(p.name, p.type) for p in other.schema.params] == params and len(other.schema.results) == 1:
            return other
    return None


def _wrong_type(node: Node, found: Op) -> Obstacle | None:
    """Why the two forms may differ in type: in place nothing widens."""
    target = node.inputs[0]
    if not isinstance(target.type, TensorType) or not target.type.is_complete:
        return "its type is not fully known, and the other form may give another", target
    out_of_place = node.op if found.schema.writes else found
    try:
        types = infer(out_of_place, [known(v) for v in node.inputs]) if out_of_place is not None else ()
    except TensorlabError as error:
        return f"raises when it runs: {error}", None
    if types != (target.type,):
        return f"a new tensor would be {', '.join(map(str, types))}, not {target.type}", target
    return None


def _not_own(node: Node, scene: _Scene) -> Obstacle | None:
    target = node.inputs[0]
    if not scene.alias.is_fresh(target):
        return "its memory came from outside, where the write is seen", target
    if target.producer is None or target.producer.owner is not node.owner:
        return "its memory is made in another block", target
    return None


def _overlaps(node: Node, scene: _Scene) -> Obstacle | None:
    for value in node.inputs[1:]:
        if value is not node.inputs[0] and scene.alias.may_alias(value, node.inputs[0]):
            return "another operand may lie in the same memory", value
    return None


def _layout(node: Node, uses: list[Use], scene: _Scene) -> Obstacle | None:
    """Why the two forms may lie in memory in different ways, and somebody could tell."""
    later = [use.user for use in uses if scene.time(use) > scene.starts[node.serial] and looks_at_strides(use.user)]
    for user in later:
        if isinstance(user, Node):
            return f"may lie in memory in another way, and {user.kind} could tell", user
    if later and not is_dense(_origin(node.inputs[0])):
        return "may lie in memory in another way, and who gets the result could tell", node.inputs[0]
    return None


def _origin(value: Value) -> Value:
    """The tensor that a chain of writes, which all give it, began with."""
    node = value.producer
    while node is not None and node.op is not None and node.op.schema.writes == (0,):
        value = node.inputs[0]
        node = value.producer
    return value


@dataclass(slots=True)
class _Scene:
    """A graph as it is now: who shares memory with whom, and when each value is there and taken."""

    graph: Graph
    alias: AliasInfo = field(init=False)
    values: list[Value] = field(default_factory=list[Value])
    born: dict[int, int] = field(default_factory=dict[int, int])  # by value
    starts: dict[int, int] = field(default_factory=dict[int, int])  # by node
    ends: dict[int, int] = field(default_factory=dict[int, int])  # by id of the block
    clock: int = 0

    def __post_init__(self) -> None:
        self.alias = AliasInfo(self.graph)
        self._block(self.graph.block)

    def _tick(self) -> int:
        self.clock += 1
        return self.clock

    def _block(self, block: Block) -> None:
        for value in block.params:
            self._born(value)
        for node in block.nodes:
            self.starts[node.serial] = self._tick()
            for inner in node.blocks:
                self._block(inner)
            for value in node.outputs:
                self._born(value)
        self.ends[id(block)] = self._tick()

    def _born(self, value: Value) -> None:
        self.values.append(value)
        self.born[value.serial] = self._tick()

    def time(self, use: Use) -> int:
        """When a value is taken there, in order of text."""
        return self.starts[use.user.serial] if isinstance(use.user, Node) else self.ends[id(use.user)]

    def seen_after(self, node: Node, target: Value) -> Obstacle | None:
        """A value that is there already, may share the target's memory, and is looked at after the node."""
        now = self.starts[node.serial]
        for value in self.values:
            if value is target or self.born[value.serial] > now or not self.alias.may_alias(value, target):
                continue
            since = self._since(node, value)
            if any(self.time(use) >= since for use in value.uses):
                return "another value may lie in the same memory, and is looked at afterwards", value
        return None

    def _since(self, node: Node, value: Value) -> int:
        """From when on a use of ``value`` may come after ``node``: loops between them run again."""
        home = value.block if value.producer is None else value.producer.owner
        if node.owner is home:
            return self.starts[node.serial] + 1
        around = node
        while around.owner is not home:
            owner = edit.home(around).owner
            if owner is None:
                return 0
            around = owner
        return self.starts[around.serial]
