"""One of every view, over records that need nothing compiled: parsed graphs, small arrays, made-up times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from autograd_samples import AUTOGRAD_SAMPLES
from doctor_samples import DOCTOR_SAMPLES
from lives_samples import LIVES_SAMPLES
from phases_samples import PHASES_SAMPLES
from question_samples import QUESTION_SAMPLES
from storage_samples import STORAGE_SAMPLES
from syntax_samples import SYNTAX_SAMPLES

import tensorlab.ops.methods  # noqa: F401 - declares the ops that the parser looks up
from tensorlab.core import dtype
from tensorlab.core.big_picture import big_picture
from tensorlab.core.footprint import Footprint, Run
from tensorlab.core.layout import layout
from tensorlab.core.measure import BatchPoint, BatchTime
from tensorlab.core.sharing import NameRecord, SharingReport, StorageRecord, describe
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.records import Decision, PassRecord
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.jit.tracing import Escape
from tensorlab.memory import CachingAllocator, DataPtr, HostAllocator, use_allocator
from tensorlab.memory.history import MemoryEvent
from tensorlab.memory.report import MemoryReport, compare
from tensorlab.memory.segments import Block, Frame, Segment
from tensorlab.memory.timeline import timeline
from tensorlab.view.allocator import AllocatorView
from tensorlab.view.allocator_change import AllocatorChangeView
from tensorlab.view.batching import BatchingView
from tensorlab.view.big_picture import BigPictureView
from tensorlab.view.graph import GraphView
from tensorlab.view.mime import View
from tensorlab.view.passes import PassesView
from tensorlab.view.stages import StageView
from tensorlab.view.storage import StorageView
from tensorlab.view.trace import TraceView

HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'

SOURCE = """\
y = x.t().t()
z = (y * gain) * 1 + (y * gain) * 0.5
unused = z.exp()
z.tanh()
"""
TRACED = """\
graph(%x : Float(4, 6),
      %gain : Float(6)):
  %2 : Float(6, 4) = aten::t(%x) # cell.py:1:4
  %3 : Float(4, 6) = aten::t(%2) # cell.py:1:4
  %4 : Float(4, 6) = aten::mul(%3, %gain) # cell.py:2:5
  %5 : int = prim::Constant[value=1]() # cell.py:2:4
  %6 : Float(4, 6) = aten::mul(%4, %5) # cell.py:2:4
  %7 : Float(4, 6) = aten::mul(%3, %gain) # cell.py:2:22
  %8 : float = prim::Constant[value=0.5]() # cell.py:2:21
  %9 : Float(4, 6) = aten::mul(%7, %8) # cell.py:2:21
  %10 : int = prim::Constant[value=1]() # cell.py:2:4
  %z : Float(4, 6) = aten::add(%6, %9, %10) # cell.py:2:4
  %unused : Float(4, 6) = aten::exp(%z) # cell.py:3:9
  %13 : Float(4, 6) = aten::tanh(%z) # cell.py:4:0
  return (%13)
"""
BRANCHING = """\
graph(%x : Float(2),
      %n : int):
  %2 : int = prim::Constant[value=3]() # talk.py:2:7
  %3 : bool = aten::gt(%n, %2) # talk.py:2:7
  %4 : Float(2) = prim::If(%3) # talk.py:2:4
    block0():
      %5 : Float(2) = aten::tanh(%x) # talk.py:3:12
      -> (%5)
    block1():
      %6 : Float(2) = aten::relu(%x) # talk.py:5:12
      -> (%6)
  return (%4)
"""


def graph_of(text: str, name: str) -> Graph:
    graph = parse_graph(text)
    graph.name = name
    return graph


def traced() -> tuple[Graph, Graph, tuple[PassRecord, ...]]:
    """A graph, what became of it, and the records in between: of passes written here, so that they stay as they are."""
    graph = graph_of(TRACED, "tone")
    before = snapshot(graph)
    records = Pipeline(tuple(Pass(p.__name__, p) for p in (dead, twice, simple, dead, dead, one_loop))).run(graph)
    return before, graph, tuple(map(_settled, records))


def _settled(record: PassRecord) -> PassRecord:
    """Without what differs from run to run and from edit to edit: times, and the lines that rules are written in."""
    decisions = tuple(replace(decision, location=f"{decision.rule}.py:1") for decision in record.decisions)
    return replace(record, seconds=0.0003, decisions=decisions)


def dead(rewriter: Rewriter) -> None:
    """Remove what nothing takes."""
    for node in reversed(list(rewriter.graph.nodes())):
        if not any(value.uses for value in node.outputs):
            rewriter.remove(node, rule="unused", reason="nothing takes it")


def twice(rewriter: Rewriter) -> None:
    """Compute a product once."""
    first, _, second, *_ = [node for node in rewriter.graph.nodes() if node.kind == "aten::mul"]
    new = {second.output: first.output}
    rewriter.replace([second], new, rule="same", reason="an earlier node computes it")


def simple(rewriter: Rewriter) -> None:
    """Take two transposes and a product with 1 for what they are."""
    inner, outer = [node for node in rewriter.graph.nodes() if node.kind == "aten::t"]
    new = {outer.output: inner.inputs[0]}
    rewriter.replace([outer], new, rule="t_t", reason="x.t().t() is x")
    product = next(n for n in rewriter.graph.nodes() if n.kind == "aten::mul" and n.inputs[1].is_constant)
    new = {product.output: product.inputs[0]}
    rewriter.replace([product], new, rule="mul_1", reason="x * 1 is x")
    other = next(n for n in rewriter.graph.nodes() if n.kind == "aten::mul")
    gain = other.inputs[1]
    rewriter.refuse(other, rule="mul_1", reason="not a constant", blocker=gain)


def one_loop(rewriter: Rewriter) -> None:
    """Put what is left into one loop."""
    nodes = [node for node in rewriter.graph.nodes() if node.kind.startswith("aten::")]
    rewriter.enclose(nodes, rule="pointwise", reason=f"one loop for {len(nodes)} operations")


def wide(count: int = 160) -> list[PassRecord]:
    """The default pipeline over a long chain: every other node is a product with 1."""
    lines = ["graph(%x : Float(4)):", "  %one : int = prim::Constant[value=1]()"]
    for i in range(count):
        op = "aten::tanh(%v)" if i % 2 else "aten::mul(%v, %one)"
        lines.append(f"  %v{i} : Float(4) = {op.replace('%v', f'%v{i - 1}' if i else '%x')}")
    return list(DEFAULT.run(graph_of("\n".join([*lines, f"  return (%v{count - 1})"]) + "\n", "wide")))


def tensor_over(array: np.ndarray, storage: Storage | None = None) -> Tensor:
    """A tensor over an array's bytes, in a storage over the array's root."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    start = root.__array_interface__["data"][0]
    offset = (array.__array_interface__["data"][0] - start) // array.itemsize
    strides = tuple(s // array.itemsize for s in array.strides)
    form = layout(dtype.from_numpy_dtype(array.dtype, "tensor_over"), array.shape, strides)
    return Tensor(storage or Storage(DataPtr(start, root.nbytes, root, None), root.nbytes), form, offset)


def photograph() -> SharingReport:
    """The talk's claim about sharing, on an image: whole, channels, a crop, a mask of its own, a small matrix."""
    photo = np.zeros((60, 48, 3), np.uint8)
    img = tensor_over(photo)
    img.written()
    with use_allocator(CachingAllocator(HostAllocator())):
        mask, weights = empty(dtype.bool, (60, 48)), empty(dtype.float32, (4, 4))
    column = weights.as_view(layout(dtype.float32, (4,), (4,)), 1)
    names = {
        "photo": photo,
        "img": img,
        "red": tensor_over(photo[..., 0], img.storage()),
        "green": tensor_over(photo[..., 1], img.storage()),
        "face": tensor_over(photo[20:40, 12:30], img.storage()),
        "mask": mask,
        "weights": weights,
        "column": column,
        "again": weights,
    }
    return describe(names)


def crowded(count: int = 500) -> SharingReport:
    """More names than are shown, each with as many pieces as can be."""
    pieces = Footprint(0, (Run(1000, 1000), Run(100, 9)), 1)
    names = tuple(
        NameRecord(f"name_{i}" * 5, "Tensor", (1000, 100), (1000, 9), i, "uint8", 1, pieces.shifted(i), 0, version=i)
        for i in range(count)
    )
    return SharingReport((StorageRecord("A", 1_000_000, "caching allocator", 1 << 20, names, 0),))


def curve() -> list[BatchPoint]:
    """A call costs 0.4 ms, and 20 us more an item."""
    times = {b: 4e-4 + 2e-5 * b for b in (1, 2, 4, 8, 16, 32, 64)}
    return [BatchPoint(b, t, b / t, t, 1.5 * t, 100) for b, t in times.items()]


def joined() -> list[BatchPoint]:
    """A server whose batches cost 5 ms, and 50 us more an item; of ten callers it finds nine waiting at most."""

    def time(rows: int) -> BatchTime:
        return BatchTime(rows, 5e-3 + 5e-5 * rows, 40)

    made = {1: [1], 2: [1, 2], 4: [3, 4], 8: [7, 8], 16: [8, 9]}
    means = {limit: sum(rows) / len(rows) for limit, rows in made.items()}
    return [
        BatchPoint(
            limit, 5e-3 + 5e-5 * mean, mean / 6e-3, 10 * 6e-3 / mean, 15 * 6e-3 / mean, round(80 * mean), 10, mean, 0,
            tuple(map(time, made[limit])),
        )
        for limit, mean in means.items()
    ]  # fmt: skip


def refusing(graph: Graph) -> PassRecord:
    """A pass that changed nothing and says why, at two places."""
    first, second = [n for n in graph.nodes() if n.kind == "aten::mul"][:2]
    gain = graph.inputs[1].serial
    decisions = tuple(
        Decision("fold_mul", "constant.py:61", "refuse", "an input is not a constant", (node.serial,), blocker=gain)
        for node in (first, second)
    )
    return PassRecord("constant", {}, graph, graph, decisions, 0.00125, 14, 14)


def with_refusals() -> list[PassRecord]:
    """A pipeline with a pass that refuses, one that was skipped, and times that do not differ."""
    before, after, records = traced()
    skipped = PassRecord("unroll", {}, after, after, (), 0.0, 1, 1, "the limit of 20 rewrites was reached")
    return [refusing(before), *records, skipped]


def _trace_view() -> View:
    before, after, records = traced()
    escape = Escape("bool", Span("cell.py", 2), "Converting a tensor to a Python boolean might make the trace wrong")
    return TraceView("tone", before, after, source=SOURCE, filename="cell.py", warnings=[escape], records=records)


def _big_picture(name: str) -> View:
    storage = Storage.empty(32)
    x = tensor_over(np.arange(8, dtype=np.float32))
    return BigPictureView(
        big_picture({"x": Tensor(storage, layout(dtype.float32, (2, 3), (4, 1)), 1), "lent": x}, name)
    )


def _events(count: int, name: str = "model.py") -> list[MemoryEvent]:
    """Blocks of seven lines that live for a hundred events, and some from before."""
    events = []
    for i in range(count):
        frames = (Frame(name, i % 7 + 1, "step"),)
        events.append(MemoryEvent("alloc", 4096 * i, 64 * (i % 40 + 1), 0, i / 1000, frames))
        if i >= 100:
            gone = i - 100
            events.append(MemoryEvent("free_completed", 4096 * gone, 64 * (gone % 40 + 1), 0, i / 1000, frames))
    return events


def _held(name: str = "model.py") -> MemoryReport:
    """A device's segments with blocks in each state, small ones of one size, and a history that was cut."""
    name = name.replace("\0", "")  # no file is called so
    lines = (Frame(name, 3, "step"),)
    blocks = (
        Block(0, 6 << 20, 5 << 20, "active_allocated", lines),
        Block(6 << 20, 4 << 20, 0, "inactive"),
        Block(10 << 20, 2 << 20, 0, "active_awaiting_free"),
        Block(12 << 20, 8 << 20, 8 << 20, "active_allocated"),
    )
    device = Segment("cuda:0", 0, 20 << 20, 7, "large", blocks)
    small = [
        Segment("cpu", (1 << 30) + 512 * i, 512, 0, "small", (Block((1 << 30) + 512 * i, 512, 100 * (i % 2), state),))
        for i, state in enumerate(["active_allocated", "inactive"] * 300)
    ]
    history = timeline(_events(20_000, name), 9 << 20, before=12_345)
    layers = ("StatisticsAllocator", "CachingAllocator", "HostAllocator")
    return MemoryReport(name, layers, 30 << 20, 302, 20_302, 2, 1, (device, *small), history)


def _change() -> View:
    before = replace(_held(), segments=_held().segments[1:], history=None)
    return AllocatorChangeView(compare(before, _held()), ("before", "after"))


def _hostile_storage() -> View:
    array = np.zeros(6)
    return StorageView(describe({HOSTILE: array, "b": array[::2]}))


def _hostile_graph() -> Graph:
    graph = graph_of(TRACED, HOSTILE)
    node = next(n for n in graph.nodes() if n.kind == "prim::Constant")
    node.attributes["value"] = HOSTILE
    for other in graph.nodes():
        other.span = Span(HOSTILE, 1)
    return graph


SAMPLES: dict[str, Callable[[], View]] = {
    "storage": lambda: StorageView(photograph()),
    "allocator": lambda: AllocatorView(_held(), largest=5, holders={0: ["weights"]}),
    "allocator_all": lambda: AllocatorView(_held(), title="The cell.", largest=5, times=True, addresses=True),
    "allocator_nothing": lambda: AllocatorView(MemoryReport("host", ("HostAllocator",), 0, 0, 0, 0, 0, (), None)),
    "allocator_hostile": lambda: AllocatorView(_held(HOSTILE), largest=3, holders={0: [HOSTILE]}),
    "allocator_change": _change,
    "big_picture": lambda: _big_picture("x"),
    "big_picture_lent": lambda: _big_picture("lent"),
    "storage_nothing": lambda: StorageView(SharingReport(())),
    "storage_crowded": lambda: StorageView(crowded()),
    "storage_hostile": _hostile_storage,
    **STORAGE_SAMPLES,
    **AUTOGRAD_SAMPLES,
    **SYNTAX_SAMPLES,
    **LIVES_SAMPLES,
    **QUESTION_SAMPLES,
    **PHASES_SAMPLES,
    **DOCTOR_SAMPLES,
    "graph": lambda: GraphView(graph_of(BRANCHING, "choose"), "", "scripted"),
    "graph_talk": lambda: GraphView(graph_of(BRANCHING, "choose"), "", "scripted", style="1.0"),
    "graph_hostile": lambda: GraphView(_hostile_graph(), HOSTILE, HOSTILE),
    "stage": lambda: StageView("tone", "python", "def loop(x, n):\n\tfor i in range(n):\n\t\tx[i] < 1\n", "python"),
    "stage_long": lambda: StageView("tone", "asm", "vaddps %ymm0, %ymm1, %ymm2\n" * 5000, "asm"),
    "stage_hostile": lambda: StageView(HOSTILE, HOSTILE, HOSTILE * 3, "llvm"),
    "trace": _trace_view,
    "trace_hostile": lambda: TraceView(HOSTILE, _hostile_graph(), _hostile_graph(), source=HOSTILE, filename=HOSTILE),
    "passes": lambda: PassesView("tone", traced()[2]),
    "passes_all": lambda: PassesView("tone", with_refusals(), show_all=True, times=True, style="1.0"),
    "passes_pipeline": lambda: PassesView("tone", DEFAULT.run(graph_of(TRACED, "tone"))),
    "passes_one": lambda: PassesView("tone", traced()[2], selected="simple"),
    "passes_wide": lambda: PassesView("wide", wide()),
    "passes_none": lambda: PassesView("tone", []),
    "passes_hostile": lambda: PassesView(HOSTILE, [refusing(traced()[0])], how=HOSTILE, selected="constant"),
    "batching": lambda: BatchingView("classify", curve(), item_nbytes=602112),
    "batching_served": lambda: BatchingView("classify", joined(), where="through a server", item_nbytes=602112),
    "batching_one": lambda: BatchingView("classify", curve()[:1]),
    "batching_none": lambda: BatchingView("classify", []),
    "batching_hostile": lambda: BatchingView(HOSTILE, curve(), where=HOSTILE),
}
