"""A cell of statements as one function of the notebook's values that it uses."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tensorlab.magics import notebook
from tensorlab.magics.names import CellNames, free_names

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.ir import Span
    from tensorlab.jit.scripting.derivations import Derivations
    from tensorlab.jit.scripting.source import Source

_PLAIN = (bool, int, float, str)
_HOLDS = "assignments, expressions, if, for, while, with, assert, raise, del and pass"
_IMPORT = ("an import", "import in a cell above")
_FUNCTION = ("a function below another statement", "define it at the top of a cell above")
_APART: dict[type[ast.AST], tuple[str, str]] = {
    ast.Import: _IMPORT,
    ast.ImportFrom: _IMPORT,
    ast.ClassDef: ("a class", "define the class in a cell above, and script it there"),
    ast.FunctionDef: _FUNCTION,
    ast.AsyncFunctionDef: ("an async function", ""),
}


@dataclass(frozen=True, slots=True)
class Statements:
    """What a cell takes (name and annotation), and which names its function gives, a value at its end besides.

    A name that only some paths assign is taken too, where the notebook has it: on the others it stays as it is.
    """

    tree: ast.Module
    known: CellNames
    takes: dict[str, Any]
    gives: tuple[str, ...]
    namespace: Mapping[str, Any]

    @classmethod
    def of(cls, tree: ast.Module, names: Mapping[str, Any]) -> Statements:
        """The cell's statements, with the notebook's names as they are now."""
        known = free_names(tree)
        certain = set(known.certain)
        perhaps = [name for name in known.assigned if name not in certain]
        wanted = dict.fromkeys((*known.read, *perhaps))
        found = {name: _annotation(names[name]) for name in wanted if name in names}
        takes = {name: said for name, said in found.items() if said is not None}
        gives = tuple(name for name in known.assigned if name in certain or name in takes)
        return cls(tree, known, takes, gives, names)

    @property
    def has_value(self) -> bool:
        """Whether the cell ends in an expression."""
        return isinstance(self.tree.body[-1], ast.Expr)

    @property
    def _named(self) -> str | None:
        """The name that the cell ends in, where the function gives that anyway."""
        match self.tree.body[-1]:
            case ast.Expr(ast.Name(name)) if name in self.gives:
                return name
            case _:
                return None

    def function(self, name: str, filename: str, derivations: Derivations) -> ScriptFunction:
        """Compile the cell, and note the types of its variables.

        Raises: `ScriptError` at the place of what is outside the language.
        """
        import linecache

        from tensorlab.jit.function import ScriptFunction
        from tensorlab.jit.scripting.frontend import compile_def
        from tensorlab.jit.scripting.source import Source

        said = {f"${taken}": type_ for taken, type_ in self.takes.items()}  # names that no user can write
        lines = linecache.getlines(filename)
        _check_kinds(self.tree, Source(filename, tuple(lines), name))
        graph = compile_def(self.definition(name), lines, filename, {**self.namespace, **said}, derivations=derivations)
        graph.span = span_of_cell(self.tree, filename)
        return ScriptFunction(graph, kind="scripted")

    def definition(self, name: str) -> ast.FunctionDef:
        """The cell as a definition. Each parameter stands where the cell uses it first."""
        first = self.tree.body[0]
        parameters = [self._parameter(taken, first) for taken in self.takes]
        *body, last = self.tree.body
        results: list[ast.expr] = [ast.copy_location(ast.Name(given, ast.Load()), last) for given in self.gives]
        if not isinstance(last, ast.Expr):
            body.append(last)
        elif self._named is None:
            results.append(last.value)
        if results:
            value = results[0] if len(results) == 1 else ast.copy_location(ast.Tuple(results, ast.Load()), last)
            body.append(ast.copy_location(ast.Return(value), last))
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        return ast.copy_location(ast.FunctionDef(name, arguments, body, [], None), first)

    def _parameter(self, name: str, first: ast.stmt) -> ast.arg:
        used = [n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and n.id == name]
        place = min(used, key=lambda n: (n.lineno, n.col_offset), default=first)
        annotation = ast.copy_location(ast.Name(f"${name}", ast.Load()), place)
        return ast.copy_location(ast.arg(name, annotation), place)

    def run(self, function: ScriptFunction, names: dict[str, Any]) -> Any:
        """Call the function on the notebook's values, bind what it gives, and return the cell's value."""
        __tracebackhide__ = True
        given = function(*(names[name] for name in self.takes))
        count = len(self.gives) + (self.has_value and self._named is None)
        results: tuple[Any, ...] = (given,) if count == 1 else given if count else ()
        names.update(zip(self.gives, results, strict=False))
        if self._named is not None:
            return names[self._named]
        return results[len(self.gives)] if self.has_value else None


def span_of_cell(tree: ast.Module, filename: str) -> Span:
    """The statements of a cell, from the first to the last."""
    from tensorlab.jit.ir import Span

    first, last = tree.body[0], tree.body[-1]
    return Span(filename, first.lineno, 0, last.end_lineno or last.lineno, 0)


def _check_kinds(tree: ast.Module, source: Source) -> None:
    """See that a cell of statements has none that belongs into a cell of its own.

    Raises: `ScriptError` at the first one.
    """
    for node in ast.walk(tree):
        what = _APART.get(type(node))
        if what is not None:
            kind, hint = what
            raise source.error(node, f"a cell of statements cannot hold {kind}; it holds {_HOLDS}", hint=hint)


def _annotation(value: object) -> Any:
    """How a parameter with such a value is annotated; `None` for what is no value of a script."""
    from tensorlab.core.tensor import Tensor

    if notebook.is_tensor(value):
        return Tensor
    if type(value) in _PLAIN:
        return type(value)
    if isinstance(value, list) and value:
        kinds = {_annotation(part) for part in value}
        kind = kinds.pop()
        return list[kind] if not kinds and kind is not None else None
    return None
