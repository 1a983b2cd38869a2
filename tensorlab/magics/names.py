"""Which names a cell reads before it gives them a value, and which it gives one: by its syntax tree alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CellNames:
    """``read``: names read where the cell may not have assigned them yet, in order of first reading.

    ``assigned``: names that the cell assigns on some path, in order. ``certain``: those of them that have a value at
    its end whatever the path.
    """

    read: tuple[str, ...]
    assigned: tuple[str, ...]
    certain: tuple[str, ...] = ()


def free_names(tree: ast.Module) -> CellNames:
    """Names that a cell takes from the notebook, and names that it leaves there.

    Where a path may skip an assignment (a loop that does not turn, one branch of an if), a later reading counts. So do
    the readings in a function that the cell defines, unless the name is the function's own.
    """
    scope = _Scope(set())
    scope.body(tree.body)
    return CellNames(
        tuple(scope.read), tuple(scope.assigned), tuple(name for name in scope.assigned if name in scope.bound)
    )


class _Scope(ast.NodeVisitor):
    """Walks statements in the order in which they run. ``bound``: names that have a value for certain."""

    def __init__(self, bound: set[str]) -> None:
        self.bound = bound
        self.read: dict[str, None] = {}
        self.assigned: dict[str, None] = {}

    def body(self, statements: Iterable[ast.AST]) -> None:
        for statement in statements:
            self.visit(statement)

    def bind(self, name: str | None) -> None:
        if name is not None:
            self.bound.add(name)
            self.assigned.setdefault(name)

    def use(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.bound:
                self.read.setdefault(name)

    def _paths(self, *paths: Iterable[ast.AST]) -> None:
        """Ways of which one is taken: afterwards bound is what each of them binds."""
        before = self.bound
        after: list[set[str]] = []
        for path in paths:
            self.bound = set(before)
            self.body(path)
            after.append(self.bound)
        self.bound = set.intersection(*after)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
            return
        self.use([node.id])
        if isinstance(node.ctx, ast.Del):
            self.bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.body([node.value, *node.targets])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.use([node.target.id])
        self.body([node.value, node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.body([node.value, node.target])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.body([node.value, node.target])

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._paths(node.body, node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._paths([node.target, *node.body], ())
        self.body(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._paths(node.body, ())
        self.body(node.orelse)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        self._paths([*node.body, *node.orelse], *([handler] for handler in node.handlers))
        self.body(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name is None:
            self.body(node.body)
            return
        new = node.name not in self.assigned
        self.bind(node.name)
        self.body(node.body)
        self.bound.discard(node.name)  # Python deletes it at the end
        if new:
            self.assigned.pop(node.name, None)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        cases = [[c.pattern, *([c.guard] if c.guard else []), *c.body] for c in node.cases]
        self._paths(*cases, ())

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.generic_visit(node)
        self.bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        self.bind(node.rest)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._paths([node.body], [node.orelse])

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._paths(node.values[1:], ())

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        inner = _Scope(set(self.bound))
        inner.body([first.target, *first.ifs])
        for generator in others:
            inner.body([generator.iter, generator.target, *generator.ifs])
        inner.body([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.use(inner.read)
        for named in _named(node):
            self.assigned.setdefault(named)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._arguments(node.args)
        self._inside(node.args, [node.body])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.body(node.decorator_list)
        self._arguments(node.args)
        self.body([node.returns] if node.returns else [])
        self._inside(node.args, node.body)
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.body([*node.decorator_list, *node.bases, *(k.value for k in node.keywords)])
        inner = _Scope(set(self.bound))
        inner.body(node.body)
        self.use(inner.read)
        self.bind(node.name)

    def _arguments(self, args: ast.arguments) -> None:
        """Defaults and annotations are read where the function is defined."""
        self.body(args.defaults)
        self.body(default for default in args.kw_defaults if default is not None)
        self.body(a.annotation for a in _all_arguments(args) if a.annotation is not None)

    def _inside(self, args: ast.arguments, body: Iterable[ast.AST]) -> None:
        """Readings of a function's body that are not of its own names."""
        body = list(body)
        first = _Scope(set())
        first.body(body)
        declared = {name for node in _walk_here(body) if isinstance(node, ast.Global) for name in node.names}
        own = {a.arg for a in _all_arguments(args)} | (set(first.assigned) - declared)
        inner = _Scope(self.bound | own)
        inner.body(body)
        self.use(inner.read)
        for name in sorted(declared & set(first.assigned)):
            self.assigned.setdefault(name)


def _all_arguments(args: ast.arguments) -> list[ast.arg]:
    several = [a for a in (args.vararg, args.kwarg) if a is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *several]


def _named(node: ast.AST) -> list[str]:
    """Targets of ``:=`` in a comprehension: they belong to the scope around it."""
    return [n.target.id for n in _walk_here([node]) if isinstance(n, ast.NamedExpr)]


def _walk_here(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """Every node under these, but not those inside functions and classes of their own."""
    for node in nodes:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _walk_here(ast.iter_child_nodes(node))
