"""``%ir``: what the compiler made of a function, pass by pass and stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import ir_lives, notebook
from tensorlab.magics.errors import MagicError, listed, nearest
from tensorlab.magics.expectations import check_expectations
from tensorlab.magics.ir_questions import Question, answered, question_options
from tensorlab.magics.options import count, help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.text import Style
    from tensorlab.view.mime import View


@magics_class
class IrMagic(NotebookMagics):
    """``%ir``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--stable", action="store_true", help="without the time that each pass took, which differs every time")
    @argument("--style", choices=["1.0", "2"], help="print graphs as PyTorch 1.0 did, or as PyTorch 2 does")
    @argument(
        "--stage",
        choices=["graph", "python", "numba", "typed", "llvm", "asm"],
        help="instead of the passes, one stage: the optimised graph, the Python made of it, Numba's form of it, "
        "its types, LLVM's code, machine code; the hot block of each loop, with the width of its vectors",
    )
    @argument("--all", action="store_true", help="also the passes that changed nothing")
    @argument("--pass", dest="pass_name", metavar="NAME", help="one pass alone")
    @argument(
        "--gradient",
        choices=["forward", "backward"],
        help="of calls with tensors that require gradients: the program that runs forwards, or that for the gradients",
    )
    @question_options
    @argument("--value", metavar="%7", help="the life of one value: its line, each pass, loop, LLVM and machine code")
    @argument(
        "--line",
        metavar="N",
        type=count,
        help="everything that a line of your code became; with --stage python and below: what there does its work",
    )
    @argument(
        "--why-not",
        nargs="+",
        metavar=("WORD", "%7"),
        help="what fuse, cse, unroll or vectorize left as it was, and why; of all, or of one value",
    )
    @argument("function", nargs="?", help="a traced or scripted function (default: the one compiled last)")
    def ir(self, line: str) -> View | None:
        """Show the passes that a function went through: what each changed and how, what it refused and why.

        The passes are those for the arguments of the function's latest call.
        """
        args = parse(self.ir, line)
        if args is None:
            return None
        function = self._function(args.function)
        name = args.function or notebook.name_of(self.names, function) or function.name
        style: Style = args.style or self.session.graph_style
        if args.gradient is not None:
            function = ir_lives.side_of(function, name, args)
        if args.stage is not None and (args.pass_name is not None or args.all or args.stable):
            raise MagicError("%ir", "--stage shows no passes, so it takes no --pass, --all or --stable")
        view = ir_lives.asked(function, name, args) or answered(Question(function, name, args, self.names, self.shell))
        if view is None:
            whole = args.stage is None
            view = _passes(function, name, args, style) if whole else _graph(function, name, style)
        if args.expect is not None:
            check_expectations("%ir", args.expect, view.text())
        self.bind(args.output, view)
        return view

    def _function(self, name: str | None) -> ScriptFunction:
        if name is not None:
            return notebook.function_named(self.names, name, "%ir")
        if self.session.latest is None:
            known = listed(notebook.functions(self.names))
            raise MagicError(
                "%ir", f"which function? compiled functions here: {known}", "trace a cell with %%trace --name f"
            )
        return self.session.latest


def _passes(function: ScriptFunction, name: str, args: Any, style: Style) -> View:
    from tensorlab.view.passes import PassesView

    records = function.records
    have = list(dict.fromkeys(record.name for record in records))
    if args.pass_name is not None and args.pass_name not in have:
        message = f"{name} went through no pass {args.pass_name!r}; its passes: {listed(have)}"
        raise MagicError("%ir", message, nearest(args.pass_name, have))
    return PassesView(
        name,
        records,
        how=function.kind,
        selected=args.pass_name,
        show_all=args.all,
        style=style,
        times=not args.stable,
        note=_differentiated(function, name),
    )


def _differentiated(function: ScriptFunction, name: str) -> str:
    """What to say where a function was called with tensors that require gradients, and never without."""
    if function.latest is not None or not function.gradient_programs:
        return ""
    return (
        f"All calls of {name} took tensors that require gradients, and ran a program of their own: "
        f"%ir {name} --gradient forward shows it."
    )


def _graph(function: ScriptFunction, name: str, style: Style) -> View:
    from tensorlab.view.graph import GraphView

    if function.latest is None:
        raise ir_lives.not_compiled(function, name)
    return GraphView(function.latest.graph, name, "the graph that runs", style=style)
