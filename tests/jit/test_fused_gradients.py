"""Gradients of compiled functions by two programs: as eager mode's, and as torch's; and which functions have none."""

import numpy as np
import pytest
from gradient_cases import PROGRAMS, check, compiled, gradients, leaves, softmax, weighted

import tensorlab as tl
from tensorlab.jit.ir import FUSION_GROUP


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


def test_a_number_among_the_inputs_may_be_another_at_each_call():
    @tl.jit.script
    def scaled(x: tl.Tensor, n: float):
        return x.exp() * n

    (x,) = leaves((3,))
    assert scaled.gradient_program(x, 2.0).refused == "input 1, n, is no tensor, and may be another at each call"
    for n in (2.0, 3.0):
        (found,) = gradients(lambda x, n=n: scaled(x, n), [x], loss=lambda y: y.sum())
        np.testing.assert_allclose(found, (x.exp() * n).detach().numpy())


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
