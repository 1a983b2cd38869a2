"""``%ir f --edit`` writes a cell with a graph's text; ``%%ir`` runs such a cell: the text is parsed, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, listed, nearest
from tensorlab.magics.options import help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.ir import Graph
    from tensorlab.view.mime import View

UNNAMED = "_edited"
_MOST_CHARACTERS = 300_000  # of a cell, as of a view: 5,000 nodes. A graph that holds weights is no text to edit


@magics_class
class IrEditMagic(NotebookMagics):
    """``%%ir``."""

    python = False  # it is a graph

    @no_var_expand
    @cell_magic
    @magic_arguments("%ir")
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--edit-of", metavar="F", help="the function whose graph was edited")
    @argument("--after", metavar="PASS", help="go on behind this pass (default: all passes run)")
    @argument("--name", type=identifier, default=UNNAMED, help=f"bind the function to this name (default: {UNNAMED})")
    def ir(self, line: str, cell: str) -> View | None:
        """Compile the graph in the cell: the passes that are left run over it, and what comes out is compared.

        ``%ir f --edit`` writes such a cell.
        """
        args = parse(self.ir, line)
        if args is None:
            return None
        if args.edit_of is None:
            hint = "it names the function whose graph was edited; --edit writes such a cell"
            raise MagicError("%%ir", "--edit-of is missing", hint)
        function = notebook.function_named(self.names, args.edit_of, "%%ir")
        done = passes_done("%%ir", function, args.edit_of, args.after)
        view = _compiled(self.names, function, args, cell, done)
        self.bind(args.output, view)
        return view


def passes_done(magic: str, function: ScriptFunction, name: str, after: str | None) -> int:
    """How many passes of a function's pipeline are behind the first one of a name; none without a name.

    Raises: `MagicError` for a name that the pipeline does not have.
    """
    have = [p.name for p in function.pipeline]
    if after is None:
        return 0
    if after not in have:
        distinct = list(dict.fromkeys(have))
        message = f"{name} goes through no pass {after!r}; its passes: {listed(distinct)}"
        raise MagicError(magic, message, nearest(after, distinct))
    return have.index(after) + 1


def edit_cell(name: str, function: ScriptFunction, after: str | None) -> tuple[str, Graph]:
    """The text of a cell that holds a function's graph, as it was recorded or as a pass left it; and that graph.

    Raises: `MagicError` for a pass that is not there, and for a graph that holds more than a text should.
    """
    from tensorlab.jit.text import format_graph

    done = passes_done("%ir", function, name, after)
    records = function.records
    graph = records[done - 1].after if done else records[0].before if records else function.graph
    text = format_graph(graph, spans=False, elide=False)
    if len(text) > _MOST_CHARACTERS:
        message = f"the graph of {name} is {len(text):,} characters long, with all that its constants hold"
        at = f"{name}.records[{done - 1}].after" if done else f"{name}.graph"
        hint = (
            f"format_graph({at}, spans=False, elide=False) of tensorlab.jit.text gives the text, tl.jit.parse_ir(text) "
            "the graph; or give what it holds as arguments, and trace again"
        )
        raise MagicError("%ir", f"--edit: {message}; takes {_MOST_CHARACTERS:,}", hint)
    behind = "" if after is None else f" --after {after}"
    return f"%%ir --edit-of {name}{behind}\n{text}", graph


def _compiled(names: dict[str, Any], function: ScriptFunction, args: Any, cell: str, done: int) -> View:
    from dataclasses import replace

    from tensorlab.errors import ArgumentError, GraphError, ParseError, RangeError
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.otherwise import what_if
    from tensorlab.jit.parse import parse_graph
    from tensorlab.jit.uncollected import uncollected
    from tensorlab.jit.verify import verify
    from tensorlab.view.what_if import WhatIfView

    try:
        with uncollected():
            graph = parse_graph(cell)
            verify(graph)
    except (ParseError, GraphError) as error:
        raise MagicError("%%ir", str(error)) from None
    graph.name = args.name
    rest = replace(function.pipeline, passes=function.pipeline.passes[done:])
    try:
        found = what_if(function, pipeline=rest, graph=graph, skip=done)
    except (ArgumentError, RangeError) as error:
        raise MagicError("%%ir", str(error)) from None
    names[args.name] = ScriptFunction(graph, kind="edited", pipeline=rest)
    return WhatIfView(found, args.edit_of, "edited" if args.after is None else f"edited after {args.after}")
