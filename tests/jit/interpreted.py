"""Ops that only tests have, and a builder of graphs out of them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tensorlab.core import op as op_module
from tensorlab.core.op import Op, declare
from tensorlab.core.types import INT, Type
from tensorlab.jit.ir import Block, Graph, Node, Value


class Ops:
    """Ops of the tests, by name."""

    def __init__(self) -> None:
        self._ops: dict[str, Op] = {}

    def add(self, schema: str, evaluate: Callable[..., Any]) -> None:
        op = declare(schema)
        op.evaluate = lambda args: evaluate(*args)
        self._ops[op.schema.name] = op

    def __getitem__(self, name: str) -> Op:
        return self._ops[name]


class Bytes:
    """Stands for a tensor's storage, and can be watched."""

    alive: weakref.WeakSet[Bytes] = weakref.WeakSet()

    def __init__(self) -> None:
        self.alive.add(self)


@pytest.fixture(scope="module")
def ops() -> Iterator[Ops]:
    found = Ops()
    found.add("test::inc(int a) -> int", lambda a: a + 1)
    found.add("test::add(int a, int b) -> int", lambda a, b: a + b)
    found.add("test::mul(int a, int b) -> int", lambda a, b: a * b)
    found.add("test::lt(int a, int b) -> bool", lambda a, b: a < b)
    found.add("test::div(int a, int b) -> int", lambda a, b: a // b)
    found.add("test::divmod(int a, int b) -> (int, int)", divmod)
    found.add("test::silent(int a) -> ()", lambda a: None)
    found.add("test::make(int a) -> Tensor", lambda a: Bytes())
    found.add("test::see(Tensor x) -> int", lambda x: 1)
    found.add("test::alive(Tensor x) -> bool", lambda x: x() is not None)
    yield found
    for kind in [k for k in op_module._REGISTRY if k.startswith("test::")]:
        del op_module._REGISTRY[kind]


class Builder:
    """A block under construction."""

    def __init__(self, ops: Ops, block: Block) -> None:
        self.ops = ops
        self.block = block

    def param(self, name: str = "", type_: Type = INT) -> Value:
        value = Value(type_, name, block=self.block)
        self.block.params.append(value)
        return value

    def node(self, kind: str, *inputs: Value, outputs: int = 1, **parts: Any) -> Node:
        node = Node(kind, list(inputs), owner=self.block, **parts)
        node.outputs = [Value(INT, producer=node) for _ in range(outputs)]
        self.block.nodes.append(node)
        return node

    def op(self, name: str, *inputs: Value, **parts: Any) -> Value:
        return self.node(f"test::{name}", *inputs, op=self.ops[name], **parts).output

    def constant(self, value: object) -> Value:
        return self.node("prim::Constant", attributes={"value": value}).output

    def inner(self, node: Node) -> Builder:
        node.blocks.append(Block(owner=node))
        return Builder(self.ops, node.blocks[-1])

    def give(self, *values: Value) -> None:
        self.block.results.extend(values)


@pytest.fixture
def graph() -> Graph:
    return Graph("f")


@pytest.fixture
def top(ops: Ops, graph: Graph) -> Builder:
    return Builder(ops, graph.block)
