"""The options of ``%ir`` that ask what would be otherwise: each calls the library, and gives the view of its answer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.magic_arguments import argument

from tensorlab.magics import ir_lives, notebook
from tensorlab.magics.errors import MagicError, listed, nearest
from tensorlab.magics.options import names

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.pipeline import Pipeline
    from tensorlab.view.mime import View


def _limit(text: str) -> int:
    """An option's value that is a number of rewrites."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"takes a number of rewrites, got {text!r}")
    return int(text)


_OPTIONS = (
    argument("--without", action="append", type=names, metavar="PASS,PASS", help="what if these passes did not run"),
    argument("--order", metavar="LINE", help="what if these passes ran, in this order: dce,cse,(constant,peephole)*2"),
    argument("--only", type=_limit, metavar="N", help="what if the passes stopped after N rewrites together"),
    argument("--full", action="store_true", help="with --stage: all of it, not the hot block alone"),
    argument("--check", action="store_true", help="does the graph do the same after each pass? on edge inputs too"),
    argument("--measure", action="store_true", help="what each pass cost and brought: nodes, bytes, measured time"),
    argument("--compare", metavar="G", help="another compiled function, or other inputs x,y: where do they part?"),
    argument(
        "--edit", action="store_true", help="write the graph into the next cell, as recorded or as --pass left it"
    ),
    argument("--expect", metavar="TEXT", help="fail unless the text shows these lines in order, 'a;;NOT: b;;c'"),
    argument("--times", action="store_true", help="with --without, --order and --only: measure both programs too"),
)


def question_options(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Give a magic the options of this module."""
    for option in reversed(_OPTIONS):
        magic = option(magic)
    return magic


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which function, by which name, with which options; ``names`` are those of the notebook."""

    function: ScriptFunction
    name: str
    args: Any
    names: Mapping[str, Any]
    shell: Any


def answered(question: Question) -> View | None:
    """The view of what was asked, or `None` where nothing was.

    Raises: `MagicError` for a question that makes no sense.
    """
    asked = [word for word, (applies, _) in _QUESTIONS.items() if applies(question.args)]
    if not asked:
        if question.args.times:
            raise MagicError(
                "%ir", "--times measures what --without, --order or --only change", "%ir f --without dce --times"
            )
        return None
    if len(asked) > 1:
        raise MagicError("%ir", f"{' and '.join(asked)} are two questions; takes one at a time")
    return _QUESTIONS[asked[0]][1](question)


def _unanswered(question: Question, error: Exception) -> MagicError:
    """The error of the library, and what can be asked where all calls were differentiated."""
    function = question.function
    only = function.latest is None and bool(function.gradient_programs)
    return MagicError("%ir", str(error), f"%ir {question.name} --gradient forward asks of what ran" if only else "")


# -- another pipeline


def _asks_what_if(args: Any) -> bool:
    return args.without is not None or args.order is not None or args.only is not None


def _what_if(question: Question) -> View:
    from tensorlab.errors import ArgumentError, RangeError
    from tensorlab.jit.otherwise import what_if
    from tensorlab.view.what_if import WhatIfView

    pipeline, change = _pipeline(question)
    try:
        found = what_if(question.function, pipeline=pipeline, times=question.args.times)
    except (ArgumentError, RangeError) as error:
        raise _unanswered(question, error) from None
    return WhatIfView(found, question.name, change)


def _pipeline(question: Question) -> tuple[Pipeline, str]:
    """The other pipeline, and what it is in words."""
    args, pipeline = question.args, question.function.pipeline
    changes: list[str] = []
    if args.order is not None:
        pipeline = _parsed(args.order)
        changes.append("in another order")
    if args.without is not None:
        gone = tuple(dict.fromkeys(name for part in args.without for name in part))
        have = list(dict.fromkeys(p.name for p in pipeline))
        for name in gone:
            if name not in have:
                message = f"--without: {question.name} goes through no pass {name!r}; its passes: {listed(have)}"
                raise MagicError("%ir", message, nearest(name, have))
        pipeline = pipeline.without(*gone)
        changes.append(f"without {', '.join(gone)}")
    if args.only is not None:
        pipeline = pipeline.first(args.only)
        changes.append(f"with {args.only} rewrite{'' if args.only == 1 else 's'}")
    return pipeline, ", ".join(changes)


def _parsed(line: str) -> Pipeline:
    import re

    from tensorlab.errors import RangeError
    from tensorlab.jit.pipeline import NAMES, Pipeline

    try:
        return Pipeline.parse(line)
    except RangeError as error:
        unknown = next((w for w in re.findall(r"[A-Za-z_]\w*", line) if w not in NAMES), "")
        raise MagicError("%ir", f"--order: {error}", nearest(unknown, NAMES)) from None


def _check(question: Question) -> View:
    from tensorlab.errors import ArgumentError
    from tensorlab.jit.pass_checks import check_passes
    from tensorlab.view.check_lights import CheckView

    try:
        return CheckView(check_passes(question.function), question.name)
    except ArgumentError as error:
        raise _unanswered(question, error) from None


def _asks_stage(args: Any) -> bool:
    if args.full and args.stage in (None, "graph"):
        raise MagicError("%ir", "--full shows all of a stage of code", "%ir f --stage asm --full")
    return args.stage not in (None, "graph")


def _stage(question: Question) -> View:
    from tensorlab.errors import ArgumentError
    from tensorlab.jit.stage_code import stage_code
    from tensorlab.view.stage_code import StageCodeView, whole_stage_view

    name, stage, line = question.name, question.args.stage, question.args.line
    if question.function.latest is None:
        raise ir_lives.not_compiled(question.function, name)
    if line is not None:
        ir_lives.check_line(question.function, name, line)
    try:
        found = stage_code(question.function, stage, line)
    except ArgumentError as error:
        raise MagicError("%ir", str(error), f"call {name}(...) with what makes it compute") from None
    return whole_stage_view(found, name) if question.args.full else StageCodeView(found, name)


def _measure(question: Question) -> View:
    from tensorlab.errors import ArgumentError
    from tensorlab.jit.ledger import ledger
    from tensorlab.view.ledger import LedgerView

    try:
        return LedgerView(ledger(question.function), question.name)
    except ArgumentError as error:
        raise _unanswered(question, error) from None


def _compare(question: Question) -> View:
    """With another function, or with the same one on tensors of the notebook."""
    from tensorlab.errors import ArgumentError
    from tensorlab.jit.comparison import compare_functions
    from tensorlab.view.comparison import ComparisonView

    function, text = question.function, question.args.compare
    words = [word for word in text.split(",") if word]
    try:
        if words and all(notebook.is_tensor(question.names.get(word)) for word in words):
            inputs = [question.names[word] for word in words]
            found = compare_functions(function, function, other_inputs=inputs)
            return ComparisonView(found, (question.name, question.name))
        other = notebook.function_named(question.names, text, "%ir")
        return ComparisonView(compare_functions(function, other), (question.name, text))
    except ArgumentError as error:
        raise _unanswered(question, error) from None


def _edit(question: Question) -> View:
    from tensorlab.magics.ir_edit import edit_cell
    from tensorlab.view.graph import GraphView

    after = question.args.pass_name
    text, graph = edit_cell(question.name, question.function, after)
    question.shell.set_next_input(text)
    stood = "as recorded" if after is None else f"after {after}"
    return GraphView(graph, question.name, f"{stood}, in the next cell: edit it and run it")


_QUESTIONS: dict[str, tuple[Callable[[Any], bool], Callable[[Question], View]]] = {
    "--without, --order or --only": (_asks_what_if, _what_if),
    "--stage": (_asks_stage, _stage),
    "--measure": (lambda args: args.measure, _measure),
    "--compare": (lambda args: args.compare is not None, _compare),
    "--edit": (lambda args: args.edit, _edit),
    "--check": (lambda args: args.check, _check),
}
