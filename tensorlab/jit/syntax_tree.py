"""Python's syntax tree and tokens of a function, a cell or an expression, and the graph nodes that came of each piece.

The tree is flat: nodes in the order of the text, each with its parent's number, so that a deep one needs no recursion.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from tensorlab.jit.scripting.source import Source, function_source, label_of, parse, split_lines
from tensorlab.jit.uncollected import uncollected

_LENGTH = 60  # characters of a field
_UNSEEN = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER)  # that the grammar does not see


class Extent(NamedTuple):
    """A stretch of source: 1-based lines, 0-based columns in characters; the end is behind it."""

    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        """``1:6-11``, and with both lines where there are two."""
        end = f"{self.end_column}" if self.line == self.end_line else f"{self.end_line}:{self.end_column}"
        return f"{self.line}:{self.column}-{end}"

    def holds(self, inner: Extent) -> bool:
        """Whether another stretch lies in this one."""
        return self[:2] <= inner[:2] and inner[2:] <= self[2:]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: Python's word for its kind, its text, its place."""

    kind: str
    text: str
    place: Extent

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind, "text": self.text, "place": self.place._asdict()}


@dataclass(frozen=True, slots=True)
class SyntaxNode:
    """One node of the tree.

    ``label`` is the field of the parent that it stands in, ``fields`` what it holds that is no node with a place of its
    own, as text. ``size`` counts the nodes from here down, itself included; ``made`` are the nodes of the graph that
    came of it, as text.
    """

    kind: str
    label: str
    fields: tuple[tuple[str, str], ...]
    parent: int
    depth: int
    place: Extent | None
    size: int
    made: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "fields": dict(self.fields), "place": self.place and self.place._asdict()}


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """A piece of source with its tree and tokens.

    ``lines`` are the source's from ``first_line`` on; ``label`` is what a reader calls the file or cell. ``made``
    counts the graph nodes that came of it, None where no graph did; ``elsewhere`` those of them from other source.
    """

    name: str
    label: str
    filename: str
    first_line: int
    lines: tuple[str, ...]
    nodes: tuple[SyntaxNode, ...]
    tokens: tuple[Token, ...]
    made: int | None = None
    elsewhere: int = 0

    @property
    def last_line(self) -> int:
        return self.first_line + len(self.lines) - 1

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "label": self.label,
            "first_line": self.first_line,
            "source": "\n".join(self.lines),
            "nodes": [node.to_dict() for node in self.nodes],
            "tokens": [token.to_dict() for token in self.tokens],
            "made": self.made,
            "elsewhere": self.elsewhere,
        }


def syntax_of_text(text: str, name: str, label: str, *, skip: int = 0) -> SyntaxTree:
    """The tree of a text as it is, whether it could run or not; without its first ``skip`` lines, comments alone.

    Raises: `ScriptError` at the place of a syntax error.
    """
    tree = parse(text, label)
    return tree_of(Source(label, split_lines(text)), [tree], name, 1 + skip)[0]


def syntax_of_function(function: object) -> SyntaxTree:
    """The tree of a Python function's definition.

    Raises: `ScriptError` for what is no function or a lambda, and where the source is not to be had.
    """
    definition, source = function_source(function)
    return tree_of(source, [definition], definition.name, first_line_of(definition))[0]


def first_line_of(node: ast.AST) -> int:
    at = cast("Any", node)
    return min([at.lineno, *(d.lineno for d in getattr(at, "decorator_list", ()))])


# The tree ------------------------------------------------------------------------------------------------------------


@uncollected()
def tree_of(source: Source, roots: Sequence[ast.AST], name: str, first: int) -> tuple[SyntaxTree, dict[Extent, int]]:
    """The tree of some pieces, and which node a place of `Source.span` is for."""
    drafts: list[tuple[str, str, tuple[tuple[str, str], ...], int, int, Extent | None]] = []
    heads: dict[Extent, int] = {}
    waiting = [("" if len(roots) == 1 else f"body[{i}]", root, -1, 0) for i, root in reversed(list(enumerate(roots)))]
    while waiting:
        label, node, parent, depth = waiting.pop()
        here = len(drafts)
        children, fields = _parts(node)
        place = _place(source, node)
        if place is not None:
            heads[place if isinstance(node, ast.expr) else _head(source, node)] = here
        drafts.append((type(node).__name__, label, fields, parent, depth, place))
        waiting += [(text, child, here, depth + 1) for text, child in reversed(children)]
    sizes = [1] * len(drafts)
    for i in range(len(drafts) - 1, 0, -1):
        if drafts[i][3] >= 0:
            sizes[drafts[i][3]] += sizes[i]
    sized = tuple(SyntaxNode(*draft, size) for draft, size in zip(drafts, sizes, strict=True))
    end = max((n.place.end_line for n in sized if n.place is not None), default=len(source.lines))
    lines = tuple(source.line(number) for number in range(first, end + 1))
    tokens = tuple(_tokens(source, first, end))
    label = label_of(source.filename)
    label = Path(label).name if Path(label).is_absolute() else label  # where it is on this machine is nobody's business
    return SyntaxTree(name, label, source.filename, first, lines, sized, tokens), heads


def _parts(node: ast.AST) -> tuple[list[tuple[str, ast.AST]], tuple[tuple[str, str], ...]]:
    """The nodes under a node with their fields, and its other fields as text; what is empty is left out."""
    children: list[tuple[str, ast.AST]] = []
    fields: list[tuple[str, str]] = []
    for name, value in cast("Iterator[tuple[str, object]]", ast.iter_fields(node)):
        if isinstance(value, list):
            items = cast("list[object]", value)
            if items and all(map(_is_word, items)):
                fields.append((name, ", ".join(type(item).__name__ for item in items)))
                continue
            for i, item in enumerate(items):
                if isinstance(item, ast.AST):
                    children.append((f"{name}[{i}]", item))
                else:
                    fields.append((f"{name}[{i}]", _text(item)))
        elif isinstance(value, ast.AST):
            if _is_word(value):
                fields.append((name, type(value).__name__))
            else:
                children.append((name, value))
        elif value is not None or name == "value":
            fields.append((name, _text(value)))
    return children, tuple(fields)


def _is_word(value: object) -> bool:
    """Whether a node is a mere word of the grammar: ``Load``, ``Add``, ``Gt``."""
    return isinstance(value, (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop))


def _text(value: object) -> str:
    if isinstance(value, (str, bytes)):
        value = value[: _LENGTH + 1]
    text = repr(value)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"


def _place(source: Source, node: ast.AST) -> Extent | None:
    """Where a node stands; None for one that the grammar gives no place: ``Module``, ``arguments``."""
    at: Any = node
    if not hasattr(at, "lineno"):
        return None
    ends = (at.end_lineno, source.column(at.end_lineno, at.end_col_offset))
    return Extent(at.lineno, source.column(at.lineno, at.col_offset), *ends)


def _head(source: Source, node: ast.AST) -> Extent:
    """Where nodes that were made of a piece of syntax say that they stand."""
    span = source.span(node)
    return Extent(span.line, span.column, span.end_line, span.end_column)


def _tokens(source: Source, first: int, last: int) -> Iterator[Token]:
    """The tokens in some lines, without comments and the ends of empty lines."""
    for token in tokenize.generate_tokens(io.StringIO("".join(source.lines)).readline):
        if token.start[0] > last:
            return
        type_ = token.type
        if token.start[0] >= first and type_ not in _UNSEEN:
            kind = tokenize.tok_name[token.exact_type if type_ == tokenize.OP else type_]
            yield Token(kind, token.string, Extent(*token.start, *token.end))
