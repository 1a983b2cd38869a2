"""Every row of the tables: what comes out, of which dtype, where it lies in memory, and what is refused."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tensorlab as tl
from oracle.case import Call, Case, Maker
from oracle.compare import REFUSALS, agree, ours, refuses, theirs, to_array, torch
from oracle.families import CASES

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter"),
    pytest.mark.filterwarnings("ignore:index_reduce.. is in beta"),
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:torch.searchsorted.*non-contiguous"),
    pytest.mark.filterwarnings("ignore:An output with one or more elements was resized"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]
BY_LABEL = {c.label: c for c in CASES}


def pairs(found: Call):
    return (
        (ours(list(found.args)), {k: ours(v) for k, v in found.kwargs.items()}),
        (theirs(list(found.args)), {k: theirs(v) for k, v in found.kwargs.items()}),
    )


def both(case: Case, found: Call, suffix: str = "") -> None:
    """One call on both sides: alike, or refused by both."""
    (a, ak), (b, bk) = pairs(found)
    mine, reference = case.function(tl, suffix), case.function(torch, suffix)
    refused = refuses(reference, b, bk, REFUSALS)
    if refused is not None:
        assert refuses(mine, a, ak, tl.TensorlabError) is not None, f"torch refuses: {refused}"
        return
    # The reference has run once already: what it wrote over is made anew.
    (a, ak), (b, bk) = pairs(found)
    wanted, result = reference(*b, **bk), mine(*a, **ak)
    laid = case.strides and all(result is not x for x in a)  # an argument may have strides that torch has none of
    agree(result, wanted, ulp=case.ulp, rtol=case.rtol, atol=case.atol, strides=laid)
    if suffix:
        assert result is a[0]
        assert a[0]._version == b[0]._version
    for x, y in zip(a, b, strict=True):
        if isinstance(x, tl.Tensor):  # arguments are as torch leaves them
            agree(x, y, ulp=case.ulp, rtol=case.rtol, atol=case.atol, strides=False)
    if case.view:
        check_aliasing(a[0], result, b[0], wanted)


def check_aliasing(a, result, b, wanted) -> None:
    """Results share memory with the first argument exactly where torch's do, at the same offsets."""
    results, wanteds = (r if isinstance(r, (tuple, list)) else (r,) for r in (result, wanted))
    for mine, reference in zip(results, wanteds, strict=True):
        shared = mine.untyped_storage().data_ptr() == a.untyped_storage().data_ptr()
        assert shared == (reference.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())
        if shared and mine.numel():
            assert mine.storage_offset() - a.storage_offset() == reference.storage_offset() - b.storage_offset()
            assert (mine._base is None) == (reference._base is None)


@pytest.mark.parametrize(("label", "dtype"), [(c.label, d) for c in CASES for d in c.dtypes])
def test_on_plain_memory(label, dtype):
    case = BY_LABEL[label]
    for found in case.samples(Maker(dtype, special=case.special)):
        both(case, found)


@pytest.mark.parametrize("label", BY_LABEL)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(data=st.data())
def test_on_every_form_of_memory(label, data):
    case = BY_LABEL[label]
    dtype = data.draw(st.sampled_from(case.dtypes if len(case.dtypes) < 3 else (case.dtypes[0], case.dtypes[-1])))
    forms = st.sampled_from(case.forms)
    samples = list(case.samples(Maker(dtype, lambda: data.draw(forms), seed=1)))
    found = data.draw(st.sampled_from(range(len(samples))))
    both(case, samples[found])


@pytest.mark.parametrize("label", [c.label for c in CASES if c.refused])
def test_what_is_refused(label):
    case = BY_LABEL[label]
    for found in case.refused(Maker(case.dtypes[0])):
        (a, ak), (b, bk) = pairs(found)
        assert refuses(case.function(torch), b, bk, REFUSALS) is not None, f"torch takes {found}"
        before = [to_array(x).copy() for x in a if isinstance(x, tl.Tensor)]
        error = refuses(case.function(tl), a, ak, tl.TensorlabError)
        assert error is not None, f"torch refuses {found}"
        assert len(str(error)) > 10
        for x, y in zip(before, [x for x in a if isinstance(x, tl.Tensor)], strict=True):
            np.testing.assert_array_equal(x, to_array(y))


@pytest.mark.parametrize("label", [c.label for c in CASES if c.inplace])
def test_in_place(label):
    case = BY_LABEL[label]
    for dtype in {case.dtypes[0], case.dtypes[-1]}:
        for form in ("plain", "permuted", "strided"):
            for found in case.samples(Maker(dtype, lambda form=form: form, seed=2)):
                if isinstance(found.args[0], np.ndarray):
                    both(case, found, "_")


@pytest.mark.parametrize("label", [c.label for c in CASES if c.out])
def test_out(label):
    case = BY_LABEL[label]
    for found in case.samples(Maker(case.dtypes[0], seed=3)):
        (a, ak), (b, bk) = pairs(found)
        mine, reference = case.function(tl), case.function(torch)
        if refuses(reference, b, bk, REFUSALS) is not None:
            continue
        wanted = reference(*b, **bk)
        several = isinstance(wanted, (tuple, list))
        shapes = [(w.shape, str(w.dtype).removeprefix("torch.")) for w in (wanted if several else (wanted,))]
        places = [tl.empty(tuple(s), dtype=getattr(tl, d)) for s, d in shapes]
        before = [p.data_ptr() for p in places]
        result = mine(*a, **ak, out=tuple(places) if several else places[0])
        agree(result, wanted, ulp=case.ulp, rtol=case.rtol, atol=case.atol, strides=False)
        for r, p, address in zip(result if several else (result,), places, before, strict=True):
            assert r is p
            assert not p.numel() or p.data_ptr() == address
            assert p._version >= 1
