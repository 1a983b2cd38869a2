"""Gradients of compiled functions by two programs: as eager mode's, and as torch's."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import GradError, RunError
from tensorlab.jit.ir import FUSION_GROUP


def leaves(*shapes, needs=None, dtype=None):
    """The same tensors at each call."""
    random = np.random.default_rng(0)
    found = []
    for k, shape in enumerate(shapes):
        values = random.uniform(0.2, 1.8, shape)
        wanted = needs is None or needs[k]
        found.append(tl.tensor(values, dtype=dtype or tl.float64, requires_grad=wanted))
    return found


def compiled(function, *shapes, dtype=None, fused=True):
    """The function traced, with the reason checked why its gradients are fused or not."""
    traced = tl.jit.trace(function, tuple(t.detach() for t in leaves(*shapes, dtype=dtype)), check_trace=False)
    program = traced.gradient_program(*leaves(*shapes, dtype=dtype))
    assert (program.refused == "") is fused, program.refused
    return traced


def weighted(results):
    """A number that depends on every element of every result, each in its own way."""
    listed = results if isinstance(results, (tuple, list)) else [results]
    return sum((r * tl.linspace(0.5, 1.5, r.numel(), dtype=r.dtype).view(r.shape)).sum() for r in listed)


def gradients(function, inputs, *, loss=weighted):
    for t in inputs:
        t.grad = None
    loss(function(*inputs)).backward()
    return [None if t.grad is None else t.grad.numpy().copy() for t in inputs]


def check(function, *shapes, needs=None, dtype=None, rtol=1e-10):
    """Results and gradients are eager mode's, and again at a second call."""
    fused = compiled(function, *shapes, dtype=dtype)
    expected = gradients(function, leaves(*shapes, needs=needs, dtype=dtype))
    inputs = leaves(*shapes, needs=needs, dtype=dtype)
    for _ in range(2):
        found = gradients(fused, inputs)
        for mine, reference in zip(found, expected, strict=True):
            assert (mine is None) == (reference is None)
            if mine is not None:
                assert mine.dtype == reference.dtype
                np.testing.assert_allclose(mine, reference, rtol=rtol, atol=rtol)
    return fused


def softmax(x):
    e = (x - x.max(-1, keepdim=True)[0]).exp()
    return e / e.sum(-1, keepdim=True)


def layer_norm(x, w, b):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * w + b


def attention(q, k, v):
    return softmax(q @ k.transpose(-1, -2) / 2.0) @ v


def mlp(x, w1, b1, w2):
    return tl.nn.functional.linear(x, w1, b1).relu() @ w2


def lstm_cell(x, h, c, w):
    i, f, g, o = (tl.cat([x, h], 1) @ w).chunk(4, 1)
    cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def own_memory(x, w):
    y = x @ w
    y += x
    return y.mul_(2).relu_() * x


PROGRAMS = {
    "in place on memory of its own": (own_memory, [(3, 3), (3, 3)]),
    "pointwise": (lambda a, b, c: (a * b + c).tanh(), [(2, 3), (2, 3), (2, 3)]),
    "broadcast": (lambda a, b, c: (a * b + c).tanh(), [(2, 3), (3,), (2, 1)]),
    "scalar": (lambda a, b: a.exp() * b - 2 / b, [(2, 3), ()]),
    "repeated": (lambda a: a * a + a.sin() * a, [(4,)]),
    "reductions": (lambda a: a.sum(0).exp() + a.mean(1).sum() * a.amax(0), [(3, 3)]),
    "keepdim": (lambda a: a / a.sum(1, keepdim=True), [(3, 4)]),
    "matmul": (lambda a, b: (a @ b).relu().t() @ a, [(3, 4), (4, 3)]),
    "batched": (attention, [(2, 3, 4), (2, 3, 4), (2, 3, 4)]),
    "softmax": (softmax, [(3, 4)]),
    "log_softmax": (lambda x: tl.nn.functional.log_softmax(x, -1), [(3, 4)]),
    "layer_norm": (layer_norm, [(3, 4), (4,), (4,)]),
    "functional layer_norm": (lambda x, w, b: tl.nn.functional.layer_norm(x, (4,), w, b), [(3, 4), (4,), (4,)]),
    "mlp": (mlp, [(5, 3), (4, 3), (4,), (4, 2)]),
    "several": (lambda a, b: (a * b, (a + b).sum(), a.exp()), [(2, 3), (2, 3)]),
    "views": (lambda a: (a.t()[1:] * 2).reshape(-1).cumsum(0), [(3, 4)]),
    "stack": (lambda a, b: tl.stack([a, b * 2, a]).exp().sum(0), [(3,), (3,)]),
    "lstm": (lstm_cell, [(2, 3), (2, 4), (2, 4), (7, 16)]),
    "where": (lambda a, b: tl.where(a > 1, a * b, b.clamp(max=1.0)), [(3, 4), (3, 4)]),
    "gather": (lambda a: a[tl.tensor([2, 0, 2])].log(), [(3, 2)]),
    "detached": (lambda a: a.detach() * a + a.exp().detach(), [(3,)]),
    "made of other ops": (lambda a: a[1:].square() + tl.diff(a), [(5,)]),
    "conv": (lambda x, w: tl.nn.functional.conv2d(x, w, padding=1).relu(), [(1, 2, 4, 4), (3, 2, 3, 3)]),
    "no change": (lambda a, b: tl.float_power(a, 2.0) * b.to(tl.float64), [(3,), (3,)]),
    "group_norm": (lambda x: tl.nn.functional.group_norm(x, 2), [(2, 4, 3)]),
    "checked": (lambda x: tl.nn.functional.binary_cross_entropy(x.sigmoid(), tl.ones(3, dtype=tl.float64)), [(3,)]),
    "cholesky": (lambda x: tl.linalg.cholesky(x @ x.t() + 3 * tl.eye(3, dtype=tl.float64)), [(3, 3)]),
    "pool": (lambda x: tl.nn.functional.max_pool2d(x.exp(), 2), [(1, 1, 4, 4)]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_those_of_eager_mode(name):
    check(PROGRAMS[name][0], *PROGRAMS[name][1])


@pytest.mark.parametrize("needs", [(True, False, False), (False, True, True), (False, False, True)], ids=str)
def test_only_inputs_that_ask_get_gradients(needs):
    fused = check(lambda a, b, c: (a * b + c).tanh(), (2, 3), (2, 3), (3,), needs=needs)
    program = fused.gradient_program(*leaves((2, 3), (2, 3), (3,), needs=needs))
    assert program.needs == needs
    assert len(program.backward.graph.outputs) == sum(needs)


@pytest.mark.parametrize("dtype", [tl.float32, tl.float64])
def test_dtypes(dtype):
    check(lambda a, b: (a @ b).tanh().to(tl.float64).sum() * a.mean(), (3, 4), (4, 2), dtype=dtype, rtol=1e-5)


def test_gradients_are_torchs():
    torch = pytest.importorskip("torch")

    def function(x, w, b):
        return ((x @ w + b).tanh() * x.sum(1, keepdim=True)).softmax(-1).log().mean(0)

    shapes = [(5, 3), (3, 4), (4,)]
    fused = compiled(function, *shapes)
    found = gradients(fused, leaves(*shapes), loss=lambda y: (y * y).sum())
    theirs = [torch.tensor(t.detach().numpy(), requires_grad=True) for t in leaves(*shapes)]
    (function(*theirs) ** 2).sum().backward()
    for mine, reference in zip(found, theirs, strict=True):
        np.testing.assert_allclose(mine, reference.grad.numpy(), rtol=1e-9)


def test_both_programs_are_fused_and_keep_what_backwards_takes():
    fused = compiled(lambda a, b, c: (a * b + c).tanh().sum(), (2, 3), (2, 3), (2, 3))
    program = fused.gradient_program(*leaves((2, 3), (2, 3), (2, 3)))
    for direction in (program.forward, program.backward):
        assert sum(n.kind == FUSION_GROUP for n in direction.graph.nodes()) == 1
        assert [r.name for r in direction.records] == [p.name for p in fused.pipeline]
    assert program.saved_nbytes == 6 * 8  # the result of tanh; a and b are inputs
    assert [v.name for v in program.backward.graph.outputs] == ["grad_a", "grad_b", "grad_c"]
    assert program.to_dict()["refused"] == ""
    spans = [n.span for n in program.backward.graph.nodes() if n.kind == FUSION_GROUP]
    assert all(s.filename == __file__ for s in spans)


def test_programs_are_kept_by_layouts_and_by_who_asks():
    fused = compiled(lambda a, b: a * b, (2,), (2,))
    (first,) = fused.gradient_programs
    for _ in range(3):
        fused(*leaves((2,), (2,)))
    assert fused.gradient_programs == (first,)
    fused(*leaves((2,), (2,), needs=(True, False)))
    fused(*leaves((3,), (3,)))
    assert len(fused.gradient_programs) == 3


def test_tables_of_programs_are_bounded(monkeypatch):
    monkeypatch.setattr("tensorlab.jit.gradient_calls.LIMIT", 2)
    monkeypatch.setattr("tensorlab.jit.differentiable.MASKS", 1)
    fused = compiled(lambda a: (a * 2, a * 3, a * 5), (1,))
    for n in (1, 2, 3):
        for k in range(3):
            (a,) = leaves((n,))
            fused(a)[k].sum().backward()
            assert a.grad.tolist() == [(2, 3, 5)[k]] * n
    assert [p.types[0].shape for p in fused.gradient_programs] == [(2,), (3,)]
    assert [list(p.backwards) for p in fused.gradient_programs] == [[(True, True, True), (False, False, True)]] * 2


def test_a_call_is_let_go_without_a_collection():
    fused = compiled(lambda a: (a * a).tanh().sum(), (3,))
    y = fused(*leaves((3,)))
    node = weakref.ref(y.grad_fn)
    gc.disable()
    try:
        y.backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_threads_share_a_function():
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    expected = gradients(lambda a, b: (a * b).tanh(), leaves((3,), (3,)))

    def work(_):
        return [gradients(fused, leaves((3,), (3,))) for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(4)):
            for each in found:
                np.testing.assert_allclose(each, expected)


def test_results_without_gradients_give_none_to_what_they_alone_depend_on():
    fused = compiled(lambda a, b: (a * 2, b * b, a + b), (3,), (3,))
    a, b = leaves((3,), (3,))
    fused(a, b)[0].sum().backward()
    assert b.grad is None
    np.testing.assert_array_equal(a.grad.numpy(), [2, 2, 2])
    fused(a, b)[1].sum().backward()
    np.testing.assert_array_equal(b.grad.numpy(), (2 * b).detach().numpy())
    np.testing.assert_array_equal(a.grad.numpy(), [2, 2, 2])
    found = fused.gradient_program(a, b).backwards
    assert sorted(found) == [(False, True, False), (True, False, False), (True, True, True)]


def test_results_that_are_no_floats_have_no_history():
    fused = compiled(lambda a: (a * 2, (a > 1).to(tl.int64)), (3,))
    y, n = fused(*leaves((3,)))
    assert y.requires_grad and not n.requires_grad and n.dtype is tl.int64


def test_gradients_add_up_over_calls():
    fused = compiled(lambda a: (a * a).sum(), (3,))
    (a,) = leaves((3,))
    fused(a).backward()
    fused(a).backward()
    np.testing.assert_allclose(a.grad.numpy(), 4 * a.detach().numpy())


def test_one_tensor_as_two_inputs():
    fused = compiled(lambda a, b: a * b.exp(), (3,), (3,))
    (a,) = leaves((3,))
    found = gradients(lambda a: fused(a, a), [a])
    np.testing.assert_allclose(found, gradients(lambda a: a * a.exp(), [a]))


def test_retain_graph_and_the_second_time_without():
    fused = compiled(lambda a: (a.tanh() * a).sum(), (3,))
    (a,) = leaves((3,))
    y = fused(a)
    y.backward(retain_graph=True)
    once = a.grad.clone()
    y.backward()
    np.testing.assert_allclose(a.grad.numpy(), 2 * once.numpy())
    with pytest.raises(GradError) as error:
        y.backward()
    start, place = str(error.value).rsplit("\n", 1)
    assert start == (
        "backward: Trying to backward through the graph a second time (or directly access saved tensors after they "
        "have already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
        "need to access saved tensors after calling backward."
    )
    assert place.startswith(f"  tracedBackward was made at {__file__}, line ")


@pytest.mark.parametrize("what", ["input", "result"])
def test_a_saved_tensor_that_was_written_to_is_told_with_both_lines(what):
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    a, b = leaves((3,), (3,), needs=(True, False))
    y = fused(a, b)
    if what == "input":
        b += 1
    else:
        with tl.no_grad():
            y += 1
    with pytest.raises(GradError) as error:
        y.sum().backward()
    lines = str(error.value).splitlines()
    came = "" if what == "input" else ", which is output 0 of tracedBackward,"
    assert lines[0] == (
        "backward: one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[tensorlab.DoubleTensor [3]]{came} is at version 1; expected version 0 instead."
    )
    assert lines[1].startswith(f"  tracedBackward saved it: {__file__}, line ")
    assert lines[2] == "      y = fused(a, b)"
    assert lines[3].startswith(f"  it was changed first: {__file__}, line ")
    assert lines[4] == ("      b += 1" if what == "input" else "      y += 1")


def test_a_write_to_what_backwards_does_not_take_is_allowed():
    fused = compiled(lambda a, b: (a + b).tanh(), (3,), (3,))
    a, b = leaves((3,), (3,), needs=(True, False))
    y = fused(a, b)
    b += 1
    y.sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), 1 - y.detach().numpy() ** 2)


def test_results_may_be_written_to():
    fused = compiled(lambda a: a * 2, (3,))
    (a,) = leaves((3,))
    y = fused(a)
    y.mul_(a)
    y.sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), 4 * a.detach().numpy())


def test_without_gradients_nothing_is_written_down():
    fused = compiled(lambda a: a.exp(), (3,))
    (a,) = leaves((3,))
    with tl.no_grad():
        assert not fused(a).requires_grad
    assert not fused(a.detach()).requires_grad
    assert fused(a).requires_grad


@pytest.mark.parametrize("name", ["pointwise", "broadcast", "softmax", "matmul", "mlp", "several"])
def test_second_order_is_that_of_eager_mode(name):
    function, shapes = PROGRAMS[name]

    def penalty(f, inputs):
        found = tl.autograd.grad(weighted(f(*inputs)), inputs, create_graph=True)
        return tl.autograd.grad(sum((g.sin() * g).sum() for g in found), inputs, allow_unused=True)

    fused = compiled(function, *shapes)
    expected = penalty(function, leaves(*shapes))
    for mine, reference in zip(penalty(fused, leaves(*shapes)), expected, strict=True):
        assert (mine is None) == (reference is None)
        if mine is not None:
            np.testing.assert_allclose(mine.numpy(), reference.numpy(), rtol=1e-9, atol=1e-12)


def test_second_order_where_one_input_came_from_another():
    fused = compiled(lambda a, b: (a * b * b).exp(), (3,), (3,))

    def twice(f):
        (a,) = leaves((3,))
        (g,) = tl.autograd.grad(f(a, a.sin()).sum(), a, create_graph=True)
        return tl.autograd.grad((g * g).sum(), a)[0].numpy()

    np.testing.assert_allclose(twice(fused), twice(lambda a, b: (a * b * b).exp()), rtol=1e-10)


def test_hooks_see_what_flows_through():
    fused = compiled(lambda a, b: a * b, (3,), (3,))
    a, b = leaves((3,), (3,))
    seen = {}
    inner = a * 1
    inner.register_hook(lambda g: seen.update(input=g.numpy().copy()))
    y = fused(inner, b)
    y.register_hook(lambda g: g * 3)
    y.retain_grad()
    b.register_hook(lambda g: g + 1)
    handle = y.grad_fn.register_hook(lambda inputs, outputs: seen.update(node=len(inputs)))
    y.sum().backward()
    handle.remove()
    np.testing.assert_allclose(seen["input"], 3 * b.detach().numpy())
    np.testing.assert_allclose(b.grad.numpy(), 3 * a.detach().numpy() + 1)
    assert seen["node"] == 2


def test_parameters_that_a_trace_captured_are_inputs_and_may_be_frozen():
    layer = tl.nn.Linear(3, 2)
    x = tl.ones(4, 3)
    fused = tl.jit.trace(lambda x: layer(x).relu(), (x,), check_trace=False)
    for step in range(3):
        layer.zero_grad()
        layer(x).relu().sum().backward()
        expected = [layer.weight.grad.numpy().copy(), layer.bias.grad.numpy().copy()]
        layer.zero_grad()
        fused(x).sum().backward()
        for p, reference in zip(layer.parameters(), expected, strict=True):
            np.testing.assert_allclose(p.grad.numpy(), reference, rtol=1e-6)
            with tl.no_grad():
                p -= 0.1 * p.grad * (step + 1)
    layer.weight.requires_grad_(False)
    layer.zero_grad(set_to_none=True)
    fused(x).sum().backward()
    assert layer.weight.grad is None and layer.bias.grad is not None
    assert all(p.refused == "" for p in fused.gradient_programs)


def test_scripts_and_their_tuples():
    @tl.jit.script
    def both(a: tl.Tensor, b: tl.Tensor):
        n = a.size(0)
        if a.dim() == 2:
            c = a * b / n
        else:
            c = a
        return c.exp(), (c + b).sum()

    inputs = leaves((2, 3), (3,))
    assert both.gradient_program(*inputs).refused == ""
    expected = gradients(lambda a, b: ((a * b / 2).exp(), (a * b / 2 + b).sum()), leaves((2, 3), (3,)))
    for mine, reference in zip(gradients(both, inputs), expected, strict=True):
        np.testing.assert_allclose(mine, reference)


def test_an_error_of_a_run_shows_the_users_line():
    def rows(table, places):
        return table[places].exp()

    table, places = leaves((3, 2))[0], tl.tensor([0, 2])
    wrong = tl.tensor([0, 3])
    for first in (wrong, places):
        fused = tl.jit.trace(rows, (table.detach(), places))
        for given in (first, places, wrong):
            if given is places:
                fused(table, given).sum().backward()
                continue
            with pytest.raises(RunError) as error:
                fused(table, given)
            assert "return table[places].exp()" in str(error.value)
        assert [p.refused for p in fused.gradient_programs] == [""]


def test_a_number_among_the_inputs_may_be_another_at_each_call():
    @tl.jit.script
    def scaled(x: tl.Tensor, n: float):
        return x.exp() * n

    (x,) = leaves((3,))
    assert scaled.gradient_program(x, 2.0).refused == "input 1, n, is no tensor, and may be another at each call"
    for n in (2.0, 3.0):
        (found,) = gradients(lambda x, n=n: scaled(x, n), [x], loss=lambda y: y.sum())
        np.testing.assert_allclose(found, (x.exp() * n).detach().numpy())


def test_tables_of_the_tape_show_the_call_as_one_node():
    fused = compiled(lambda a, b: (a * b).tanh(), (3,), (3,))
    node = fused(*leaves((3,), (3,))).grad_fn
    assert node.name == "tracedBackward"
    assert [n.name for n, _ in node.next_functions] == ["AccumulateGrad", "AccumulateGrad"]


OPS = {
    "mul": lambda p, q: p * q,
    "add": lambda p, q: p + q,
    "sub": lambda p, q: p - 2 * q,
    "div": lambda p, q: p / (q * q + 1),
    "maximum": tl.maximum,
    "where": lambda p, q: tl.where(p > q, p, q * q),
    "outer": lambda p, q: p @ (q.t() @ p) if p.dim() == q.dim() == 2 and p.shape == q.shape else p * q,
    "tanh": lambda p, q: p.tanh(),
    "sigmoid": lambda p, q: (p - q).sigmoid(),
    "softmax": lambda p, q: softmax(p) if p.dim() else p.exp().reciprocal(),
    "sum": lambda p, q: p.sum(-1, keepdim=True) * q if p.dim() else p + q,
    "mean": lambda p, q: p.mean() + q,
    "turn": lambda p, q: (p.t() * 2).exp().log().t() if p.dim() == 2 else p.neg(),
    "cat": lambda p, q: tl.cat([p, p * 2], 0)[1:-1].mean(0) if p.dim() == 2 else q.abs(),
    "chunk": lambda p, q: p.chunk(2, -1)[1].sum(-1, keepdim=True) + q if p.dim() and p.shape[-1] > 1 else q,
    "detach": lambda p, q: p.detach() * q,
}


def random_function(seed):
    """A straight line of six operations on three inputs and what came of them; one to three results."""
    random = np.random.default_rng(seed)
    lines = [(random.choice(list(OPS)), *random.integers(0, 3 + k, 2)) for k in range(6)]
    count = int(random.integers(1, 4))

    def function(a, b, c):
        held = [a, b, c]
        for name, i, j in lines:
            held.append(OPS[name](held[i], held[j]))
        return tuple(h * 1.5 for h in held[-count:])

    return function, tuple(map(bool, random.permutation([True, random.random() < 0.7, random.random() < 0.5])))


@pytest.mark.parametrize("seed", range(5))
def test_random_straight_lines(seed):
    function, needs = random_function(seed)
    shapes = [(3, 4), (4,), (3, 1)]
    inputs, plain = leaves(*shapes, needs=needs), leaves(*shapes, needs=needs)
    results = function(*plain)
    if not any(r.requires_grad for r in results):
        needs = (True, True, True)
        inputs, plain = leaves(*shapes), leaves(*shapes)
    fused = tl.jit.trace(function, tuple(t.detach() for t in inputs), check_trace=False)
    assert fused.gradient_program(*inputs).refused == ""
    for mine, reference in zip(fused(*inputs), function(*plain), strict=True):
        assert mine.requires_grad == reference.requires_grad
        np.testing.assert_allclose(mine.detach().numpy(), reference.detach().numpy(), rtol=1e-10)
    for mine, reference in zip(gradients(fused, inputs), gradients(function, plain), strict=True):
        assert (mine is None) == (reference is None)
        if mine is not None:
            np.testing.assert_allclose(mine, reference, rtol=1e-8, atol=1e-10)


def loop(x: tl.Tensor):
    while bool(x.sum() < 100):
        x = x * 2
    return x


def item(x: tl.Tensor):
    return x * float(x.sum())


def counted(x: tl.Tensor):
    return x * 2, x.size(0)


SHARED = "a result shares memory with an input, a constant or another result"
REFUSALS = {
    "in place": (lambda x: (y := x * 1).add_(1) * y[0].mul_(2), "add_ writes to a tensor in place"),
    "elements": (lambda x: x.prod(0), "what it does depends on elements of a tensor, read as bool"),
    "random": (lambda x: tl.nn.functional.dropout(x, 0.5, training=True), None),
    "view": (lambda x: x.t(), SHARED),
    "the input": (lambda x: (x, x * 2), SHARED),
    "same twice": (
        lambda x: [(y := x * 2), y.t()],
        SHARED,
    ),
    "shape of elements": (lambda x: x[x > 1].exp(), None),
    "control flow": (tl.jit.script(loop), "it has control flow"),
    "number": (tl.jit.script(item), None),
    "result": (tl.jit.script(counted), "it gives something that is no tensor"),
}


@pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")
@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_not_fused_has_a_reason_and_runs_as_before(name):
    function, reason = REFUSALS[name]
    shape = (3, 3)
    fused = function if isinstance(function, tl.jit.ScriptFunction) else compiled(function, shape, fused=False)
    refused = fused.gradient_program(*leaves(shape)).refused
    assert refused and (reason is None or refused == reason)
    assert fused.gradient_program(*leaves(shape)).forward is None

    def loss(results):
        return weighted(
            [r for r in (results if isinstance(results, (tuple, list)) else [results]) if not isinstance(r, int)]
        )

    plain = {"control flow": loop, "number": item, "result": counted}.get(name, function)
    tl.manual_seed(1)
    expected = gradients(plain, leaves(shape), loss=loss)
    tl.manual_seed(1)
    np.testing.assert_allclose(gradients(fused, leaves(shape), loss=loss), expected)
