"""``einsum`` in scripts: the equation is written out, so what it asks for can be written as a function of operands.

Two operands are multiplied at a time, in the order of the equation: where they share dimensions that are summed over,
as matrices, else element by element.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from tensorlab.core.types import STR, TensorType, general
from tensorlab.errors import RangeError, ShapeError, TensorlabError
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting.forms import Form
from tensorlab.jit.scripting.names import OPS, Names
from tensorlab.jit.scripting.source import Source
from tensorlab.ops.einsum_parse import read_equation

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def equation_and_operands(scope: Expressions, node: ast.Call) -> tuple[Form, list[Value]]:
    """The form that a call of einsum is, and the operands, one by one or in a list that is written out.

    Raises: `ScriptError` for an equation that is not written out, or cannot be read.
    """
    if node.keywords or len(node.args) < 2:
        scope.fail(node, "einsum takes an equation and its operands in a script", 'tl.einsum("ij,jk->ik", a, b)')
    equation = scope.value(scope.unstarred(node.args[0]))
    if not equation.is_constant or equation.type != STR:
        scope.fail(node.args[0], "einsum takes an equation that is written out in a script")
    given = node.args[1:]
    if len(given) == 1 and isinstance(given[0], ast.List | ast.Tuple):
        given = given[0].elts
    operands = [scope.value(scope.unstarred(a)) for a in given]
    for at, value in zip(given, operands, strict=True):
        if not isinstance(value.type, TensorType):
            scope.fail(at, f"einsum takes tensors one by one in a script, got {general(value.type)}")
    try:
        return einsum_form(equation.constant, len(operands)), operands
    except TensorlabError as error:
        scope.fail(node, str(error))


@cache
def einsum_form(equation: str, count: int) -> Form:
    """The function of ``count`` operands that an equation says.

    Raises: `RangeError` for an equation that cannot be read, or that has an ellipsis: it stands for as many dimensions
    as the operands have, which a script does not know.
    """
    terms, result = read_equation(equation, count)
    if "." in equation:
        raise RangeError(f"einsum: {equation!r}: a script does not know how many dimensions ... stands for")
    inputs = [[str(label) for label in term] for term in terms]
    flat = [label for term in inputs for label in term]
    output = [str(x) for x in result] if result is not None else sorted(x for x in set(flat) if flat.count(x) == 1)
    for label in output:
        if label not in flat or output.count(label) > 1:
            what = "appears more than once" if label in flat else "does not appear in the terms of the operands"
            raise RangeError(f"einsum: output subscript {label} {what}, in the equation {equation!r}")
    text = "\n".join(_Writer(inputs, output).written()) + "\n"
    source = Source(f"<einsum {equation}>", tuple(text.splitlines(keepends=True)), "einsum")
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    signature = inspect.Signature(
        [inspect.Parameter(a.arg, inspect.Parameter.POSITIONAL_OR_KEYWORD) for a in node.args.args]
    )
    return Form("einsum", node, source, Names({"ops": OPS, "ShapeError": ShapeError}), signature)


class _Writer:
    """Writes the function; ``sizes`` says of a label in which operand and dimension its size is looked up."""

    def __init__(self, inputs: list[list[str]], output: list[str]) -> None:
        self.inputs, self.output = inputs, output
        self.lines: list[str] = []
        self.numbers = {label: f"n{k}" for k, label in enumerate(dict.fromkeys(x for term in inputs for x in term))}

    def written(self) -> list[str]:
        """The lines of the function."""
        names = [f"x{k}" for k in range(len(self.inputs))]
        for name, term in zip(names, self.inputs, strict=True):
            self.line(f"if {name}.dim() != {len(term)}:")
            said = f"einsum: the equation gives {name} {len(term)} subscripts, it has {{{name}.dim()}} dimensions"
            self.line(f'    raise ShapeError(f"{said}")')
        for label, number in self.numbers.items():
            self.size(label, number)
        for k, term in enumerate(self.inputs):
            self.inputs[k] = self.diagonals(f"x{k}", term)
        labels = self.inputs[0]
        for k in range(1, len(self.inputs)):
            later = {x for term in self.inputs[k + 1 :] for x in term} | set(self.output)
            labels = self.product(labels, f"x{k}", self.inputs[k], later)
        labels = self.summed("x0", labels, set(self.output))
        self.permuted("x0", labels, self.output)
        return [f"def einsum({', '.join(names)}):", *(f"    {line}" for line in self.lines), "    return x0"]

    def size(self, label: str, number: str) -> None:
        """The size of a label: that of all its dimensions but those of size 1, which broadcast from other operands."""
        for k, term in enumerate(self.inputs):
            places = [f"x{k}.size({i})" for i, one in enumerate(term) if one == label]
            for place in places[1:]:
                self.differ(label, f"{place} != {places[0]}", places[0], place)
            if places and not any(line.startswith(f"{number} = ") for line in self.lines):
                self.line(f"{number} = {places[0]}")
            elif places:
                apart = f"{places[0]} != {number} and {places[0]} != 1 and {number} != 1"
                self.differ(label, apart, number, places[0])
                self.line(f"{number} = {places[0]} if {number} == 1 else {number}")

    def differ(self, label: str, condition: str, one: str, other: str) -> None:
        self.line(f"if {condition}:")
        self.line(f'    raise ShapeError(f"einsum: subscript {label} has size {{{one}}} and size {{{other}}}")')

    def line(self, text: str) -> None:
        self.lines.append(text)

    def diagonals(self, name: str, labels: Sequence[str]) -> list[str]:
        """A letter twice in one operand takes the diagonal, which goes to the end."""
        left = list(labels)
        for label in dict.fromkeys(labels):
            while left.count(label) > 1:
                first = left.index(label)
                second = left.index(label, first + 1)
                self.line(f"{name} = {name}.diagonal(0, {first}, {second})")
                left = [x for i, x in enumerate(left) if i not in (first, second)] + [label]
        return left

    def summed(self, name: str, labels: list[str], keep: set[str]) -> list[str]:
        """Sum over what is not needed any more."""
        gone = [i for i, label in enumerate(labels) if label not in keep]
        if gone:
            self.line(f"{name} = {name}.sum({gone})")
        return [label for label in labels if label in keep]

    def permuted(self, name: str, labels: Sequence[str], wanted: Sequence[str]) -> None:
        if list(labels) != list(wanted):
            self.line(f"{name} = {name}.permute({[labels.index(x) for x in wanted]})")

    def product(self, left: list[str], name: str, right: list[str], later: set[str]) -> list[str]:
        """``x0`` times another operand, and what it is labelled with then."""
        left = self.summed("x0", left, later | set(right))
        right = self.summed(name, right, later | set(left))
        batch = [x for x in left if x in right and x in later]
        folded = [x for x in left if x in right and x not in later]
        rows, columns = [x for x in left if x not in right], [x for x in right if x not in left]
        self.permuted("x0", left, [*batch, *rows, *folded])
        self.permuted(name, right, [*batch, *folded, *columns])
        if folded:
            n, k, m = (" * ".join(self.numbers[x] for x in part) or "1" for part in (rows, folded, columns))
            for one, labels in (("x0", [*batch, *rows, *folded]), (name, [*batch, *folded, *columns])):
                self.line(f"{one} = {one}.expand({self.sizes(labels)})")
            self.line(f"x0 = x0.reshape({self.sizes(batch, n, k)}) @ {name}.reshape({self.sizes(batch, k, m)})")
            self.line(f"x0 = x0.reshape({self.sizes([*batch, *rows, *columns])})")
        else:
            for _ in columns:
                self.line("x0 = x0.unsqueeze(-1)")
            for _ in rows:
                self.line(f"{name} = {name}.unsqueeze({len(batch)})")
            self.line(f"x0 = x0 * {name}")
        return [*batch, *rows, *columns]

    def sizes(self, labels: Sequence[str], *more: str) -> str:
        return f"[{', '.join([*(self.numbers[x] for x in labels), *more])}]"
