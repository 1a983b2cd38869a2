"""``%dispatch`` in a real shell."""

from __future__ import annotations

import json

import pytest

from tensorlab.core import dispatch_times
from tensorlab.core.measure import measure
from tensorlab.view.dispatch import DispatchView


@pytest.fixture
def tensors(lab):
    lab.value(
        "import tensorlab.nn.functional as F\na = tl.ones(2, 3)\nb = tl.ones(2, 3)\ng = tl.ones(3, requires_grad=True)"
    )
    return lab


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_times, "_SECONDS", 0.02)
    monkeypatch.setattr(dispatch_times, "measure", lambda fn: measure(fn, repeat=3, min_seconds=0.001))


def test_an_operator(tensors) -> None:
    tensors.value("a + b")
    view = tensors.value("%dispatch a + b")
    assert isinstance(view, DispatchView)
    assert view.record.ways[0].ops == ("add.Tensor",)
    assert repr(view).startswith("a + b runs add.Tensor, in 1 call from Python: by a short cut.")
    assert json.loads(view.to_json())["ways"][0]["source"] == "a + b"


def test_equal_lines_give_equal_output(tensors) -> None:
    first, second = (tensors.value("%dispatch F.relu(a[:, 1:].t() @ b) * g") for _ in range(2))
    third = tensors.value("%dispatch F.relu(a[:, 1:].t() @ b) * g")
    assert first.record.expression == second.record.expression
    assert (second.text(), second.html()) == (third.text(), third.html())


@pytest.mark.parametrize(
    ("text", "ops"),
    [
        ("a.sum(0)", ["sum.dim_IntList"]),
        ("F.relu(a)", ["relu"]),
        ("-a", ["neg"]),
        ("a[0] * 2", [None, "mul.Scalar"]),
        ("g.exp()", ["exp"]),
        ("tl.cat([a, b])", ["cat"]),
    ],
)
def test_expressions(tensors, text: str, ops: list[str | None]) -> None:
    view = tensors.value(f"%dispatch {text}")
    assert len(view.record.ways) == len(ops)
    for way, op in zip(view.record.ways, ops, strict=True):
        assert op is None or op in way.ops


def test_functions_of_the_notebook(tensors) -> None:
    tensors.run("def twice(x):\n    return x * 2")
    (way,) = tensors.value("%dispatch twice(a)").record.ways
    assert way.source == "x * 2 (line 2 of twice)"


def test_times(tensors, quick: None) -> None:
    tensors.value("a + b")
    view = tensors.value("%dispatch --times a + b")
    assert view.times is not None
    assert "A plain run takes" in view.text()
    assert len(view.times.legs[0]) == len(view.record.ways[0].legs)
    assert view.first is None


def test_times_of_a_call_that_was_never_made(tensors, quick: None) -> None:
    view = tensors.value("%dispatch tl.ones(5, 4, 3) + tl.ones(5, 4, 3) --times -o seen")
    assert tensors.names["seen"] is view
    assert view.first is not None
    assert view.first.ways[-1].short_cut is False
    assert view.record.ways[-1].short_cut is True


def test_errors(tensors) -> None:
    assert tensors.error("%dispatch") == (
        "MagicError: %dispatch: an expression is missing\n  %dispatch a + b\n  see %dispatch?"
    )
    assert tensors.error("%dispatch 1 + 1") == (
        "MagicError: %dispatch: 1 + 1 runs no operation of tensorlab, so there is no way to show\n"
        "  %dispatch a + b, with a tensor among them\n"
        "  see %dispatch?"
    )
    assert tensors.error("%dispatch a + undefined") == (
        "MagicError: %dispatch: nothing is named 'undefined'\n  see %dispatch?"
    )
    assert tensors.error("%dispatch a.view(7)") == (
        "MagicError: %dispatch: a.view(7) raised ShapeError: view: shape (7,) is invalid for input of size 6\n"
        "  see %dispatch?"
    )
    assert tensors.error("%dispatch --tims a + b") == (
        "MagicError: %dispatch: no option --tims\n  nearest: --times\n  see %dispatch?"
    )
    assert tensors.error("%dispatch a = 3") == (
        "MagicError: %dispatch: 'a = 3' is not an expression: invalid syntax\n  see %dispatch?"
    )


def test_help(tensors, capsys: pytest.CaptureFixture[str]) -> None:
    assert tensors.value("%dispatch --help") is None
    assert capsys.readouterr().out.startswith("%dispatch [-h] [-o NAME] [--times] [expression]")


def test_completion(tensors) -> None:
    assert set(tensors.completions("%dispatch --")) == {"--help", "--output", "--times"}
