"""``%batching`` in a real shell; times are never compared with anything."""

from __future__ import annotations

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


def test_through_a_server(quick) -> None:
    view = quick.value("%batching f -i x --sizes 2,4 --server -o curve")
    assert [point.batch for point in view.points] == [2, 4]
    assert view.where == "through a server"
    assert quick.names["curve"] is view


def test_a_result_without_rows_cannot_be_served(quick) -> None:
    assert quick.error("%batching total -i x --server") == (
        "MagicError: %batching: result 0 has shape () for 2 items; a server takes results with one row an item\n"
        "  see %batching?"
    )


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


def test_a_function_that_fails_says_why(quick) -> None:
    quick.value("def broken(x):\n    return x + tl.ones(7)")
    assert "ShapeError" in quick.error("%batching broken -i x")
    assert quick.value("k") == 1


def test_help(quick, capsys: pytest.CaptureFixture[str]) -> None:
    assert quick.value("%batching --help") is None
    assert "%batching [-h] [-o NAME] [--server] [--sizes 1,2,4] -i x,y function\n" in capsys.readouterr().out


def test_completion(quick) -> None:
    assert quick.completions("%batching f -i ") == ["x", "w"]
    assert quick.completions("%batching f --s") == ["--server", "--sizes"]
