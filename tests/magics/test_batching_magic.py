"""``%batching`` in a real shell; times are never compared with anything."""

from __future__ import annotations

import sys

import pytest

from tensorlab.view.batching import BatchingView


@pytest.fixture
def quick(lab):
    lab.value("%config Tensorlab.batching_seconds = 0.0")
    lab.value(
        "x = tl.ones(3, 2)\nw = tl.ones(5)\nk = 1\ndef f(x):\n    return x + x\ndef total(x):\n    return x.sum()"
    )
    return lab


def test_in_process(quick) -> None:
    view = quick.value("%batching f -i x --sizes 1,2,8")
    assert isinstance(view, BatchingView)
    assert [point.batch for point in view.points] == [1, 2, 8]
    assert all(point.runs >= 5 and point.p50_seconds <= point.p99_seconds for point in view.points)
    assert (view.name, view.where, view.item_nbytes) == ("f", "in this process", 8)


def test_the_batches_are_rows_in_turn(quick) -> None:
    quick.value("seen = []\ndef look(x, y):\n    seen.append((x.tolist(), y.tolist()))\n    return x")
    quick.value("a = tl.tensor([1.0, 2.0, 3.0])\nb = tl.tensor([[4], [5]])")
    quick.value("%batching look -i a,b --sizes 4")
    assert quick.names["seen"][0] == ([1.0, 2.0, 3.0, 1.0], [[4], [5], [4], [5]])


def test_sizes_are_measured_once_each_and_in_order(quick) -> None:
    view = quick.value("%batching f -i x --sizes 8,2,8")
    assert [point.batch for point in view.points] == [2, 8]


def test_each_size_is_called_in_turn(quick) -> None:
    quick.value("seen = []\ndef look(x):\n    seen.append(len(x))\n    return x")
    quick.value("%batching look -i x --sizes 1,4")
    assert quick.names["seen"] == [1, 4, 1, 4, 4, 1, 1, 4, 4, 1, 1, 4]


def test_through_a_server_that_joins_requests(quick) -> None:
    view = quick.value("%batching f -i x --sizes 4,2 --server -o curve")
    assert quick.names["curve"] is view
    assert (view.name, view.where, view.item_nbytes) == ("f", "through a server", 8)
    assert [(point.batch, point.callers, point.failures) for point in view.points] == [(2, 4, 0), (4, 4, 0)]
    for point in view.points:
        assert 1 <= point.rows_per_batch <= point.batch
        assert sum(times.rows * times.batches for times in point.batches) == point.runs >= 4
    assert "4 callers at a time, one item a request · through a server" in " ".join(view.text().split("\n")[:3])
    assert view.to_dict()["points"][0]["callers"] == 4


def test_as_many_callers_as_asked_for(quick) -> None:
    quick.value("seen = []\ndef two(x, y):\n    seen.append(len(x))\n    return x, y + y")
    quick.value("y = tl.ones(2, 3)")
    view = quick.value("%batching two -i x,y --sizes 1,64 --server --callers 3")
    assert [point.callers for point in view.points] == [3, 3]
    assert max(quick.names["seen"]) <= 3
    assert "With 3 callers no batch can hold more than 3 items." in view.text()


def test_what_cannot_be_served(quick) -> None:
    quick.value("def number(x):\n    return x.sum().item()\ndef nothing(x):\n    pass\ndef none(x):\n    return ()")
    quick.value("def pair(x):\n    return x, x.sum()")
    assert quick.error("%batching total -i x --server") == (
        "MagicError: %batching: result 0 has shape () for 2 items; a server takes results with one row an item\n"
        "  see %batching?"
    )
    assert quick.error("%batching pair -i x --server") == (
        "MagicError: %batching: result 1 has shape () for 2 items; a server takes results with one row an item\n"
        "  see %batching?"
    )
    for function, got in (("number", "a float"), ("nothing", "a NoneType"), ("none", "nothing")):
        assert quick.error(f"%batching {function} -i x --server") == (
            f"MagicError: %batching: the function gives {got}; a server takes tensors with one row an item\n"
            "  see %batching?"
        )


def test_a_function_that_fails_where_it_is_served_says_so(quick) -> None:
    quick.value(
        "import threading\n"
        "def shy(x):\n"
        "    if threading.current_thread() is not threading.main_thread():\n"
        "        raise ValueError('not here')\n"
        "    return x"
    )
    assert quick.error("%batching shy -i x --sizes 1 --server") == (
        "MagicError: %batching: --server: no request was answered: INTERNAL\n  see %batching?"
    )


def test_without_the_extra(quick, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("tensorlab.serve")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grpc", None)
    assert quick.error("%batching f -i x --server") == (
        "MagicError: %batching: --server: grpc is not installed; install the extra: pip install 'tensorlab[serve]'\n"
        "  see %batching?"
    )


def test_wrong_numbers(quick) -> None:
    for options, message in (
        ("--sizes 0", "--sizes: takes positive whole numbers, 1,2,4, got '0'"),
        ("--sizes 1,-2", "--sizes: takes positive whole numbers, 1,2,4, got '-2'"),
        ("--sizes 1.5", "--sizes: takes positive whole numbers, 1,2,4, got '1.5'"),
        ("--sizes 1,70000", "--sizes takes 1 to 65536, got 70000"),
        ("--server --callers 0", "--callers: takes a positive whole number, got '0'"),
        ("--server --callers many", "--callers: takes a positive whole number, got 'many'"),
        ("--server --callers 65", "--callers takes 1 to 64, got 65"),
        ("--callers 2", "--callers is for --server; without it one call follows the other"),
    ):
        assert quick.error(f"%batching f -i x {options}") == f"MagicError: %batching: {message}\n  see %batching?"


def test_errors(quick) -> None:
    assert quick.error("%batching f") == "MagicError: %batching: -i/--inputs is missing\n  see %batching?"
    assert quick.error("%batching f -i k") == (
        "MagicError: %batching: -i: k is an int, not a tensor; tensors here: x, w\n  see %batching?"
    )
    assert quick.error("%batching g -i x").startswith("MagicError: %batching: nothing is named 'g'; compiled functions")
    assert quick.error("%batching x -i x").startswith("MagicError: %batching: x is a Tensor, not a compiled function")
    quick.value("s = tl.tensor(1.0)")
    assert quick.error("%batching f -i s").startswith("MagicError: %batching: -i: s has shape (); takes tensors whose")
    quick.value("array = np.ones(3)")
    assert "tensorlab.from_numpy(array) shares its memory" in quick.error("%batching f -i array")


@pytest.mark.parametrize("options", ["", " --server"])
def test_a_function_that_fails_says_why_and_where(quick, options: str) -> None:
    quick.value("def broken(x):\n    return x + tl.ones(7)")
    shown = quick.error(f"%batching broken -i x{options}")
    assert "----> 2     return x + tl.ones(7)" in shown
    assert shown.splitlines()[-1].startswith("ShapeError: add: the size of tensor a (2) must match")
    assert "curve.py" not in shown
    assert quick.value("k") == 1


def test_a_compiled_function_that_fails_takes_three_lines(quick) -> None:
    quick.value("y = tl.ones(2)\ng = tl.jit.trace(lambda x, y: x * y, (x, y))")
    assert quick.error("%batching g -i x,y --sizes 3") == (
        "MagicError: %batching: g fails: mul: the size of tensor a (2) must match the size of tensor b (3) at "
        "non-singleton dimension 1: got shapes (3, 2) and (3,)\n"
        "  it was called with batches of n items: x (n, 2) and y (n)\n"
        "  see %batching?"
    )


def test_batches_that_do_not_fit_into_memory(quick) -> None:
    quick.value("wide = tl.zeros(1, 1).expand(1, 1 << 34)")
    assert quick.error("%batching f -i wide --sizes 4096,65536") == (
        "MagicError: %batching: --sizes: the batches hold 69,632 items, 4.46e+06 GiB, for which there is no memory\n"
        "  see %batching?"
    )


def test_help(quick, capsys: pytest.CaptureFixture[str]) -> None:
    assert quick.value("%batching --help") is None
    assert "%batching [-h] [-o NAME] [--server] [--callers N] [--sizes 1,2,4] -i x,y\n" in capsys.readouterr().out


def test_completion(quick) -> None:
    assert quick.completions("%batching f -i ") == ["x", "w"]
    assert quick.completions("%batching f --s") == ["--server", "--sizes"]
    assert quick.completions("%batching f --c") == ["--callers"]
