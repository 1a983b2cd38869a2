"""When a graph runs as one native function: the first calls run the program, later ones the function.

A function without loops and branches calls the loops that its program has compiled, and takes Numba 0.1 s and 5 to 10
ms an operation; one with them compiles its loops once more, inside of itself, 0.3 to 1.5 s. So a graph has to be called
more than once before that is paid (torch.jit's profiling executor waits likewise), and a large one many times: what an
operation takes to compile is what some thousand calls save on it. From then on each operation saves what Python takes
between two loops, 3 to 6 us. That counts where tensors are small and where operations are many, in loops above all: 4
to 40 times were measured for layers of small tensors, 20 to 200 for loops. It does not count for one operation, nor
where large loops do better in threads (`native_plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Any

from tensorlab.core.layout import Layout
from tensorlab.errors import CompileError
from tensorlab.jit.ir import IF, LOOP, Graph, walk
from tensorlab.jit.work import work_of

if TYPE_CHECKING:
    from tensorlab.jit.native_function import NativeFunction
    from tensorlab.jit.native_plan import NativePlan
    from tensorlab.jit.native_values import NativeRefusal

WAIT = 3  # calls that run the program
LARGE, WAIT_LONG = 100, 200  # operations of a graph, and how many calls run the program of one that has more
_layout = attrgetter("layout")


class NativeTier:
    """A program that becomes a native function; ``run`` is what to call. What makes one is imported only then.

    ``refusal`` says why there is none, once that is known. ``wait`` calls run the program. Threads may share it.
    """

    __slots__ = ("_calls", "_forms", "_lock", "_program", "_target", "function", "graph", "refusal", "run", "wait")

    def __init__(self, graph: Graph, program: Callable[..., Any], forms: Sequence[Layout | None]) -> None:
        self.graph = graph
        self.function: NativeFunction | None = None
        self.refusal: NativeRefusal | None = None
        self._program = program
        self._forms = tuple(forms)
        self._calls = 0
        self.wait = WAIT if work_of(graph) <= LARGE else WAIT_LONG
        self._lock = Lock()
        self._target: Callable[..., Any] = self._waiting
        self.run: Callable[..., Any] = self._run

    def to_dict(self) -> dict[str, object]:
        """How many calls the program has had, and the function or why there is none, once that is known."""
        function = None if self.function is None else self.function.to_dict()
        return {"calls": self._calls, "function": function, "refusal": self.refusal and self.refusal.to_dict()}

    @property
    def program(self) -> Callable[..., Any]:
        """What runs until there is a function."""
        return self._program

    def _run(self, *args: Any) -> Any:
        return self._target(*args)

    def _waiting(self, *args: Any) -> Any:
        if self._calls < self.wait:
            self._calls += 1
            return self._program(*args)
        return self._ready(args)(*args)

    def _ready(self, _args: Sequence[Any]) -> Callable[..., Any]:
        return self.compiled()

    def compiled(self) -> Callable[..., Any]:
        """The native function, compiled now if need be; the program where there is no such function."""
        return self._compiled(self._forms)

    def _compiled(self, forms: Sequence[Layout | None]) -> Callable[..., Any]:
        """What later calls run; made now for inputs of these layouts, if nothing was made before."""
        from tensorlab.jit.native_plan import NativePlan, plan_native

        with self._lock:
            if self.function is None and self.refusal is None:
                found = unsuited(self.graph) or plan_native(self.graph, forms)
                self._target = self._program
                if isinstance(found, NativePlan):
                    self._compile(found, forms)
                else:
                    self.refusal = found
        return self._target

    def _compile(self, plan: NativePlan, forms: Sequence[Layout | None]) -> None:
        from tensorlab.jit.native_function import build_native
        from tensorlab.jit.native_values import NativeRefusal

        try:
            self.function = build_native(plan, self.graph.name, self._program)
        except CompileError as error:
            self.refusal = NativeRefusal(str(error))
        else:
            self._target = self._entry(self.function.run, forms)

    def _entry(self, run: Callable[..., Any], _forms: Sequence[Layout | None]) -> Callable[..., Any]:
        """How a function for these layouts is called: whoever calls this has seen that the inputs have them."""
        return run


class LayoutTier(NativeTier):
    """As `NativeTier`, for a program whose types are known and whose inputs are all tensors, but not how these lie.

    The function is made for the layouts of the call that it is made at. Others run the program.
    """

    __slots__ = ()

    def __init__(self, graph: Graph, program: Callable[..., Any]) -> None:
        super().__init__(graph, program, ())

    def _ready(self, args: Sequence[Any]) -> Callable[..., Any]:
        return self._compiled(tuple(map(_layout, args)))

    def _entry(self, run: Callable[..., Any], forms: Sequence[Layout | None]) -> Callable[..., Any]:
        """With a look at the layouts of each call."""
        program = self._program

        def guarded(*args: Any) -> Any:
            return run(*args) if tuple(map(_layout, args)) == forms else program(*args)

        return guarded


def unsuited(graph: Graph) -> NativeRefusal | None:
    """Why a native function would gain nothing; None where it would gain."""
    from tensorlab.jit.native_values import NativeRefusal

    nodes = list(walk(graph.block))
    if any(n.kind in (LOOP, IF) for n in nodes):
        return None
    if work_of(graph) < 2:
        return NativeRefusal("one operation: there is nothing between operations to save")
    return None
