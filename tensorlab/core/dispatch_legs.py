"""What each call of the package says about the way of an operation: one leg, or nothing.

Which code is a rule, an evaluator or a plan is read from the declarations of the ops; the rest is told by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any, cast

from tensorlab.core import compile as compiling
from tensorlab.core.call_tree import Call, preorder
from tensorlab.core.compile import Loop
from tensorlab.core.dispatch import MODES
from tensorlab.core.op import Op, all_ops
from tensorlab.core.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of the way. ``title`` and ``detail`` are the same in every run.

    ``exact`` is what differs from machine to machine: the file of a loop, and whether it was compiled before.
    ``place`` is the function's file and line; ``depth`` how far it is inside other legs.
    """

    kind: str
    title: str
    detail: str
    place: str
    depth: int
    exact: str = ""

    def to_dict(self, *, times: bool = False) -> dict[str, object]:
        facts = asdict(self)
        return facts if times else {name: value for name, value in facts.items() if name != "exact"}


_SHORT_CUTS = frozenset({"ops/quick.py", "ops/product_entry.py"})
_BESIDES = ("_internal", "_ufunc_config", "_methods")  # of NumPy: what goes with a call, and is no work
_PLANNERS = {
    ("core/pointwise.py", "make_plan"): "sizes, strides and dtypes worked out, and the loop chosen",
    ("core/reduction.py", "plan_reduction"): "the dimensions to fold found, and the loop chosen",
}
_BODIES = {
    "scalar": "pointwise: one element's formula in a loop over all",
    "reduce": "reduction: a fold over the elements",
    "view": "view: a new layout over the same bytes",
    "call": "a body of its own, which prepares its loops or a library call",
    "composite": "composite: made of other operations",
}
_RULES = {
    "view": "shape, strides and offset worked out",
    "call": "prepares what has to be prepared, and runs it",
    "composite": "calls the operations that it is made of",
}


class Known:
    """Which code is a rule, an evaluator or a preparation of which op."""

    def __init__(self) -> None:
        self.rules: dict[CodeType, str] = {}
        self.evaluators: set[CodeType] = set()
        self.preparing: set[CodeType] = set()
        self.by_plans: dict[int, Op] = {}
        self.loops = {id(loop.entry): loop for loop in compiling.compiled_log}
        self.added: set[int] = set()  # loops that the run made ready
        self.kept = {id(op): len(op.plans) for op in all_ops()}  # how many plans there were before the run
        for op in all_ops():
            self.by_plans[id(op.plans)] = op
            for kind, rule in op.rules.items():
                if isinstance(rule, FunctionType):
                    self.rules.setdefault(rule.__code__, kind)
            self._add_evaluator(op.evaluate)

    def _add_evaluator(self, evaluate: Any) -> None:
        kind = cast("type[object]", type(evaluate))
        function = evaluate if isinstance(evaluate, FunctionType) else vars(kind).get("__call__")
        if isinstance(function, FunctionType):
            self.evaluators.add(function.__code__)
        prepare = getattr(evaluate, "prepare", None)
        if isinstance(prepare, FunctionType):
            self.preparing.add(prepare.__code__)

    def loop(self, entry: object) -> Loop | None:
        """The loop of a native function, made before or during the run."""
        found = self.loops.get(id(entry))
        return found or next((loop for loop in reversed(compiling.compiled_log) if loop.entry is entry), None)

    def look(self, frame: FrameType) -> dict[str, Any]:
        """What is kept of a frame while it runs."""
        code = frame.f_code
        file = code.co_filename
        facts: dict[str, Any] = {}
        local = frame.f_locals
        here = local.get("self")
        if isinstance(here, Op):
            facts["op"] = here
        elif code in self.evaluators:
            facts["op"] = getattr(here, "op", None)
        elif code.co_name == "call" and any(here is mode for mode in MODES.get()):
            facts |= {"mode": type(here).__name__, "op": local.get("op")}
        elif isinstance(local.get("op"), Op) and "/autograd/" in file:
            facts["op"] = local["op"]
        elif file.endswith(tuple(_SHORT_CUTS)):
            facts["op"] = self._op_in_front(local)
        if "nbytes" in local and isinstance(local["nbytes"], int):
            facts["nbytes"] = local["nbytes"]
        elif code.co_name == "fresh" and "form" in local:
            facts["nbytes"] = local["form"].nbytes
        wraps = local.get("checked") or local.get("function")
        if isinstance(wraps, FunctionType):
            facts["wraps"] = wraps
        return facts

    def _op_in_front(self, local: Mapping[str, Any]) -> Op | None:
        """The op whose plans a function in front of it looks into."""
        of_tensors = isinstance(local.get("other"), Tensor)
        plans = local.get("plans", local.get("tensor_plans" if of_tensors else "number_plans"))
        return self.by_plans.get(id(plans))


class Reading:
    """Makes legs of the calls below one entry."""

    def __init__(self, known: Known, *, under_modes: bool) -> None:
        self.known = known
        self.under_modes = under_modes
        self.legs: list[Leg] = []
        self.owned: list[tuple[Call, int]] = []
        self.ops: list[Op] = []
        self.short_cut: bool | None = None
        self.recorded = False
        self.says_something = False
        self._op_told: Op | None = None
        self._by_short_cut = False

    def read(self, call: Call, depth: int, op: Op | None, owner: int | None) -> None:
        """Legs for a call and all below it; ``owner`` is the leg whose time its own is, where it is none itself."""
        op = call.facts.get("op") or op
        start = len(self.legs)
        if not self.legs:
            self._add("python", self._function(call), "the Python function that was called", call, depth)
            depth += 1
        self._leg(call, depth, op)
        if len(self.legs) > start:
            owner = len(self.legs) - 1
            depth = self.legs[-1].depth + 1
        if owner is not None:
            self.owned.append((call, owner))
        if len(self.legs) > start and self.legs[-1].kind == "allocate":
            for inner in call.calls:
                self._own_all(inner, owner)
            return
        for inner in call.calls:
            self.read(inner, depth, op, owner)

    def _own_all(self, call: Call, owner: int | None) -> None:
        for inner in preorder(call):
            if owner is not None:
                self.owned.append((inner, owner))

    def _add(self, kind: str, title: str, detail: str, call: Call, depth: int, exact: str = "") -> None:
        place = f"{call.file}:{call.line}" if call.kind == "ours" else ""
        self.legs.append(Leg(kind, title, detail, place, depth, exact))

    def _function(self, call: Call) -> str:
        """The method of Tensor that was called, or the function's own name."""
        wraps = call.facts.get("wraps")
        for owner in Tensor.__mro__:
            for name, value in vars(owner).items():
                if isinstance(value, FunctionType) and value.__code__ is call.code and _wraps(value, wraps):
                    return f"Tensor.{name}"
        if isinstance(wraps, FunctionType):
            return wraps.__name__
        return call.name.rpartition("<locals>.")[2]

    def _leg(self, call: Call, depth: int, op: Op | None) -> None:
        """The leg that a call is, if it is one."""
        file, name = call.file, call.name.rpartition(".")[2]
        if call.kind == "loop":
            self._loop(call, depth)
        elif call.kind == "library":
            module, _, function = call.name.rpartition(".")
            if not function.startswith("_") and not any(part in module for part in _BESIDES):
                self._add("library", call.name, "a library does the work", call, depth)
        elif "mode" in call.facts and op is not None:
            self._add("mode", call.facts["mode"], f"sees {op.name} before it runs", call, depth)
        elif call.kind != "ours":
            return
        elif file in _SHORT_CUTS and isinstance(call.facts.get("op"), Op) and "wraps" in call.facts:
            self._looks(call, call.facts["op"], depth)
        elif file == "core/op.py" and name in ("call", "run") and op is not None and op is not self._op_told:
            self._op(op, call, depth)
        elif file.startswith("autograd/") and name in ("one", "two", "call") and op is not None:
            self.recorded = True
            self._add("autograd", "", _noted(call.result), call, depth)
        elif call.code in self.known.evaluators and op is not None:
            self._add("evaluator", f"of {op.name}", _body(op), call, depth)
        else:
            self._rule_or_plan(call, depth, op)

    def _looks(self, call: Call, op: Op, depth: int) -> None:
        """A function in front of an op: it has a short cut for these layouts, or goes the long way."""
        taken = not any(inner.code is call.facts["wraps"].__code__ for inner in call.calls)
        self.short_cut = taken if self.short_cut is None else self.short_cut
        self._by_short_cut = taken
        self.says_something = self.says_something or taken
        if taken:
            self.ops.append(op)
            self._op_told = op
            self._add("short cut", f"to {op.name}", "taken: these layouts were met before", call, depth)
        elif not any(leg.kind == "short cut" and leg.title.endswith(op.name) for leg in self.legs):
            why = "not taken: a mode is on" if self.under_modes else "not taken: none is kept for this form of call"
            self._add("short cut", f"to {op.name}", why, call, depth)

    def _op(self, op: Op, call: Call, depth: int) -> None:
        self.ops.append(op)
        self.says_something = True
        self._op_told = op
        self._by_short_cut = False
        self._add("op", op.name, str(op.schema), call, depth)

    def _rule_or_plan(self, call: Call, depth: int, op: Op | None) -> None:
        file, name = call.file, call.name.rpartition(".")[2]
        rule = self.known.rules.get(call.code) if call.code is not None else None
        if (file, name) in _PLANNERS:
            self._add("plan", "made now", _PLANNERS[file, name], call, depth)
        elif call.code in self.known.preparing:
            self._add("plan", "made now", "what runs all calls of this form is prepared", call, depth)
        elif (file, name) == ("core/region.py", "type_region"):
            self._add("type rule", "", f"gives {call.result[-1].result}" if call.result else "", call, depth)
        elif rule == "type":
            self._add("type rule", "", f"gives {_types(call.result)}", call, depth)
        elif rule in ("call", "composite", "view"):
            self._add("body", f"by its {rule} rule", _RULES[rule], call, depth)
        elif (file, name) == ("core/compile.py", "compile_loop"):
            self._compiled(call, depth)
        elif op is not None and _is_kept(op, call.code):
            made = not self._by_short_cut and len(op.plans) > self.known.kept[id(op)]
            words = "made in this run, and kept for calls like it" if made else "kept from an earlier call like it"
            self._add("plan", "runs", words, call, depth)
        elif name in ("fresh", "empty", "allocate") and file.startswith(("core/tensor", "core/storage", "memory/")):
            size = next((inner.facts["nbytes"] for inner in preorder(call) if "nbytes" in inner.facts), 0)
            self._add("allocate", f"{size:,} B", "from the allocator", call, depth)
        elif (file, name) == ("core/tensor.py", "as_view"):
            self.says_something = True
            form = call.result.layout
            words = f"the same storage, shape {tuple(form.shape)}, stride {tuple(form.strides)}"
            self._add("view", "", words, call, depth)

    def _compiled(self, call: Call, depth: int) -> None:
        loop = call.result
        if isinstance(loop, Loop) and id(loop) in self.known.added:
            how = "machine code from the disk cache" if loop.from_cache else "compiled just now"
            title = f"loop {_label(loop.name)}"
            self._add("compile", title, "made ready, for the first time in this process", call, depth, how)

    def _loop(self, call: Call, depth: int) -> None:
        self.says_something = True
        loop = self.known.loop(call.entry)
        exact = "" if loop is None else loop.path
        self._add("loop", _label(call.name), "native code: other threads may run", call, depth, exact)


def _label(name: str) -> str:
    """A loop's name without the digest of what made it, which differs from machine to machine."""
    label, _, digest = name.rpartition("_")
    return label if label and len(digest) == 12 else name


def _wraps(function: FunctionType, wrapped: object) -> bool:
    """Whether a function made by a decorator is that in front of ``wrapped``: others share its code."""
    if function.__closure__ is None:
        return True
    return wrapped is not None and any(_content(cell) is wrapped for cell in function.__closure__)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nothing in it yet
        return None


def _is_kept(op: Op, code: CodeType | None) -> bool:
    """Whether code is that of a plan that the op keeps."""
    return any(isinstance(run, FunctionType) and run.__code__ is code for run in list(op.plans.values()))


def _noted(result: object) -> str:
    tape = result.tape if isinstance(result, Tensor) else None
    name = tape.grad_fn_name if tape is not None else None
    return f"asked, since a tensor is on the tape; the result gets {name}" if name else "asked, and writes nothing down"


def _types(found: object) -> str:
    return ", ".join(map(str, cast("tuple[object, ...]", found))) if isinstance(found, tuple) else str(found)


def _body(op: Op) -> str:
    kind = next((kind for kind in ("scalar", "reduce", "view", "call", "composite") if kind in op.rules), "")
    return _BODIES.get(kind, "its body")


def described(value: object) -> str:
    """A result in a few words."""
    if isinstance(value, Tensor):
        form = value.layout
        return f"Tensor {tuple(form.shape)} {form.dtype.name}"
    if isinstance(value, (list, tuple)):
        parts = [described(part) for part in islice(cast("list[object]", value), 4)]
        more = ", ..." if len(cast("list[object]", value)) > 4 else ""
        return f"{type(cast(object, value)).__name__} of {', '.join(parts)}{more}"
    return "None" if value is None else f"{type(value).__name__}"
