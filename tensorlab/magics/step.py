"""``%step``: a call of a compiled function, walked one instruction of the interpreter at a time."""

from __future__ import annotations

import argparse
import ast
import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest
from tensorlab.magics.expression import compiled, failed, parse_expression, run_expression
from tensorlab.magics.options import Given, count, help_option, identifier
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.walk import Walk
    from tensorlab.view.mime import View

_LINE = re.compile(r"(--until(?:\s+|=))(['\"]?)line[ :]\s*(\d+)\2")
_MOVES = ("at", "back", "until", "end")


def number(text: str) -> int:
    """An option's value that is a number of steps, from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"takes a number of steps, 0 or more, got {text!r}")
    return int(text)


def place(text: str) -> str:
    """An option's value that is a value of the graph, or a line: ``line 3`` and ``line:3`` are ``line:3``."""
    return re.sub(r"^line[ :]\s*(\d+)$", r"line:\1", text.strip())


@magics_class
class StepMagic(NotebookMagics):
    """``%step``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--at", metavar="N", type=number, help="go to where N steps are done, forwards or backwards")
    @argument("--back", metavar="N", nargs="?", const=1, type=count, help="undo the last step, or the last N")
    @argument(
        "--until",
        metavar="PLACE",
        type=place,
        help="go on until a value is given, %%7 as the graph prints it or y as the source calls it; 'line 3': until an "
        "instruction of that line comes next",
    )
    @argument("--end", action="store_true", help="go on to the end, and show the result")
    @argument("--graph", action="store_true", help="show all instructions instead of the steps around")
    @argument(
        "expression",
        nargs="?",
        help="a call, f(x): begin a walk through it; a number: so many steps on; nothing: one step on",
    )
    def step(self, line: str) -> View | None:
        """Walk through a call of a compiled function: line, node, instruction, registers, what was moved and freed.

        %step f(x) begins, %step goes on by one step, %step 5 by five. The walk runs on copies of the arguments and of
        the tensors that f holds: nothing of yours is changed, and it can go back.
        """
        read = line if isinstance(line, Given) else _LINE.sub(r"\1line:\3", line)
        parsed = parse_expression(self.step, read)
        if parsed is None:
            return None
        args, text = parsed
        moves = [f"--{name}" for name in _MOVES if getattr(args, name) not in (None, False)]
        if len(moves) > 1:
            raise MagicError("%step", f"{' and '.join(moves)}: one at a time", "%step --back 3")
        steps = int(text) if text.isdecimal() else None
        if steps is not None and (moves or steps == 0):
            raise MagicError(
                "%step", f"got {' '.join([text, *moves])}; takes a number of steps alone, from 1", "%step 5"
            )
        begun = bool(text) and steps is None
        walk = self._begun(text) if begun else self._going()
        _move(walk, args, steps if steps is not None else 0 if begun or args.graph or moves else 1)
        view = _instructions(walk) if args.graph else _steps(walk)
        self.session.walk = walk
        self.bind(args.output, view)
        return view

    def _going(self) -> Walk:
        if self.session.walk is None:
            known = notebook.functions(self.names)
            message = f"no walk has begun; compiled functions here: {listed(known)}"
            raise MagicError("%step", message, f"%step {known[0] if known else 'f'}(x) begins one")
        return self.session.walk

    def _begun(self, text: str) -> Walk:
        notebook.need_jit("%step")
        shell = self.session.shell
        compiled(shell, self.step, text)  # an expression at all?
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call):
            function = text if notebook.compiled(self.names.get(text)) is not None else "f"
            raise MagicError("%step", f"{text} is no call", f"%step {function}(x)")
        named = ast.unparse(call.func)
        function = self._evaluated(text, call.func)
        taker = ast.parse("lambda *args, **kwargs: (args, kwargs)", mode="eval").body
        _take_runnable(self.names, named, function)
        given, keywords = self._evaluated(text, ast.Call(taker, call.args, call.keywords))
        from tensorlab.errors import TensorlabError
        from tensorlab.jit.walk import Walk

        try:
            graph, inputs = function.graph_and_inputs(*given, **keywords)
            return Walk(graph, inputs, name=named, style=self.session.graph_style)
        except TensorlabError as error:
            raise MagicError("%step", str(error).split("\n")[0]) from None
        except Exception as error:  # an argument that cannot be copied
            raise failed(shell, self.step, text, error) from error

    def _evaluated(self, text: str, node: ast.expr) -> Any:
        whole = ast.fix_missing_locations(ast.Expression(node))
        code = compile(whole, "<%step>", "eval", self.session.shell.compile.flags & ~0x4000, dont_inherit=True)
        return run_expression(self.session.shell, self.step, text, code)


def _take_runnable(names: Any, named: str, function: Any) -> None:
    """Refuse what has no graph, and say how to get one."""
    if hasattr(function, "graph_and_inputs"):
        return
    known = listed(notebook.functions(names))
    lab = next(
        (n for n, v in names.items() if getattr(v, "__name__", "") == "tensorlab" and n.isidentifier()), "tensorlab"
    )
    plain = named if named.isidentifier() else "f"
    message = f"{named} is {a_kind(function)}, not a compiled function, and has no graph to walk through"
    if callable(function):
        raise MagicError(
            "%step", message, f"{plain} = {lab}.jit.script({named}) compiles it; so does %%script above its cell"
        )
    raise MagicError("%step", f"{message}; compiled functions here: {known}")


def _move(walk: Walk, args: argparse.Namespace, steps: int) -> None:
    if args.at is not None:
        walk.at(args.at)
    elif args.back is not None:
        walk.back(args.back)
    elif args.end:
        walk.end()
    elif args.until is not None:
        _until(walk, args.until)
    else:
        walk.forward(steps)


def _until(walk: Walk, wanted: str) -> None:
    kind, _, rest = wanted.partition(":")
    if kind == "line" and rest.isdecimal():
        if int(rest) not in walk.lines:
            lines = listed(map(str, walk.lines), 20)
            raise MagicError(
                "%step",
                f"--until: {walk.name} has no instruction from line {rest}; lines: {lines}",
                _closest(int(rest), walk.lines),
            )
        walk.until_line(int(rest))
        return
    if wanted not in walk.names:
        bare = nearest(wanted, walk.names) or nearest(f"%{wanted}", walk.names)
        raise MagicError("%step", f"--until: {walk.name} has no value {wanted}; values: {listed(walk.names)}", bare)
    walk.until(wanted)


def _closest(line: int, known: tuple[int, ...]) -> str:
    return f"nearest: line {min(known, key=lambda each: abs(each - line))}" if known else ""


def _steps(walk: Walk) -> View:
    from tensorlab.view.steps import StepsView

    return StepsView(walk.record())


def _instructions(walk: Walk) -> View:
    from tensorlab.view.steps_code import InstructionsView

    return InstructionsView(walk.name, walk.code, walk.pc)
