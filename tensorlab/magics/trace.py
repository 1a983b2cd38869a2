"""``%%trace``: the body of a cell as a function of the tensors that it uses, traced, compiled and run."""

from __future__ import annotations

import argparse
import inspect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.magic import cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.errors import TracerWarning
from tensorlab.magics import frames, notebook
from tensorlab.magics.cell import Cell, read_cell, run_cell
from tensorlab.magics.errors import MagicError, listed
from tensorlab.magics.names import CellNames, free_names
from tensorlab.magics.options import help_option, identifier, names, parse
from tensorlab.magics.script_statements import span_of_cell
from tensorlab.magics.session import NotebookMagics, Tensorlab

if TYPE_CHECKING:
    from tensorlab.core.tensor import Tensor
    from tensorlab.jit.explanation import Explanation
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.tracing import Escape
    from tensorlab.view.trace import TraceView
    from tensorlab.view.trace_explained import ExplanationView

UNNAMED = "_traced"
_MISSING = object()


@magics_class
class TraceMagic(NotebookMagics):
    """``%%trace``."""

    @no_var_expand
    @cell_magic
    @magic_arguments("%trace")
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view of the trace to this name")
    @argument(
        "-i",
        "--inputs",
        metavar="x,y",
        type=names,
        help="the tensors that the function takes, in this order; other tensors become constants of it "
        "(default: every tensor that the cell reads, in the order of reading)",
    )
    @argument("--name", type=identifier, default=UNNAMED, help=f"bind the function to this name (default: {UNNAMED})")
    def trace(self, line: str, cell: str) -> Any:
        """Trace the cell: make a function of it, compile it, run it, and show the graph.

        The cell runs once as Python, with the tensors as they are, while each operation is recorded. The graph is
        optimised and compiled, and the compiled function runs on the same tensors: its results are what the notebook
        then has under the names that the cell assigned, and as the cell's value. A cell that writes to memory which it
        did not make, or that draws random numbers, does not run twice: there the results are those of the recording.

        Python's own control flow and everything that is no tensor are baked in as they were. The function can be
        called with other tensors, and gives what the cell assigned, in that order, and then the cell's value; where
        that is one tensor, the tensor itself. ``%ir`` shows how it was compiled.
        """
        __tracebackhide__ = True
        args = parse(self.trace, line)
        if args is None:
            return None
        notebook.need_jit("%%trace")
        body = read_cell(self.session.shell, "%%trace", line, cell)
        known = free_names(body.tree)
        _check_new_names(args, known)
        inputs = {name: self._input(name, args.inputs) for name in self._inputs(known.read, args.inputs)}
        recording = _Recording(self.session, body, known.assigned)

        from tensorlab.jit.uncollected import uncollected

        with uncollected():
            self.show(self._view(recording, args, inputs, cell))
        return None if body.silent else recording.value

    def _view(self, recording: _Recording, args: argparse.Namespace, inputs: dict[str, Tensor], cell: str) -> TraceView:
        """Trace, compile and run the cell, bind what the options name, and give what there is to show."""
        __tracebackhide__ = True
        body = recording.cell
        with warnings.catch_warnings():
            # The view tells what the trace lost, at the cell's own line; an error that a filter asks for stays one.
            warnings.filterwarnings("ignore", category=TracerWarning, append=True)
            function = _traced(recording, args.name, inputs)
        notes = recording.settle(function, list(inputs.values()))
        self.bind(args.name, function)
        self.session.latest = function

        from tensorlab.jit.explanation import explain
        from tensorlab.view.trace import TraceView

        view = TraceView(
            args.name,
            function.graph,
            function.graph_for(*inputs.values()),
            source=cell.rstrip("\n"),
            first_line=body.first,
            filename=body.filename,
            warnings=[*function.escapes, *notes],
            records=function.records,
            explained=explain(function),
            style=self.session.graph_style,
        )
        self.bind(args.output, view)
        return view

    def _inputs(self, read: Sequence[str], wanted: Sequence[str] | None) -> Sequence[str]:
        if wanted is not None:
            return wanted
        return [name for name in read if notebook.is_tensor(self.names.get(name))]

    def _input(self, name: str, wanted: Sequence[str] | None) -> Tensor:
        if wanted is not None and wanted.count(name) > 1:
            raise MagicError("%%trace", f"-i: {name} is there twice")
        return notebook.tensor_named(self.names, name, "%%trace", "-i")


def explanation_view(explained: Explanation) -> ExplanationView:
    """What a notebook shows of what ``tensorlab.jit.explain`` gives."""
    from tensorlab.view.trace_explained import ExplanationView

    return ExplanationView(explained, () if explained.traced is None else explained.traced.escapes)


@dataclass(eq=False, slots=True)
class _Recording:
    """One run of a cell under a trace: what it assigned and gave, as Python did it."""

    session: Tensorlab
    cell: Cell
    assigned: Sequence[str]
    value: Any = None
    made: dict[str, Tensor] = field(default_factory=dict)
    results: list[Tensor] = field(default_factory=list)

    def run(self) -> Tensor | tuple[Tensor, ...]:
        """The function that is traced. It reads the notebook's names, which hold the inputs."""
        __tracebackhide__ = True
        names = self.session.shell.user_ns
        before = {name: names.get(name, _MISSING) for name in self.assigned}
        versions = {name: value._version for name, value in before.items() if notebook.is_tensor(value)}
        self.value = run_cell(self.session.shell, self.cell)
        new = {name: names[name] for name in self.assigned if name in names and names[name] is not before[name]}
        self.made = {name: value for name, value in new.items() if notebook.is_tensor(value)}
        given = self.value if isinstance(self.value, tuple) else (self.value,)
        tensors = [*self.made.values(), *filter(notebook.is_tensor, given)]
        self.results = list({id(tensor): tensor for tensor in tensors}.values())
        written = [name for name, version in versions.items() if name not in new and before[name]._version > version]
        if not self.results and written:
            message = f"the cell has run and wrote to {listed(written)} in place, but it gives no tensor"
            raise MagicError("%%trace", message, f"end the cell in {written[0]}")
        if not self.results:
            raise MagicError(
                "%%trace",
                "the cell has run, but it assigns no tensor and does not end in one: there is nothing to compile",
                _what_would_do([*new.values(), *given]),
            )
        _name_values(self.made)
        return self.results[0] if len(self.results) == 1 else tuple(self.results)

    def settle(self, function: ScriptFunction, inputs: Sequence[Tensor]) -> list[Escape]:
        """Run the compiled function and put its results in place of the recording's, where that changes nothing else.

        Gives what there is to say where it cannot.
        """
        reason = _runs_once(function)
        if reason is not None:
            return [reason]
        given = function(*inputs)
        compiled = dict(zip(map(id, self.results), given if isinstance(given, tuple) else (given,), strict=True))
        for name, tensor in self.made.items():
            self.session.shell.user_ns[name] = compiled[id(tensor)]
        if type(self.value) is tuple:
            self.value = tuple(compiled.get(id(part), part) for part in self.value)
        else:
            self.value = compiled.get(id(self.value), self.value)
        return []


def _check_new_names(args: argparse.Namespace, known: CellNames) -> None:
    """See that what the options bind takes no name that the cell needs."""
    for option, name in (("--name", args.name), ("-o", args.output)):
        if name in known.assigned:
            raise MagicError("%%trace", f"{option} {name}: the cell assigns {name} itself", "take another name")
        if name in known.read or name in (args.inputs or ()):
            raise MagicError("%%trace", f"{option} {name}: the cell reads {name} itself", "take another name")
    if args.output == args.name:
        raise MagicError("%%trace", f"-o {args.output}: --name takes that name already", "take another name")


def _what_would_do(given: Sequence[object]) -> str:
    """A hint for a cell without a result: what there is instead of a tensor."""
    if any(map(notebook.is_array, given)):
        return "NumPy's arrays are no tensors: tensorlab.from_numpy(array) makes one over an array's memory"
    if any(isinstance(value, (list, dict)) for value in given):
        return "lists and dicts are not looked into: end the cell in a tensor, or in a tuple of them"
    return "assign the result to a name, or write it in the last line"


def _traced(recording: _Recording, name: str, inputs: dict[str, Tensor]) -> ScriptFunction:
    """Trace and compile a recording as a function of its inputs."""
    __tracebackhide__ = True
    from tensorlab.jit.api import trace
    from tensorlab.jit.scripting.source import LABELS

    LABELS[recording.cell.filename] = recording.cell.label  # a kernel's own name for a cell is a file

    def body(*_: Tensor) -> Tensor | tuple[Tensor, ...]:
        __tracebackhide__ = True
        return recording.run()

    # The graph takes the names of its inputs from here.
    kind = inspect.Parameter.POSITIONAL_ONLY
    body.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in inputs])  # type: ignore[attr-defined]
    try:
        function = trace(body, list(inputs.values()), check_trace=False, name=name, watch=True)
    except BaseException as error:
        error.__traceback__ = frames.from_file(error, recording.cell.filename)
        raise
    function.graph.span = span_of_cell(recording.cell.tree, recording.cell.filename)
    return function


def _name_values(made: dict[str, Tensor]) -> None:
    """Let the graph print what the cell assigned under the cell's names."""
    from tensorlab.core.dispatch import MODES
    from tensorlab.jit.tracing import TraceMode

    for mode in MODES.get():
        if isinstance(mode, TraceMode):
            for name, tensor in made.items():
                mode.name(tensor, name)


def _runs_once(function: ScriptFunction) -> Escape | None:
    """Why the compiled function may not run after the recording has: the first operation that must not happen twice."""
    from tensorlab.jit.alias import OUTSIDE, AliasInfo, is_random
    from tensorlab.jit.tracing import Escape

    places = AliasInfo(function.graph)
    for node in function.graph.nodes():
        if is_random(node):
            what = f"{node.kind} draws random numbers"
        elif OUTSIDE in places.writes(node):
            what = f"{node.kind} writes to memory that the cell did not make"
        else:
            continue
        message = f"{what}: the cell ran once, as Python, and its results are those of the recording"
        return Escape("once", node.span, message)
    return None
