"""Every row in a graph: traced, printed, read back, interpreted, compiled, saved and loaded, it does what eager does.

All results are the same bit for bit, lie in memory in the same way and share it with the same tensors.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import tensorlab as tl
from oracle.case import Case, Maker
from oracle.families import CASES
from oracle.in_graphs import Made, alike, reads_back, seen
from oracle.test_types import OF_VALUES, tensors_in
from tensorlab.errors import TensorlabError, TraceError, TracerWarning
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.pipeline import DEFAULT

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:An output with one or more elements was resized"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]
BY_LABEL = {c.label: c for c in CASES}
# Each op has the loop that it has in eager mode: nothing is compiled for these tests.
UNFUSED = DEFAULT.without("fuse", "fuse_rows")

# What a trace bakes in, with a warning, because Python decides by values what is done.
BAKED_IN = {"linalg.lstsq": "residuals are given where the columns are independent"}
# What gives Python's values, which a traced function must not.
NO_TENSORS = {"allclose": "a bool", "equal": "a bool"}


def traced(function: Callable[..., Any], made: Made) -> ScriptFunction:
    def call(*tensors: tl.Tensor) -> Any:
        return made.call(function, tensors)

    return tl.jit.trace(call, made.tensors, check_trace=False, pipeline=UNFUSED)


def check_row(function: Callable[..., Any], first: Made, others: Sequence[Made], path: Path, *, fuse: bool) -> bool:
    """One call in a graph, and in what becomes of the graph; whether eager mode takes it at all."""
    tensors = first.tensors
    try:
        wanted = seen(first.call(function, tensors), tensors)
    except (TensorlabError, AttributeError):
        return False
    compiled = traced(function, first)
    reads_back(compiled.graph)
    compiled.save(path)
    loaded = tl.jit.load(path)
    loaded.pipeline = UNFUSED
    runs: list[tuple[Callable[..., Any], bool]] = [(compiled.interpret, False), (compiled, False), (loaded, False)]
    if fuse:
        runs.append((ScriptFunction(compiled.graph, kind="traced"), True))
    for made in (first, *others):
        if made is not first:
            tensors = made.tensors
            try:
                wanted = seen(made.call(function, tensors), tensors)
            except TensorlabError:
                continue
        for run, fused in runs:
            tensors = made.tensors
            alike(seen(run(*tensors), tensors), wanted, fused=fused)
    return True


def calls(case: Case) -> list[tuple[Made, list[Made]]]:
    """The first calls of a row, each with one of other values, in memory of another form where the row takes it."""
    dtype = "float32" if "float32" in case.dtypes else case.dtypes[0]
    form = "permuted" if "permuted" in case.forms else "plain"
    firsts = case.samples(Maker(dtype, special=case.special))
    seconds = case.samples(Maker(dtype, lambda: form, seed=1))
    pairs = [(Made(a), Made(b)) for a, b in islice(zip(firsts, seconds, strict=True), 4)]
    return [(a, [b] if a.same_form(b) else []) for a, b in pairs]


@pytest.mark.parametrize("label", [label for label in BY_LABEL if label not in NO_TENSORS])
def test_a_row_in_a_graph(label: str, tmp_path: Path) -> None:
    case = BY_LABEL[label]
    done = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if label in BAKED_IN else "error", TracerWarning)
        for first, others in calls(case):
            done += check_row(case.function(tl), first, others, tmp_path / "a.pt", fuse=not done)
            if case.inplace:
                check_row(case.function(tl, "_"), first, others, tmp_path / "b.pt", fuse=not done)
    assert done


@pytest.mark.parametrize("label", [c.label for c in CASES if c.inplace])
def test_a_write_through_a_view_in_a_graph(label: str, tmp_path: Path) -> None:
    method = BY_LABEL[label].function(tl, "_")

    def write(a: tl.Tensor, *rest: Any, **options: Any) -> tl.Tensor:
        whole = a.clone()
        method(whole.unsqueeze(0)[0], *rest, **options)
        return whole * 2

    for first, others in calls(BY_LABEL[label])[:2]:
        check_row(write, first, others, tmp_path / "a.pt", fuse=False)


@pytest.mark.parametrize("label", [c.label for c in CASES if c.out])
def test_out_in_a_graph(label: str, tmp_path: Path) -> None:
    function = BY_LABEL[label].function(tl)

    def into(*args: Any, **options: Any) -> Any:
        """Over zeros of the results' types, which are known while the trace runs."""
        found = function(*args, **options)
        places = tuple(tl.zeros(tuple(r.shape), dtype=r.dtype) for r in tensors_in(found))
        function(*args, **options, out=places if isinstance(found, (tuple, list)) else places[0])
        return places

    first, others = calls(BY_LABEL[label])[0]
    check_row(into, first, [] if label in OF_VALUES else others, tmp_path / "a.pt", fuse=False)


@pytest.mark.parametrize("label", BAKED_IN)
def test_what_values_decide_is_baked_in_with_a_warning(label: str) -> None:
    with pytest.warns(TracerWarning, match="might make the trace wrong"):
        for first, _ in calls(BY_LABEL[label]):
            traced(BY_LABEL[label].function(tl), first)


@pytest.mark.parametrize("label", NO_TENSORS)
@pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")
def test_results_that_are_no_tensors_are_refused(label: str) -> None:
    for first, _ in calls(BY_LABEL[label]):
        with pytest.raises(TraceError, match="gave a value of type bool; a traced function gives a Tensor"):
            traced(BY_LABEL[label].function(tl), first)
