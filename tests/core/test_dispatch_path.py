"""The legs of a call are those that it took: long ways, short cuts, autograd, views, composites, libraries, modes."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlab as tl
import tensorlab.nn.functional as F
from tensorlab.core import dispatch_path
from tensorlab.core.dispatch import pushed
from tensorlab.core.dispatch_path import DispatchRecord, NoOperationError, Way, watch_dispatch
from tensorlab.core.op import Op


def run(text: str, **names: Any) -> DispatchRecord:
    names |= {"tl": tl, "F": F}
    return watch_dispatch(compile(text, "<test>", "eval"), names, names, text=text).record


def way(text: str, **names: Any) -> Way:
    (found,) = run(text, **names).ways
    return found


def legs(found: Way) -> list[tuple[str, str]]:
    return [(leg.kind, leg.title) for leg in found.legs]


@pytest.fixture
def fresh_add() -> None:
    """No plan of addition is kept: what a first call meets."""
    from tensorlab.ops import arithmetic

    arithmetic.add.plans.clear()
    arithmetic.add.evaluate.forget()


def test_the_first_call_goes_the_long_way_and_the_second_does_not(fresh_add: None) -> None:
    a, b = tl.ones(2, 3), tl.ones(2, 3)
    first = way("a + b", a=a, b=b)
    kinds = [kind for kind, _ in legs(first) if kind != "compile"]
    assert kinds == [
        *("python", "short cut", "op", "evaluator", "plan", "type rule", "allocate", "loop"),
        "result",
    ]
    assert first.short_cut is False
    assert first.legs[1].detail == "not taken: none is kept for this form of call"
    second = way("a + b", a=a, b=b)
    assert legs(second) == [
        ("python", "Tensor.__add__"),
        ("short cut", "to add.Tensor"),
        ("plan", "runs"),
        ("allocate", "24 B"),
        ("loop", "add"),
        ("result", "Tensor (2, 3) float32"),
    ]
    assert second.short_cut is True
    assert second.ops == ("add.Tensor",)
    assert [leg.depth for leg in second.legs] == [0, 1, 2, 3, 3, 0]
    assert second.legs[0].place.startswith("ops/quick.py:")
    assert second.legs[2].detail == "kept from an earlier call like it"


def test_numbers_take_the_overload_for_numbers() -> None:
    assert way("a + 2", a=tl.ones(3)).ops == ("add.Scalar",)
    assert way("2 * a", a=tl.ones(3)).ops == ("mul.Scalar",)


def test_the_loop_names_its_file() -> None:
    found = way("a * b", a=tl.ones(4), b=tl.ones(4))
    loop = next(leg for leg in found.legs if leg.kind == "loop")
    assert loop.title == "mul"
    assert loop.exact.endswith(".py")
    assert "/mul_" in loop.exact
    assert "exact" not in loop.to_dict()
    assert loop.to_dict(times=True)["exact"] == loop.exact


def test_autograd_is_a_leg_where_it_is_asked() -> None:
    g = tl.ones(3, requires_grad=True)
    for _ in range(2):  # the long way, and by the short cut
        found = way("g * 2", g=g)
        assert found.recorded
        (leg,) = [leg for leg in found.legs if leg.kind == "autograd"]
        assert leg.detail == "asked, since a tensor is on the tape; the result gets MulBackward0"
    with tl.no_grad():
        found = way("g * 2", g=g)
    (leg,) = [leg for leg in found.legs if leg.kind == "autograd"]
    assert leg.detail == "asked, and writes nothing down"
    assert not way("a * 2", a=tl.ones(3)).recorded


def test_views_end_in_no_loop() -> None:
    for _ in range(2):
        found = way("a.t()", a=tl.ones(2, 3))
        view = next(leg for leg in found.legs if leg.kind == "view")
        assert view.detail == "the same storage, shape (3, 2), stride (1, 3)"
        assert not [leg for leg in found.legs if leg.kind in ("loop", "allocate")]


def test_several_calls_stand_in_order_with_their_sources() -> None:
    record = run("a @ b.t() + 1", a=tl.ones(2, 3), b=tl.ones(4, 3))
    assert [way.source for way in record.ways] == ["b.t()", "a @ b.t()", "a @ b.t() + 1"]
    assert [way.ops[-1] for way in record.ways] == ["t", "matmul", "add.Scalar"]
    assert record.result == "Tensor (2, 4) float32"


def test_calls_of_the_users_functions_are_found() -> None:
    def twice(x: Any) -> Any:
        return x * 2

    record = run("twice(a)", twice=twice, a=tl.ones(3))
    assert record.ways[0].source.startswith("x * 2 (line ")
    assert record.ways[0].source.endswith(" of twice)")


def test_composites_show_what_they_are_made_of() -> None:
    found = way("F.linear(a, w)", a=tl.ones(2, 3), w=tl.ones(4, 3))
    assert found.ops == ("linear", "t", "matmul")
    depths = {leg.title: leg.depth for leg in found.legs if leg.kind in ("op", "short cut")}
    assert depths["linear"] < depths["to t"]


def test_library_calls_are_named() -> None:
    found = way("tl.linalg.svd(a)", a=tl.ones(2, 2))
    (leg,) = [leg for leg in found.legs if leg.kind == "library"]
    assert leg.title.startswith("numpy.linalg")
    assert leg.title.endswith(".svd")
    assert found.legs[0].title == "svd"


def test_reductions() -> None:
    for detail in ("made in this run, and kept for calls like it", "kept from an earlier call like it"):
        found = way("a.sum(1)", a=tl.ones(7, 3, 2))
        assert found.ops == ("sum.dim_IntList",)
        assert next(leg for leg in found.legs if leg.title == "runs").detail == detail
        assert next(leg for leg in found.legs if leg.kind == "op").detail.startswith("aten::sum.dim_IntList(")


class Passing:
    """A mode that lets everything through."""

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        return op.record(args)


def test_modes_are_legs_and_shut_short_cuts() -> None:
    a = tl.ones(3)
    way("a + a", a=a)
    with pushed(Passing()):
        record = run("a + a", a=a)
    assert record.modes == ("Passing",)
    (found,) = record.ways
    assert found.short_cut is False
    assert found.legs[1].detail == "not taken: a mode is on"
    (leg,) = [leg for leg in found.legs if leg.kind == "mode"]
    assert (leg.title, leg.detail) == ("Passing", "sees add.Tensor before it runs")


def test_writes_in_place_really_happen_once() -> None:
    a = tl.zeros(3)
    found = way("a.add_(1)", a=a)
    assert a.tolist() == [1.0, 1.0, 1.0]
    assert found.ops == ("add_.Scalar",)


@pytest.mark.parametrize("text", ["1 + 1", "a.shape", "a.tolist()", "len('a')"])
@pytest.mark.usefixtures("sharing_by")
def test_what_runs_no_operation_is_told(text: str) -> None:
    with pytest.raises(NoOperationError) as raised:
        run(text, a=tl.ones(3))
    assert str(raised.value) == f"dispatch: {text} runs no operation of tensorlab, so there is no way to show"


def test_the_users_error_goes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        run("1 / 0")


def test_equal_runs_give_equal_records() -> None:
    names = {"a": tl.ones(5), "g": tl.ones(5, requires_grad=True)}
    run("a * g + 1", **names)
    assert run("a * g + 1", **names).to_dict() == run("a * g + 1", **names).to_dict()


def test_long_ways_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_path, "MOST_LEGS", 3)
    names = {"a": tl.ones(3)}
    watched = watch_dispatch(compile("a * 2", "<test>", "eval"), names, names, text="a * 2")
    (found,) = watched.record.ways
    assert len(found.legs) == 3
    assert found.left_out > 0
    assert all(leg < 3 for _, leg in watched.owners.values())
