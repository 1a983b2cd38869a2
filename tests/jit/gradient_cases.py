"""Functions to differentiate, and how compiled ones are compared with eager mode."""

import numpy as np

import tensorlab as tl


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
