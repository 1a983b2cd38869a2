"""Completion in the lines of our magics: options, their values, and names of the right kind.

With jedi on, IPython completes no names after ``%ir``, so all of it is done here.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from tensorlab.magics import ir_lives, notebook, storage_names
from tensorlab.magics.options import parser_of
from tensorlab.magics.session import Tensorlab

_LINE = re.compile(r"(?:^|.*=)\s*(%{1,2})(\w+)\s(.*)$")


def matcher(session: Tensorlab) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """A matcher for the magics of a session, to stand among the shell's ``custom_matchers``."""

    @context_matcher(identifier="tensorlab.magic_line")
    def complete_magic_line(context: CompletionContext) -> SimpleMatcherResult:
        found = _LINE.match(context.text_until_cursor)
        magic = _magic(session, found[1], found[2]) if found else None
        if magic is None or found is None:
            return {"completions": []}
        typed = found[3]
        words = typed.split()
        word = "" if not words or typed[-1].isspace() else words.pop()
        candidates = [c for c in _candidates(session, magic, words, word) if c.text.startswith(context.token)]
        return {"completions": candidates, "suppress": bool(candidates), "ordered": True}

    return complete_magic_line


def _magic(session: Tensorlab, escape: str, name: str) -> Callable[..., Any] | None:
    kind = "cell" if escape == "%%" else "line"
    return next((m.magics[kind][name] for m in session.magics if name in m.magics[kind]), None)


def _candidates(
    session: Tensorlab, magic: Callable[..., Any], words: Sequence[str], word: str
) -> list[SimpleCompletion]:
    """What may stand in place of ``word`` after ``words``."""
    parser = parser_of(magic)
    by_option = parser._option_string_actions
    spelling, equals, _ = word.partition("=")
    action = by_option.get(spelling) if equals else _open_option(by_option, words)
    if action is not None:
        return _values(session, action, words)
    if word.startswith("-"):
        used = {by_option[w.partition("=")[0]].dest for w in words if w.partition("=")[0] in by_option}
        options = [a for a in parser._actions if a.option_strings and a.dest not in used]
        return [SimpleCompletion(text, type="param") for a in options for text in a.option_strings]
    positional = _next_positional(parser, words)
    return [] if positional is None else _values(session, positional, words)


def _open_option(by_option: dict[str, argparse.Action], words: Sequence[str]) -> argparse.Action | None:
    """The option that the word under the cursor is the value of."""
    action = by_option.get(words[-1]) if words else None
    return action if action is not None and action.nargs != 0 else None


def _next_positional(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Action | None:
    given = 0
    for i, word in enumerate(words):
        is_value = i > 0 and _open_option(parser._option_string_actions, words[:i]) is not None
        given += not word.startswith("-") and not is_value
    positionals = [a for a in parser._actions if not a.option_strings]
    if given < len(positionals):
        return positionals[given]
    return positionals[-1] if positionals and positionals[-1].nargs == "*" else None


def _values(session: Tensorlab, action: argparse.Action, words: Sequence[str]) -> list[SimpleCompletion]:
    if action.choices is not None:
        return [SimpleCompletion(str(c), type="param") for c in action.choices]
    names = session.shell.user_ns
    match action.dest:
        case "function" | "edit_of" | "compare":
            found = notebook.functions(names)
        case "inputs" | "tensor":
            found = notebook.tensors(names)
        case "names" | "grid" | "why":
            found = storage_names.completions(names, words)
        case "expression":
            found = [n for n in names if not n.startswith("_") and n not in session.shell.user_ns_hidden]
        case "until":
            return [SimpleCompletion(name, type="param") for name in (session.walk.names if session.walk else ())]
        case "value":
            found = ir_lives.completions(_function(session, words))
        case "why_not":
            return [SimpleCompletion(word, type="param") for word in ir_lives.SUBJECTS]
        case "pass_name" | "without" | "after":
            return [SimpleCompletion(p, type="param") for p in _passes(session, words)]
        case _:
            found = []
    return [SimpleCompletion(name, type="instance") for name in found]


def _passes(session: Tensorlab, words: Sequence[str]) -> list[str]:
    """The passes that the function on the line went through, or else those of the default pipeline."""
    function = _function(session, words)
    if function is None:
        pipeline = sys.modules.get("tensorlab.jit.pipeline")
        return list(pipeline.NAMES) if pipeline else []
    return list(dict.fromkeys(record.name for record in function.records))


def _function(session: Tensorlab, words: Sequence[str]) -> Any:
    """The function on the line, or the one that was compiled last; `None` where there is none."""
    named = [session.shell.user_ns.get(word) for word in words]
    return next((f for f in map(notebook.compiled, named) if f is not None), session.latest)
