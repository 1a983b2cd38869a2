"""Loops in stages: what they compute, what they keep, and when there are none."""

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core import stages
from tensorlab.core.stages import Turn, staged

SIZES = [0, 1, 7, 8, 9, 20]
ROOMS = {"float32_at": lambda room: room, "bool_at": lambda room: room, "stack_room": lambda n: [None] * n}


def costly(result, *lines):
    """Statements of a costly step; the last one makes the result."""
    return [*lines, *(f"pad{k} = {k}" for k in range(8)), result]


def turn(*, store="v4", dtypes=None):
    """Four costly steps: v1 is read by all later ones, v2 is true or false, v3 ends with the stage after its own."""
    steps = [
        ["v0 = x0 + 1.0"],
        costly("v1 = v0 * x1"),
        costly("v2 = v1 > 2.0"),
        costly("v3 = v1 - x0 if v2 else x1"),
        costly("v4 = v3 * v1 + x0", "y = x1 * 2.0"),
        ["v5 = v4 + y"],
    ]
    kinds = dtypes or [tl.float32, tl.float32, tl.bool, tl.float32, tl.float32, tl.float32]
    return Turn(steps, {"x0": "a0[i0]", "x1": "a1[i0]"}, [f"o0[i0] = {store}", "o1[i0] = v5"], kinds)


def run(found, n, *, over=False):
    """The lines as plain Python."""
    body = [f"    {line}" for line in (*found.rooms, *found.lines)]
    names = {"np": np, **ROOMS}
    exec("\n".join(["def loop(n, o0, o1, a0, a1):", *body]), names)
    a0, a1 = [k / 3 for k in range(n)], [5.0 - k for k in range(n)]
    o0, o1 = (a0 if over else [None] * n), [None] * n
    names["loop"](n, o0, o1, a0, a1)
    return o0, o1


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(stages, "TILE", 8)


@pytest.mark.parametrize("over", [False, True], ids=["apart", "over an operand"])
def test_stages_give_what_one_loop_gives(monkeypatch, small_tiles, over):
    found = staged(turn(), "n", "i0", "  # 4 vectors a turn")
    assert sum(line.endswith("in range(w0, e0):  # 4 vectors a turn") for line in found.lines) == 4
    monkeypatch.setattr(stages, "_COSTLY", 1000)
    whole = staged(turn(), "n", "i0", "")
    assert whole.lines[0] == "for i0 in range(n):"
    assert whole.rooms == ()
    for n in SIZES:
        assert run(found, n, over=over) == run(whole, n, over=over)


def test_values_on_their_way_lie_in_as_few_places_as_may_be(small_tiles):
    """v3 may not lie where v1 or v2 does, as its stage reads both."""
    found = staged(turn(), "n", "i0", "")
    assert found.rooms == (
        "t0 = float32_at(stack_room(32))",
        "t1 = bool_at(stack_room(8))",
        "t2 = float32_at(stack_room(32))",
    )
    texts = [line.strip() for line in found.lines]
    assert "t1[i0 - w0] = np.uint8(v2)" in texts
    assert "v2 = t1[i0 - w0] != 0" in texts


def test_a_place_goes_to_another_value_when_its_last_reader_is_done(small_tiles):
    chain = [costly(f"v{k} = {f'v{k - 1}' if k else 'x0'} + 1.0") for k in range(5)]
    found = staged(Turn(chain, {"x0": "a0[i0]"}, ["o0[i0] = v4", "o1[i0] = x0"], [tl.float32] * 5), "n", "i0", "")
    assert len(found.rooms) == 2
    o0, o1 = run(found, 20)
    np.testing.assert_allclose(o0, np.array(o1) + 5.0)


def test_one_costly_step_is_one_loop():
    steps = [["v0 = x0 + 1.0"], costly("v1 = v0 * x0"), ["v2 = v1 + v0"]]
    found = staged(Turn(steps, {"x0": "a0[i0]"}, ["o0[i0] = v2"], [tl.float32] * 3), "n", "i0", "")
    assert (found.rooms, found.lines[:2]) == ((), ("for i0 in range(n):", "    x0 = a0[i0]"))


def test_what_is_stored_in_16_bits_by_an_earlier_stage_keeps_one_loop():
    steps = turn().steps
    narrow = Turn([["h0 = x0", "v0 = h0 + 1.0"], *steps[1:]], turn().loads, ["o0[i0] = h0"], turn().dtypes)
    assert staged(narrow, "n", "i0", "").rooms == ()


def gate(a, h, c, lib):
    opened = lib.sigmoid(a * h + c)
    return opened * lib.tanh(h - c) + (1 - opened) * h - a


def test_a_compiled_chain_in_stages():
    """Each size is traced by itself: one program for several does not know them to be equal, and has two loops."""
    rng = np.random.default_rng(5)

    class Exact:
        tanh = staticmethod(np.tanh)
        sigmoid = staticmethod(lambda x: 1 / (1 + np.exp(-x)))

    for n in (1, 31, 511, 512, 513, 1300):
        arrays = [rng.standard_normal(n, dtype=np.float32) for _ in range(3)]
        given = [*map(tl.from_numpy, arrays)]
        traced = tl.jit.trace(lambda a, h, c: gate(a, h, c, tl), given, check_trace=False)
        got = traced(*given).numpy()
        assert [stages.TILES in loop.source for loop in traced.latest.program.compiled_loops()] == [True]
        np.testing.assert_allclose(got, gate(*(a.astype(np.float64) for a in arrays), Exact), rtol=0, atol=2e-6)
