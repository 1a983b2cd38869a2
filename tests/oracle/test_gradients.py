"""Every row with a derivative: against torch to second order, and against finite differences."""

import numpy as np
import pytest

import tensorlab as tl
from oracle.case import Maker
from oracle.compare import REFUSALS, close, ours, refuses, theirs, to_array, torch
from oracle.families import CASES

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]
BY_LABEL = {c.label: c for c in CASES if c.grad}
FORMS = ("plain", "permuted", "reversed")


def calls(case, form="plain"):
    for found in case.samples(Maker("float64", lambda: form, seed=5)):
        if not refuses(case.function(torch), *made(found, theirs), REFUSALS):
            yield found


def made(found, side):
    """Arguments of a call for one side."""
    return side(list(found.args)), {k: side(v) for k, v in found.kwargs.items()}


def leaves(value):
    """The floating tensors anywhere in the arguments."""
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    if isinstance(value, tl.Tensor):
        return [value] if value.dtype.is_floating_point else []
    return [value] if isinstance(value, torch.Tensor) and value.dtype.is_floating_point else []


def differentiable(case, args, kwargs):
    """The floating tensors among the arguments, but for those that the case holds constant."""
    named = [*enumerate(args), *kwargs.items()]
    return leaves([value for name, value in named if name not in case.constant])


def gradients(case, library, args, kwargs, *, second):
    """First gradients of all floating arguments for fixed cotangents and, if asked for, second ones."""
    inputs = differentiable(case, args, kwargs)
    for leaf in inputs:
        leaf.requires_grad_()
    results = [r for r in leaves(case.function(library)(*args, **kwargs)) if r.requires_grad]
    if not results:
        return None
    random = np.random.default_rng(7)
    flows = [to_library(library, random.uniform(0.5, 1.5, tuple(r.shape))) for r in results]
    for flow in flows:
        flow.requires_grad_()
    first = library.autograd.grad(results, inputs, flows, create_graph=second, allow_unused=True)
    if not second:
        return first, None
    weights = [random.uniform(0.5, 1.5, tuple(i.shape)) for i in inputs]
    used = [(f, w) for f, w in zip(first, weights, strict=True) if f is not None and f.requires_grad]
    if not used:
        return first, None
    again = [to_library(library, w) for _, w in used]
    return first, library.autograd.grad([f for f, _ in used], [*inputs, *flows], again, allow_unused=True)


def to_library(library, array):
    return tl.from_numpy(np.asarray(array)) if library is tl else torch.from_numpy(np.asarray(array))


def same(mine, reference, bound):
    """Gradients are alike; none at all is zero."""
    mine, reference = (side or (None,) * len(other or ()) for side, other in ((mine, reference), (reference, mine)))
    for x, y in zip(mine, reference, strict=True):
        if x is not None and y is not None:
            assert tuple(x.shape) == tuple(y.shape)
        a, b = np.broadcast_arrays(*(np.float64(0) if v is None else to_array(v) for v in (x, y)))  # None is 0
        close(a, b, ulp=8, rtol=bound, atol=bound)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("label", BY_LABEL)
def test_against_torch(label, form):
    case = BY_LABEL[label]
    compared = 0
    for found in calls(case, form if form in case.forms else "plain"):
        second = case.gradgrad and form == "plain"
        mine = gradients(case, tl, *made(found, ours), second=second)
        other = gradients(case, torch, *made(found, theirs), second=second)
        assert (mine is None) == (other is None)
        if mine is not None:
            bound = 1e-6 if found.kwargs.get("dtype") is tl.float32 else case.grad_bound  # it went through that
            same(mine[0], other[0], bound)
            same(mine[1], other[1], bound)
            compared += 1
    assert compared, f"{label}: no sample has a gradient; set grad=False"


@pytest.mark.parametrize("label", BY_LABEL)
def test_against_finite_differences(label):
    case = BY_LABEL[label]
    for found in calls(case):
        args, kwargs = made(found, ours)
        inputs = [leaf for leaf in differentiable(case, args, kwargs) if 0 < leaf.numel() <= 64]
        if not inputs or not found.smooth:
            continue
        for leaf in inputs:
            leaf.requires_grad_()

        def function(*_, args=args, kwargs=kwargs):
            return tuple(r for r in leaves(case.function(tl)(*args, **kwargs)) if r.requires_grad)

        if not function():
            continue
        tl.autograd.gradcheck(function, inputs)
        if case.gradgrad:
            tl.autograd.gradgradcheck(function, inputs)
