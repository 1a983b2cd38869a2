"""Kinds of nodes, ours beside PyTorch's, before any pass: where the two spell a thing differently, and why.

A rule takes nodes of ours against nodes of theirs; what no rule takes must be equal. A program whose graphs differ for
a reason of its own is named in `OWN_REASONS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tensorlab as tl
from tensorlab.jit.ir import LIST_CONSTRUCT, Graph

CONSTANT = "prim::Constant"


@dataclass(frozen=True, slots=True)
class Spelling:
    """Nodes of ours that stand for nodes of theirs."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    why: str


def _spelling(ours: str, theirs: str, why: str) -> Spelling:
    return Spelling(tuple(_full(ours)), tuple(_full(theirs)), why)


def _full(text: str) -> Iterator[str]:
    for word in text.split():
        yield word if "::" in word else f"prim::{word}" if word[0].isupper() else f"aten::{word}"


# In this order: what takes more comes first.
SPELLINGS = (
    _spelling(
        "__not__ Uninitialized If",
        "gt add lt __and__",
        "a for that is left early: ours asks in the loop's condition whether it is done, theirs counts by hand",
    ),
    _spelling("__not__", "gt add lt __and__ Uninitialized Uninitialized If", "as above"),
    _spelling("__not__", "gt add lt __and__ Uninitialized", "as above"),
    _spelling("__not__", "gt add lt __and__", "as above"),
    _spelling("fill_", "prim::dtype prim::device tensor copy_", "a number that is written is not made a tensor first"),
    _spelling("fill_", "ListConstruct zero_", "a write of zeros is a write of a number"),
    _spelling("fill_", "zero_", "as above"),
    _spelling("fill_", "copy_", "a number that is written is no tensor that the trace holds"),
    _spelling("rsub", "neg add", "a number less a tensor: PyTorch's traces have rsub too"),
    _spelling("zeros size prim::dtype", "zeros_like", "zeros_like is zeros of the same size and dtype"),
    _spelling("size prim::dtype zeros", "zeros_like", "as above"),
    _spelling("clone", "tensor", "the tensor of written numbers is a constant, which each run copies"),
    _spelling("prim::Bool", "aten::Bool", "a tensor's value is an operation of the compiler"),
    _spelling("prim::unchecked_unwrap_optional", "prim::unchecked_cast", "what is known not to be None has one name"),
    _spelling("bitwise_and", "__and__", "operators have the names of their functions"),
    _spelling("bitwise_or", "__or__", "as above"),
    _spelling("abs", "prim::abs", "a builtin of numbers has the name of that of tensors"),
    _spelling("min", "prim::min ListConstruct", "as above, of written numbers"),
    _spelling("max", "prim::max ListConstruct", "as above, of written numbers"),
    _spelling("min", "prim::min", "as above"),
    _spelling("max", "prim::max", "as above"),
    _spelling("format", "percentFormat TupleConstruct", "one operation formats, whatever the language of the text"),
    _spelling("format", "percentFormat", "as above"),
    _spelling("conv2d", "_convolution", "PyTorch's trace sees inside of conv2d"),
    _spelling("norm", "linalg_vector_norm", "PyTorch's trace sees inside of norm"),
    _spelling("full", "tensor prim::device", "a number that is written through an index is a tensor by full"),
    _spelling("to prim::dtype", "type_as", "type_as is to of the other's dtype"),
    _spelling("to", "type_as", "type_as is to of the other's dtype"),
    _spelling(
        "__getitem__ __getitem__ __getitem__", "ListUnpack", "each piece is taken from the list where it is used"
    ),
    _spelling("__getitem__ __getitem__", "ListUnpack", "as above"),
    _spelling("", "Uninitialized", "a value that nobody reads needs no node where a variable is not defined"),
    _spelling("Uninitialized", "", "as above"),
)

# In a trace of PyTorch: sizes, which ours holds as numbers, for it is of one shape; and what lifts a written tensor
# into the trace. What is made of these alone counts as a constant.
OF_SIZES = ("aten::size", "aten::Int", "aten::numel", "aten::ScalarImplicit", "prim::NumToTensor")
LIFTS = ("aten::to", "aten::detach")

EXITS = "what follows a return or a break is nested into branches in another way"
RANGES = "a range's length is an operation there; here it is arithmetic, where the step is not written out"
FOLDED = "PyTorch folds what is written in numbers while it compiles; ours leaves that to a pass"
ITERATED = "PyTorch takes the smallest of a list of lengths, even of one; ours the length itself"
DECIDED = "types decide it while the program is compiled, and no node is left"
SOURCE = "PyTorch compiles the Python of its function: checks, warnings, forms in place; ours is one operation"
COMPOSED = "the function is made of other operations here"
BAKED = "what a trace asked for its value stays in ours, so that `explain` can show it"

# Programs whose graphs differ for a reason of their own.
SCRIPT_REASONS: dict[str, str] = {
    **dict.fromkeys(("while true with a return", "while with a break", "continue in a while"), EXITS),
    **dict.fromkeys(("returns in branches", "return out of three loops", "break in both branches"), EXITS),
    **dict.fromkeys(("enumerate", "list of a range"), RANGES),
    "over a string": "PyTorch counts by hand in every loop over a string",
    **dict.fromkeys(
        ("casts", "math to ints", "rounding", "tuples", "named tuple", "enum", "format", "ord and chr"), FOLDED
    ),
    **dict.fromkeys(("enumerate a tuple", "list of tuples", "builtins of numbers"), FOLDED),
    "comprehension of tensors": ITERATED,
    "string questions": "`in` of two strings is an operation here, PyTorch finds the place",
    **dict.fromkeys(("optional with and", "isinstance", "isinstance that types decide"), DECIDED),
    "new annotations": "a part of a tuple is taken out of all of them",
    **dict.fromkeys(("raise", "computed messages"), "the message of an error is put together here, PyTorch drops it"),
    "enter and exit": "methods of a context are called like any other",
    **dict.fromkeys(("no_grad", "no_grad and a return"), "the tape's switch is a function of Python's here"),
    "facts of tensors": "there is one device, so that is_cuda is known",
    "tensors like others": "new_zeros, cpu and data are other operations' special cases",
    "bits of tensors": "^= writes in place here as += does",
    "objects in objects": "PyTorch reads an attribute once where nothing wrote in between",
    "products: outer": COMPOSED,
    "control: tuple": "a tuple of parts of one type, asked for the part that a number says, is a list of them here",
    "writes: clone is apart": "PyTorch takes away the writes to what nobody reads",
    **dict.fromkeys((f"layers: {n}" for n in ("relu", "silu", "leaky relu", "elu", "hardtanh")), SOURCE),
    **dict.fromkeys((f"layers: {n}" for n in ("softmax", "log softmax", "mse loss", "l1 loss")), SOURCE),
    **dict.fromkeys((f"layers: {n}" for n in ("cross entropy", "nll loss", "max pool", "embedding")), SOURCE),
    **dict.fromkeys((f"layers: {n}" for n in ("dropout of nothing", "normalize")), SOURCE),
    "shapes: shape as an int": "a part of the shape is size of one dimension",
}
TRACE_REASONS: dict[str, str] = {
    "writes: clone is apart": SCRIPT_REASONS["writes: clone is apart"],
    "writes: mask as index": "the number that is written is brought to the dtype first",
    **dict.fromkeys(("products: outer", "layers: mse loss", "layers: l1 loss", "layers: normalize"), COMPOSED),
    "layers: dropout of nothing": "dropout that drops nothing leaves no node",
    **dict.fromkeys(("shapes: shape arithmetic", "shapes: halves"), "arithmetic of sizes is Python's own here"),
    **dict.fromkeys(("control: if of a tensor", "control: item as a number"), BAKED),
}

NOT_BY_TORCH = {"dtypes: bool of floats": "TorchScript has no bool() of tensors by method"}


def kinds_of(graph: Graph) -> Counter[str]:
    """Kinds of our nodes, but for constants and lists of them."""
    found: Counter[str] = Counter()
    written: set[int] = set()
    for node in graph.nodes():
        constant = node.kind == LIST_CONSTRUCT and all(v.serial in written for v in node.inputs)
        if constant or node.kind == CONSTANT:
            written |= {v.serial for v in node.outputs}
        else:
            found[node.kind] += 1
    return found


def kinds_of_torch(graph: Any, *, traced: bool) -> Counter[str]:
    """Kinds of PyTorch's nodes: as `kinds_of`, and without slices that take all."""
    found: Counter[str] = Counter()
    _walk(graph, found, set(), (LIST_CONSTRUCT, *LIFTS) if traced else (LIST_CONSTRUCT,), OF_SIZES if traced else ())
    return found


def _walk(block: Any, found: Counter[str], written: set[str], keep: tuple[str, ...], sizes: tuple[str, ...]) -> None:
    """Count the nodes; ``written`` are values that are constants, or made of these by the kinds ``keep``."""
    for node in block.nodes():
        kind, names = node.kind(), [v.debugName() for v in node.inputs()]
        if kind == CONSTANT or kind in sizes or (kind in keep and all(n in written for n in names)):
            written |= {v.debugName() for v in node.outputs()}
        elif not _takes_all(node):
            found[kind] += 1
        for inner in node.blocks():
            _walk(inner, found, written, keep, sizes)


def _takes_all(node: Any) -> bool:
    """Whether it is ``x[:]``."""
    if node.kind() != "aten::slice" or len(list(node.inputs())) != 5:
        return False
    bounds = [v.toIValue() for v in list(node.inputs())[2:]]
    return bounds == [0, 2**63 - 1, 1]


def unexplained(ours: Counter[str], theirs: Counter[str]) -> tuple[dict[str, int], dict[str, int]]:
    """What is left of both when every rule has taken what it can, as often as it can."""
    left, right = ours - theirs, theirs - ours
    for rule in SPELLINGS:
        mine, other = Counter(rule.ours), Counter(rule.theirs)
        while all(left[k] >= n for k, n in mine.items()) and all(right[k] >= n for k, n in other.items()):
            left, right = left - mine, right - other
    return dict(left), dict(right)


def scripted_kinds(function: Any, library: Any) -> Counter[str]:
    scripted = library.jit.script(function)
    return kinds_of(scripted.graph) if library is tl else kinds_of_torch(scripted.inlined_graph, traced=False)
