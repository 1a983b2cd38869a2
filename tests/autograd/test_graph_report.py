"""The record of a graph: what it keeps, what backward really frees, who wrote over what, and how it is folded."""

import gc
import json

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.autograd.graph import describe, nodes
from tensorlab.autograd.graph_records import LineRecord, NodeRecord, RunRecord


class Cube(tl.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x * x * x
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx, g):
        x, _ = ctx.saved_tensors
        return g * x * x * 3


def leaf(*shape):
    x = tl.rand(*shape).requires_grad_()
    x.grad = tl.zeros(*shape)
    return x


def chain(x):
    return (x.exp().tanh() * 3).sigmoid(), ()


def named_in_between(x):
    y = x.exp()
    return y.tanh().sum(), (y,)


def views_of_what_is_saved(x):
    y = x.exp()
    return (y[0] * y.t()[0].sum()).sum(), ()


def view_is_named(x):
    y = x.exp()
    return (y * y).sum(), (y[1],)


def array_is_named(x):
    y = x.exp()
    return (y * y).sum(), (y.detach().numpy(),)


def data_is_named(x):
    y = x.exp()
    return (y * y).sum(), (y.data,)


def data_is_saved(x):
    y = x.exp().data
    return (x * y).sum(), ()


def leaf_is_saved(x):
    return (x * x).sum(), ()


def imported_is_saved(x):
    return (x * tl.from_numpy(np.ones(x.shape, np.float32))).sum(), ()


def written(x):
    y = tl.zeros(4, 4)
    y[0] = x[0].exp()
    y.mul_(2)
    return (y * y).sum(), ()


def own_function(x):
    return Cube.apply(x * 2).sum(), ()


def joined(x):
    return tl.cat([x.exp(), (x * x).log()]).max(0)[0].sum(), ()


def recomputed(x):
    from tensorlab.autograd.checkpoint import checkpoint

    return checkpoint(lambda t: t.exp().tanh(), x * 2).sum(), ()


def network(x):
    net = tl.nn.Sequential(tl.nn.Linear(4, 8), tl.nn.GELU(), tl.nn.LayerNorm(8), tl.nn.Linear(8, 2))
    for p in net.parameters():
        p.grad = tl.zeros(*p.shape)
    return tl.nn.functional.cross_entropy(net(x), tl.tensor([0, 1, 1, 0])), (net,)


PROGRAMS = [
    *(chain, named_in_between, views_of_what_is_saved, view_is_named, array_is_named, data_is_named, data_is_saved),
    *(leaf_is_saved, imported_is_saved, written, own_function, joined, recomputed, network),
]
NOTHING = (leaf_is_saved, imported_is_saved, view_is_named, array_is_named, data_is_named)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_what_is_told_to_be_freed_is_freed(program):
    counted = tl.memory.StatisticsAllocator(tl.memory.HostAllocator())
    with tl.memory.use_allocator(counted):
        x = leaf(4, 4)
        y, kept = program(x)
        gradient = tl.ones_like(y.detach())
        gc.collect()
        report = describe(y, "y", names={"x": x, "y": y})
        before = counted.stats().allocated_bytes
        y.backward(gradient)
        assert before - counted.stats().allocated_bytes == report.freed_block_nbytes
    assert report.saved_count > 0
    assert report.freed_nbytes <= report.freed_block_nbytes
    assert (report.freed_nbytes == 0) == (program in NOTHING)
    del kept
    assert describe(y).released > 0
    assert describe(y).storages == ()


def test_a_look_leaves_no_references():
    x = leaf(4, 4)
    y, _ = chain(x)
    first = describe(y, "y", names={"x": x}).to_dict(addresses=True)
    assert describe(y, "y", names={"x": x}).to_dict(addresses=True) == first
    versions = [x._version, y._version]
    y.sum().backward()
    assert versions == [x._version, y._version]


def test_bytes_that_several_nodes_save_are_counted_once():
    x = leaf(4, 4)
    y = x.exp()
    z = (y * y).tanh() + y[0]
    report = describe(z, "z", names={"x": x, "y": y, "z": z})
    assert report.saved_count == 4
    assert [(s.letter, s.nbytes, s.freed, s.kept_by) for s in report.storages] == [
        ("A", 64, True, ()),
        ("B", 64, False, ("y",)),
    ]
    assert (report.saved_nbytes, report.freed_nbytes) == (128, 64)


def test_letters_that_are_known_are_kept():
    x = leaf(4, 4)
    y = x.exp()
    z = (y * y).tanh()
    known = {"A": range(8, 16), "D": range(y.data_ptr(), y.data_ptr() + 64), "B": range(0)}
    assert [s.letter for s in describe(z, letters=known).storages] == ["C", "D"]


def test_the_talks_example():
    x = tl.ones(3, requires_grad=True)
    y = x.tanh()
    assert y._version == 0
    y.add_(1)
    assert y._version == 1
    report = describe(y, "y", names={"x": x, "y": y})
    assert report.moved == (2,)
    node = report.rows[1]
    (saved,) = node.saved
    assert (node.name, node.place.file, node.place.text) == ("TanhBackward0", "test_graph_report.py", "y = x.tanh()")
    assert (saved.name, saved.version, saved.now, saved.written.text) == ("result", 0, 1, "y.add_(1)")
    assert saved.written.line == node.place.line + 2
    with pytest.raises(tl.TensorlabError, match=r"is at version 1; expected version 0 instead\."):
        y.sum().backward()


def test_the_first_write_is_told_until_it_is_forgotten():
    x = tl.ones(3, requires_grad=True)
    y = x.tanh()
    y.add_(1)  # the first
    told = []
    for _ in range(70):
        y.detach().mul_(1)
        (saved,) = describe(y).rows[-1].saved
        told.append(None if saved.written is None else saved.written.text)
    assert set(told) == {"y.add_(1)  # the first", None}
    assert told[62] is not None
    assert (saved.version, saved.now) == (0, 71)


def test_nodes_lead_to_nodes_and_leaves():
    w, b = leaf(3), leaf(3)
    h = w * b
    y = (h + h.exp()).sum()
    report = describe(y, "y", names={"w": w, "h": h, "y": y})
    rows = [(r.number, r.name, r.names, r.next, [report.leaves[i].names for i in r.leaves]) for r in report.rows]
    assert rows == [
        (1, "SumBackward0", ("y",), (2,), []),
        (2, "AddBackward0", (), (4, 3), []),
        (3, "ExpBackward0", (), (4,), []),
        (4, "MulBackward0", ("h",), (), [("w",), ()]),
    ]
    assert [(leaf.shape, leaf.nbytes, leaf.grad_nbytes) for leaf in report.leaves] == [((3,), 12, 12)] * 2


def test_tensors_without_a_graph():
    assert (describe(tl.ones(2)).requires_grad, describe(tl.ones(2)).is_leaf) == (False, True)
    report = describe(leaf(2), "x")
    assert (report.requires_grad, report.is_leaf, report.rows, report.leaves) == (True, True, (), ())


def test_nodes_that_repeat_are_one_row():
    x = leaf(3)
    y = x
    for _ in range(100):
        y = (y * 2).tanh()
    report = describe(y, "y")
    assert report.count == 200
    run, *rest = report.rows
    assert isinstance(run, RunRecord)
    assert [node.name for node in run.nodes] == ["TanhBackward0", "MulBackward0"]
    assert sum(row.count for row in report.rows) == 200
    assert (run.repeats, len(rest)) == (99, 2)  # the last multiplication is of the leaf
    assert run.saved_nbytes == 99 * 12
    assert report.saved_nbytes == 1200


def test_a_node_that_backward_stops_at_is_never_folded():
    x = leaf(3)
    y = x
    kept = []
    for _ in range(50):
        y = y.tanh()
        kept.append(y)
    kept[20].detach().add_(1)
    report = describe(y, "y")
    assert report.moved == (30,)
    assert [row.number for row in report.rows if isinstance(row, NodeRecord) and row.moved] == [30]
    assert sum(row.count for row in report.rows) == 50


def test_many_different_nodes_of_a_line_are_one_row():
    x = leaf(4, 4)
    one = lambda t, k: t.exp().sin().cos().tanh().sigmoid().abs() * k
    two = lambda t: t.exp().sqrt().sum(0).mean(0).log().neg().exp().square()
    y = one(x, 2) + one(x.t(), 3).t() @ one(x * x, 4)
    y = two(y) + two(one(y, 5)) * two(y - 1)
    report = describe(y, "y")
    lines = [row for row in report.rows if isinstance(row, LineRecord)]
    assert sum(row.count for row in report.rows) == report.count > 40
    assert len(lines) >= 4
    assert lines[0].place.text.startswith("two = lambda t:")
    assert dict(lines[0].names)["ExpBackward0"] == 2
    assert lines[0].saved_nbytes > 0


def test_ten_thousand_nodes():
    x = leaf(3)
    y = x
    for _ in range(5000):
        y = (y * 2).tanh()
    report = describe(y, "y", names={"y": y})
    assert (report.count, len(nodes(y)), len(report.rows)) == (10_000, 10_001, 3)
    assert (report.saved_nbytes, report.freed_nbytes) == (60_000, 59_988)
    assert json.loads(json.dumps(report.to_dict()))["count"] == 10_000


def test_addresses_are_told_when_asked_for():
    report = describe(leaf(3).exp(), "y")
    assert "address" not in report.to_dict()["storages"][0]
    assert report.to_dict(addresses=True)["storages"][0]["address"] == report.storages[0].address


def test_edges_say_which_input_they_are_of() -> None:
    x, w = tl.ones(2, requires_grad=True), tl.ones(2, requires_grad=True)

    class Twice(tl.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g, g

    rows = describe(Twice.apply(tl.cat([x, w * x]), tl.ones(4))).rows
    assert [(row.name, row.next, row.leaves, row.inputs) for row in rows if isinstance(row, NodeRecord)] == [
        ("TwiceBackward", (2,), (), ("input 0",)),
        ("CatBackward0", (3,), (0,), ("tensors[1]", "tensors[0]")),
        ("MulBackward0", (), (1, 0), ("self", "other")),
    ]


def test_folded_rows_say_where_they_lead() -> None:
    leaves = [tl.ones(2, requires_grad=True) for _ in range(4)]
    x = leaves[0].exp()
    for leaf in leaves[1:]:
        x = x + leaf
    (run, last) = describe(x).rows
    assert isinstance(run, RunRecord)
    assert (run.next, run.leaves) == ((last.number,), (0, 1, 2))
    assert run.to_dict()["next"] == [4]
