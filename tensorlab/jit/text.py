"""The graph as text, in torch 2's form or in that of torch 1.0; `parse.parse_graph` reads both back.

Names are given by `Names`, once a value: share one between prints and a value keeps its name through every pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.types import TensorType, TupleType, Type
from tensorlab.errors import RangeError
from tensorlab.jit.ir import CAPTURED, CONSTANT, Block, Graph, Node, Value

Style = Literal["2", "1.0"]
STYLES: tuple[Style, ...] = ("2", "1.0")

# A tensor constant with more elements than this prints as <Tensor>, as in torch.
ELEMENTS_SHOWN = 10

_SUFFIX = re.compile(r"(\.\d+)+$")


class Names:
    """Printed names, by serial: the value's own name made unique (``%r``, ``%r.1``), or a number."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._groups: dict[int, int] = {}
        self._taken: dict[str, int] = {}

    def of(self, value: Value) -> str:
        """``%x``."""
        name = self._names.get(value.serial)
        if name is None:
            name = self._names[value.serial] = self._fresh(value.name)
        return name

    def same(self, value: Value, name: str) -> None:
        """Let a value without a name print as ``name``: a subgraph's parameter as what is passed for it."""
        self._names.setdefault(value.serial, name)

    def group(self, node: Node) -> int:
        """The number after ``prim::FusionGroup_``."""
        return self._groups.setdefault(node.serial, len(self._groups))

    def _fresh(self, hint: str) -> str:
        base = _SUFFIX.sub("", re.sub(r"[^\w.]", "_", hint))
        if not base or "." in base or base[0].isdigit():
            return f"%{len(self._names)}"
        count = self._taken.get(base, 0)
        self._taken[base] = count + 1
        return f"%{base}.{count}" if count else f"%{base}"


def format_graph(
    graph: Graph, *, style: Style = "2", names: Names | None = None, spans: bool = True, elide: bool = True
) -> str:
    """A graph and, after it, the subgraphs of its groups.

    ``spans`` adds the place in the source to each node, in style 2; ``elide`` cuts long tensor constants short, and
    such text does not parse back.

    Raises: `RangeError` for an unknown style.
    """
    if style not in STYLES:
        raise RangeError(f"format_graph: no style {style!r}; takes one of {', '.join(STYLES)}")
    names = names or Names()
    lines = list(_graph_lines(graph, names, style, spans=spans, elide=elide))
    waiting = _groups(graph)
    while waiting:
        node = waiting.pop(0)
        subgraph: Graph = node.attributes["subgraph"]
        name_params(node, names)
        first, *rest = _graph_lines(subgraph, names, style, spans=spans, elide=elide)
        lines += [f"with {_label(node, names)} = {first}", *rest]
        waiting += _groups(subgraph)
    return "\n".join(lines) + "\n"


def name_graph(graph: Graph, names: Names, *, skip: Callable[[Node], bool] | None = None) -> None:
    """Give every value the name that printing the graph would give it, without the text.

    ``skip`` is asked of each node in the order of the text, and says which have no line of their own.
    """
    _name_function(graph, names, skip)
    waiting = _groups(graph)
    while waiting:
        node = waiting.pop(0)
        name_params(node, names)
        subgraph: Graph = node.attributes["subgraph"]
        _name_function(subgraph, names, skip)
        waiting += _groups(subgraph)


def _name_function(graph: Graph, names: Names, skip: Callable[[Node], bool] | None) -> None:
    for value in graph.inputs:
        names.of(value)
    _name_block(graph.block, names, skip)


def _name_block(block: Block, names: Names, skip: Callable[[Node], bool] | None) -> None:
    for node in block.nodes:
        if skip is not None and skip(node):
            continue
        for value in node.inputs:
            names.of(value)
        for value in node.outputs:
            names.of(value)
        if isinstance(node.attributes.get("subgraph"), Graph):
            names.group(node)
        for inner in node.blocks:
            for value in inner.params:
                names.of(value)
            _name_block(inner, names, skip)
    for value in block.results:
        names.of(value)


def name_params(node: Node, names: Names) -> None:
    """Let a subgraph's parameters and results print as the group's inputs and outputs, each name once."""
    subgraph: Graph = node.attributes["subgraph"]
    seen: set[str] = set()
    pairs = [*zip(node.inputs, subgraph.inputs, strict=False), *zip(node.outputs, subgraph.outputs, strict=False)]
    for outer, inner in pairs:
        name = names.of(outer)
        if name not in seen:
            names.same(inner, name)
        seen.add(name)


def _groups(graph: Graph) -> list[Node]:
    return [n for n in graph.nodes() if isinstance(n.attributes.get("subgraph"), Graph)]


def _graph_lines(graph: Graph, names: Names, style: Style, *, spans: bool, elide: bool) -> Iterator[str]:
    yield from format_signature(graph, names, style).split("\n")
    yield from _block_lines(graph.block, names, style, "  ", spans=spans, elide=elide)
    yield f"  {format_results(graph.block, names, style)}"
    if style == "1.0":
        yield "}"


def _block_lines(block: Block, names: Names, style: Style, pad: str, *, spans: bool, elide: bool) -> Iterator[str]:
    for node in block.nodes:
        place = f" # {node.span}" if spans and style == "2" and node.span is not None else ""
        yield f"{pad}{format_node(node, names, style=style, elide=elide)}{place}"
        for index, inner in enumerate(node.blocks):
            yield f"{pad}  {format_block(inner, index, names, style)}"
            yield from _block_lines(inner, names, style, pad + "    ", spans=spans, elide=elide)
            yield f"{pad}    {format_results(inner, names, style)}"
            if style == "1.0":
                yield f"{pad}  }}"


def format_signature(graph: Graph, names: Names, style: Style = "2") -> str:
    """``graph(%x : Float(2, 2)):``, a line an input."""
    inputs = ",\n      ".join(_typed(v, names) for v in graph.inputs)
    return f"graph({inputs}){_opening(style)}"


def format_block(block: Block, index: int, names: Names, style: Style = "2") -> str:
    """``block0(%i : int):``."""
    return f"block{index}({', '.join(_typed(v, names) for v in block.params)}){_opening(style)}"


def format_results(block: Block, names: Names, style: Style = "2") -> str:
    """``return (%4)`` of a graph, ``-> (%4)`` of a block inside one."""
    results = f"({', '.join(map(names.of, block.results))})"
    if block.owner is not None:
        return f"-> {results}"
    return f"return {results};" if style == "1.0" else f"return {results}"


def _opening(style: Style) -> str:
    return " {" if style == "1.0" else ":"


def format_node(node: Node, names: Names | None = None, *, style: Style = "2", elide: bool = True) -> str:
    """``%4 : Float() = aten::mul(%x, %3)``: one line, without the blocks inside and the place."""
    names = names or Names()
    # The inputs get their names first: where a node is printed alone they come before its outputs.
    inputs = ", ".join(map(names.of, node.inputs))
    outputs = ", ".join(_typed(v, names) for v in node.outputs)
    head = f"{outputs} = " if outputs else "= "
    return f"{head}{_label(node, names)}{_attributes(node, style, elide=elide)}({inputs})"


def _label(node: Node, names: Names) -> str:
    return f"{node.kind}_{names.group(node)}" if isinstance(node.attributes.get("subgraph"), Graph) else node.kind


def _typed(value: Value, names: Names) -> str:
    return f"{names.of(value)} : {value.type}"


def _attributes(node: Node, style: Style, *, elide: bool) -> str:
    parts: list[str] = []
    for key, value in node.attributes.items():
        # Who else holds a tensor is no part of what the graph computes.
        if isinstance(value, Graph) or key in ("python", CAPTURED) or (value is None and node.kind == CONSTANT):
            continue
        type_ = node.outputs[0].type if node.kind == CONSTANT and node.outputs else None
        parts.append(f"{key}={format_constant(value, type_, style=style, elide=elide)}")
    return f"[{', '.join(parts)}]" if parts else ""


def format_constant(value: Any, type_: Type | None = None, *, style: Style = "2", elide: bool = True) -> str:
    """A constant as a graph shows it: ``1``, ``1.``, ``"cpu"``, ``[1, 2]``, ``{2}``, ``<Tensor>``."""
    match value:
        case bool():
            return str(int(value))
        case float():
            return _float_text(value, style)
        case str() | device():
            return json.dumps(str(value), ensure_ascii=False)
        case DType():
            return str(value.code)
        case list() | tuple():
            inner = ", ".join(_parts_text(value, style, elide=elide))  # pyright: ignore[reportUnknownArgumentType]
            return f"({inner})" if isinstance(type_, TupleType) else f"[{inner}]"
        case _ if isinstance(getattr(value, "type", None), TensorType):
            return _tensor_text(value, elide=elide)
        case _:
            return str(value)


def _parts_text(parts: Sequence[Any], style: Style, *, elide: bool) -> list[str]:
    return [format_constant(v, style=style, elide=elide) for v in parts]


def _float_text(value: float, style: Style) -> str:
    text = repr(value)
    if not text.endswith(".0"):
        return text
    return text[:-2] if style == "1.0" else text[:-1]


def _tensor_text(tensor: Any, *, elide: bool) -> str:
    if elide and tensor.numel() > ELEMENTS_SHOWN:
        return "<Tensor>"
    array = tensor.detached_numpy()
    text = _nested(array)
    return text if array.ndim else f"{{{text}}}"


def _nested(part: Any) -> str:
    if part.ndim:
        return f"{{{', '.join(map(_nested, part))}}}"
    if part.dtype.kind == "b":
        return str(int(part))
    # NumPy's own text of an element has as many digits as its type needs, not as many as a double does.
    return str(part[()]).removesuffix(".0")
