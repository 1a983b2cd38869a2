"""What Python has and the language has not, in the words of its users, with what to write instead."""

from __future__ import annotations

import ast

_REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.SetComp: ("a set comprehension", "write a for loop over a range"),
    ast.GeneratorExp: ("a generator expression", "write a for loop over a range"),
    ast.Set: ("a set", "use a tuple"),
    ast.Lambda: ("a lambda", "write a function with def"),
    ast.JoinedStr: ("an f-string", "pass the parts to print one by one"),
    ast.FormattedValue: ("an f-string", "pass the parts to print one by one"),
    ast.NamedExpr: ("an assignment inside an expression", "assign in a statement of its own"),
    ast.Starred: ("a starred expression", "write the parts out"),
    ast.Slice: ("a slice outside of an index", ""),
    ast.Yield: ("yield", "return a tuple"),
    ast.YieldFrom: ("yield from", "return a tuple"),
    ast.Await: ("await", ""),
    ast.FunctionDef: ("a function inside a function", "define it outside and call it"),
    ast.AsyncFunctionDef: ("an async function", ""),
    ast.ClassDef: ("a class inside a function", ""),
    ast.Try: ("try", "check for the error before it happens"),
    ast.TryStar: ("try", "check for the error before it happens"),
    ast.AsyncWith: ("async with", ""),
    ast.AsyncFor: ("async for", ""),
    ast.Import: ("an import inside a function", "import at the top of the file"),
    ast.ImportFrom: ("an import inside a function", "import at the top of the file"),
    ast.Global: ("global", "pass the value as an argument and return the new one"),
    ast.Nonlocal: ("nonlocal", "pass the value as an argument and return the new one"),
    ast.Match: ("match", "write if, elif and else"),
}


def refusal(node: ast.AST) -> tuple[str, str]:
    """The message and the hint for a piece of Python outside the language."""
    what, hint = _REFUSED.get(type(node), (f"{type(node).__name__}", ""))
    return f"{what} cannot be scripted", hint
