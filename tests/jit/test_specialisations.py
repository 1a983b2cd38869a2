"""Specialisations: sizes of their own, sizes in common, and what is counted of each."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.jit import specialisations
from tensorlab.jit.specialisations import EXACT, OFTEN
from tensorlab.jit.verify import verify


def layer(x: tl.Tensor, w: tl.Tensor) -> tl.Tensor:
    h = tl.tanh(x @ w + 1)
    return (h * 2 - x).sum(0)


W = tl.eye(10)


def traced_layer() -> tl.jit.ScriptFunction:
    return tl.jit.trace(layer, (tl.ones(4, 10), W), check_trace=False)


def check(function: tl.jit.ScriptFunction, x: tl.Tensor, w: tl.Tensor = W) -> None:
    np.testing.assert_allclose(function(x, w).numpy(), layer(x, w).numpy(), rtol=1e-5, atol=1e-6)


def test_the_third_size_and_all_others_share_a_program() -> None:
    traced = traced_layer()
    for n in (4, 5, 6, 7, 1, 0, 6):
        check(traced, tl.full((n, 10), 0.5))
    found = traced.specialisations
    assert [(row.key, row.kind, row.calls, row.misses) for row in found] == [
        ("float32[4, 10], float32[10, 10]", "exact", 1, 0),
        ("float32[5, 10], float32[10, 10]", "exact", 1, 1),
        ("float32[s0, 10], float32[10, 10]", "general", 5, 1),
    ]
    assert (found.hits, found.misses, found.evictions) == (5, 2, 0)
    assert traced.latest is traced.programs[-1]
    assert str(traced.latest.graph.inputs[0].type) == "Float(*, 10)"
    assert len(traced.latest.program.loops) == 1  # fused as with sizes
    verify(traced.latest.graph)


def test_what_differs_later_is_not_known_either() -> None:
    traced = traced_layer()
    for n in (4, 5, 6):
        check(traced, tl.ones(n, 10))
    for n in (3, 2):
        check(traced, tl.ones(8, n), tl.eye(n))
    check(traced, tl.ones(7, 10))
    rows = traced.specialisations.rows
    assert [row.key for row in rows if row.kind == "general"] == ["float32[s0, s1], float32[s2, s3]"]
    assert traced.specialisations.evictions == 1
    assert sum(row.calls for row in rows) == 5
    assert traced.specialisations.hits + traced.specialisations.misses == 6  # that of the one that is gone, too


def test_dtypes_ranks_and_kinds_of_numbers_are_apart() -> None:
    scripted = tl.jit.script(twice)
    x = tl.ones(3)
    for n in (3, 4, 5):
        scripted(tl.ones(n), 2)
    scripted(x.to(tl.float64), 2)
    scripted(tl.ones(3, 3), 2)
    scripted(tl.ones(3, 3).t()[:2], 2)
    assert [row.key for row in scripted.specialisations] == [
        "float32[3], int",
        "float32[4], int",
        "float32[s0], int",
        "float64[3], int",
        "float32[3, 3], int",
        "float32[2, 3] by steps of (1, 3), int",
    ]


def twice(x: tl.Tensor, n: int) -> tl.Tensor:
    return x * n


def test_sizes_that_are_called_often_get_a_program_of_their_own() -> None:
    traced = traced_layer()
    for n in (4, 5, 6):
        check(traced, tl.ones(n, 10))
    x = tl.ones(6, 10)
    for _ in range(OFTEN + 3):
        check(traced, x)
    rows = traced.specialisations.rows
    (general,) = [row for row in rows if row.kind == "general"]
    own = rows[-1]
    assert (general.kind, general.calls) == ("general", OFTEN)
    assert (own.key, own.kind, own.calls, own.misses) == ("float32[6, 10], float32[10, 10]", "exact", 4, 1)
    assert traced.latest is traced.programs[-1]
    assert (traced.specialisations.hits, traced.specialisations.misses) == (OFTEN + 3, 3)


def test_one_asked_for_has_its_sizes() -> None:
    traced = traced_layer()
    for n in (4, 5, 6, 7):
        traced(tl.ones(n, 10), W)
    asked = traced.specialisation_for(tl.ones(6, 10), W)
    assert str(asked.types[0]) == "Float(6, 10)" and not asked.is_general
    assert traced.latest is asked and asked.calls == 0
    check(traced, tl.ones(6, 10))
    assert asked.calls == 1 and asked.record().hits == 1


def test_numbers_alone_have_one_program() -> None:
    scripted = tl.jit.script(product)
    assert [scripted(a, b) for a in range(4) for b in range(3)] == [a * b for a in range(4) for b in range(3)]
    assert [(row.key, row.calls) for row in scripted.specialisations] == [("int, int", 12)]


def product(a: int, b: int) -> int:
    return a * b


def test_the_record_is_plain_data_and_says_where_time_went() -> None:
    traced = traced_layer()
    assert traced.specialisations[0].seconds.first_call == 0.0
    check(traced, tl.ones(4, 10))
    found = traced.specialisations
    seconds = found[0].seconds
    assert min(seconds.copying, seconds.passes, seconds.records, seconds.lowering) > 0
    assert seconds.total > seconds.first_call > seconds.reading + seconds.llvm + seconds.machine_code + seconds.linking
    assert seconds.passes == pytest.approx(sum(r.seconds for r in traced.records))
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["rows"][0]["key"] == "float32[4, 10], float32[10, 10]"
    assert plain["rows"][0]["loops"] == [loop.name for loop in traced.latest.program.compiled_loops()]
    assert list(plain["rows"][0]["seconds"]) == [
        *("copying", "passes", "records", "lowering", "first_call"),
        *("reading", "llvm", "machine_code", "linking", "total"),
    ]
    assert str(found) == (
        "float32[4, 10], float32[10, 10]  exact    1 call, 0 waited\n1 hit, 0 misses; 1 of at most 64 kept, 0 let go"
    )


def test_what_is_let_go_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specialisations, "LIMIT", 3)
    traced = tl.jit.trace(lambda x: x * 2, (tl.ones(1),), check_trace=False)
    for ndim in range(1, 8):
        traced(tl.ones(*[1] * ndim))
    found = traced.specialisations
    assert [row.key.count("1") for row in found] == [5, 6, 7]
    assert (found.evictions, found.hits + found.misses, found.limit) == (4, 7, 3)


def test_threads_share_the_general_program() -> None:
    traced = traced_layer()

    def run(k: int) -> None:
        for i in range(60):
            check(traced, tl.full((1 + (k + i) % 20, 10), 0.25))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    found = traced.specialisations
    assert found.hits + found.misses == 360
    assert sum(row.kind == "exact" for row in found) >= EXACT
