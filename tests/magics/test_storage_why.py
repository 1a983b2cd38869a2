"""``%storage --why``: what it says frees the bytes, does."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tensorlab.view.storage_why import WhyView


@pytest.fixture
def _frozen() -> Iterator[None]:
    """What is older is out of the collector's sight, so that a look is quick; one test goes without."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def quiet(_frozen: None, fresh: Any) -> Iterator[Any]:
    """A shell that is younger than all else, and that keeps results as a notebook's does."""
    from tensorlab.magics import load, unload

    load(fresh.ip)
    fresh.value("import numpy as np, tensorlab as tl")
    yield fresh
    unload(fresh.ip)


def ways(view: WhyView) -> list[tuple[str, str]]:
    return [(chain.kind, chain.path) for chain in view.report.chains]


def frees(lab: Any, name: str) -> WhyView:
    """Run what the view says, in a cell, and see that the storage dies."""
    storage = lab.names[name].storage()
    gone = weakref.ref(storage)
    del storage
    view = lab.value(f"%storage --why {name}")
    assert view.report.unknown == ()
    assert view.report.command
    assert gone() is not None
    result = lab.ip.run_cell(view.report.command, store_history=True)
    result.raise_error()
    del result
    assert gone() is None
    return view


def test_a_name_alone(quiet) -> None:
    quiet.value("x = tl.ones(3)\nk = 1")
    view = frees(quiet, "x")
    assert ways(view) == [("name", "x")]
    assert repr(view).startswith("x holds the 12 B behind x. del x frees them.")


def test_our_own_look_leaves_nothing_behind(quiet) -> None:
    quiet.value("x = tl.ones(3)\nk = 1")
    first = quiet.value("%storage --why x").report
    second = quiet.value("%storage --why x").report
    assert first == second
    assert [chain.root for chain in first.chains] == ["x"]


def test_names_containers_and_attributes(quiet) -> None:
    quiet.value(
        "a = tl.ones(4)\ncfg = {'w': a, 3: [1, a]}\nclass Box: pass\nbox = Box()\nbox.held = a\nb = a[1:]\nk = 0"
    )
    view = frees(quiet, "a")
    assert sorted(path for _, path in ways(view)) == ["a", "b", "box.held", "cfg['w']"]
    assert view.report.command == "del a, b, cfg, box" or set(view.report.command.removeprefix("del ").split(", ")) == {
        "a",
        "b",
        "cfg",
        "box",
    }


def test_results_that_ipython_keeps(quiet) -> None:
    quiet.value("x = tl.ones(5)\nk = 0")
    quiet.ip.run_cell("x", store_history=True)
    quiet.ip.run_cell("k = 1", store_history=True)
    view = frees(quiet, "x")
    kinds = {kind for kind, _ in ways(view)}
    assert kinds == {"name", "output"}
    assert any(path.startswith("Out[") for _, path in ways(view))
    assert view.report.command == "%xdel x"
    assert "x and IPython's results hold the 20 B behind x." in repr(view)


def test_results_that_hold_what_has_no_name(quiet) -> None:
    quiet.value("x = tl.ones(5)\nk = 0")
    quiet.ip.run_cell("[x[1:]]", store_history=True)
    quiet.ip.run_cell("k = 1", store_history=True)
    view = frees(quiet, "x")
    assert ("output", "Out[1][0]") in ways(view)
    assert view.report.command.split("\n")[:2] == ["del x", "%reset -f out"]


def test_a_closure(quiet) -> None:
    quiet.value("def make():\n    t = tl.ones(3)\n    return (lambda: t), t\nf, x = make()\nk = 0")
    assert ways(frees(quiet, "x")) == [("name", "x"), ("name", "f → its closure's t")]


def test_a_default_argument(quiet) -> None:
    quiet.value("x = tl.ones(3)\ndef f(t=x): pass")
    assert ways(frees(quiet, "x")) == [("name", "x"), ("name", "f → a default argument")]


def test_saved_tensors(quiet) -> None:
    quiet.value("p = tl.ones(3, requires_grad=True)\ny = p.tanh()\nz = (y * 2).sum()")
    view = frees(quiet, "y")
    assert ways(view) == [
        ("name", "y"),
        ("name", "z → SumBackward0 → MulBackward0 → TanhBackward0 saved result"),
    ]
    assert "backward() lets saved tensors go too." in repr(view)
    quiet.value("y = p.tanh()\nz = (y * 2).sum()\nz.backward()")
    assert ways(frees(quiet, "y")) == [("name", "y")]


def test_a_leaf_is_held_by_what_was_made_of_it(quiet) -> None:
    quiet.value("p = tl.ones(3, requires_grad=True)\ny = p.tanh()")
    assert ways(frees(quiet, "p")) == [("name", "p"), ("name", "y → TanhBackward0, an input")]


def test_a_cycle(quiet) -> None:
    quiet.value("loop = [tl.ones(7)]\nloop.append(loop)\nx = loop[0]\ndel loop")
    gc.disable()
    try:
        view = frees(quiet, "x")
    finally:
        gc.enable()
    assert ways(view) == [("name", "x"), ("cycle", "[0]")]
    assert view.report.command == "del x\nimport gc; gc.collect()"


def test_a_numpy_array_keeps_the_tensors_bytes(quiet) -> None:
    quiet.value("x = tl.ones(6)\nseen = {'tail': x.numpy()[2:]}\nk = 0")
    view = frees(quiet, "x")
    assert ways(view) == [("name", "x"), ("name", "seen['tail']")]
    assert [chain.holds for chain in view.report.chains] == ["Tensor (6,)", "ndarray (4,) (a view)"]


def test_an_array_lent_to_tensors(quiet) -> None:
    quiet.value("a = np.zeros(6)\nt = tl.from_numpy(a)\nviews = [a[2:]]\ngone = a\ndel gone")
    view = quiet.value("%storage --why a")
    assert sorted(path for _, path in ways(view)) == ["a", "t", "views[0]"]
    assert view.report.nbytes == 48


def test_an_array_dies_of_what_is_said_too(quiet) -> None:
    quiet.value("a = np.zeros(6)\nt = tl.from_numpy(a)\nviews = {'v': a[2:][::2]}\ndata = memoryview(a)\nk = 0")
    gone = weakref.ref(quiet.names["a"])
    view = quiet.value("%storage --why a")
    assert sorted(path for _, path in ways(view)) == ["a", "data", "t", "views['v']"]
    assert view.report.unknown == ()
    quiet.value(view.report.command)
    assert gone() is None


def test_what_cannot_be_deleted_from_here(quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    module = types.ModuleType("keeps")
    monkeypatch.setitem(sys.modules, "keeps", module)
    quiet.value("x = tl.ones(3)\nimport keeps\nkeeps.CACHE = {'x': x}\ndel keeps")
    view = quiet.value("%storage --why x")
    assert ways(view) == [("name", "x"), ("module", "module keeps.CACHE['x']")]
    assert view.report.command == ""
    assert repr(view).startswith(
        "x and module keeps hold the 12 B behind x: deleting names frees nothing while module keeps does."
    )


def test_the_last_error(quiet) -> None:
    quiet.value("x = tl.ones(3)\ndef bad(t):\n    return t, 1 / 0")
    quiet.error("bad(x)")
    view = quiet.value("%storage --why x")
    assert view.report.chains[0].path == "x"
    quiet.value("1")


def test_names_that_cannot_be_asked(quiet) -> None:
    quiet.value("x = tl.ones(3)\nboth = [tl.ones(1), x]")
    assert quiet.error("%storage --why both").splitlines()[0] == (
        "MagicError: %storage: --why: both holds 2 things: both[0], both[1]"
    )
    assert ways(quiet.value("%storage --why both[1] -o kept")) == [("name", "x"), ("name", "both[1]")]
    assert isinstance(quiet.names["kept"], WhyView)
    assert quiet.error("%storage --why x --grid x").splitlines()[:2] == [
        "MagicError: %storage: --grid and --why are two questions",
        "  ask them one by one",
    ]
    assert (
        quiet.error("%storage --why nope")
        .splitlines()[0]
        .startswith("MagicError: %storage: --why: nothing is named 'nope'")
    )


def test_foreign_holders(quiet) -> None:
    pytest.importorskip("torch")
    quiet.value("import torch\nt = torch.zeros(4)\ntail = {'v': t[1:]}\nseen = t.numpy()")
    view = quiet.value("%storage --why t")
    assert sorted(path for _, path in ways(view)) == ["seen", "t", "tail['v']"]
    assert view.report.unknown == ("torch may hold the bytes in C++ too, where nobody can look",)


def test_among_everything_that_a_process_holds(lab) -> None:
    lab.value("x = tl.ones(3)\nkept = {'only': x}")
    assert ways(lab.value("%storage --why x")) == [("name", "x"), ("name", "kept['only']")]
