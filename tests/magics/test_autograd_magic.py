"""``%autograd`` in a real shell."""

from __future__ import annotations

import pytest

from tensorlab.view.autograd import GraphReportView

TALK = """\
x = tl.ones(3, requires_grad=True)
y = x.tanh()
first = y._version
y.add_(1)
second = y._version
z = y.sum()
"""


@pytest.fixture
def talk(lab):
    lab.run(TALK)
    return lab


def test_the_talks_example_is_shown_before_backward_fails(talk) -> None:
    assert (talk.names["first"], talk.names["second"]) == (0, 1)
    view = talk.value("%autograd y")
    assert isinstance(view, GraphReportView)
    text = view.text()
    assert text.startswith(
        "y.backward() would fail: TanhBackward0 needs its result as it was saved, and it was written over\nsince.\n"
    )
    assert "TanhBackward0 saved its result, storage B at version 0, in this line:\n    cell:2   y = x.tanh()\n" in text
    assert "It is at version 1 now: written to by this line:\n    cell:4   y.add_(1)\n" in text
    assert "A: result" not in text
    assert "y = x.tanh()" in view.html()
    assert view.to_dict()["moved"] == [2]
    error = talk.error("y.sum().backward()")
    assert "is at version 1; expected version 0 instead." in error


def test_the_graph_is_drawn(talk) -> None:
    view = talk.value("%autograd y")
    alt = (
        "the graph behind y, from the result down to the leaves: 1 AddBackward0, goes to 2 TanhBackward0; "
        "2 TanhBackward0, where backward would stop, goes to x; x"
    )
    assert f'<img alt="{alt}"' in view.html()
    assert (
        "\ny\n1 AddBackward0\nself: 2 TanhBackward0 (written over since: backward would stop here); self: leaf x\n"
        in (view.text())
    )


def test_letters_are_those_of_storage(talk) -> None:
    letters = {name.name: s.letter for s in talk.value("%storage").report.storages for name in s.names}
    report = talk.value("%autograd z").report
    assert [(s.letter, s.kept_by) for s in report.storages] == [(letters["y"], ("y",))]
    assert [leaf.names for leaf in report.leaves] == [("x",)]


def test_parameters_go_by_the_names_that_reach_them(lab) -> None:
    lab.run("net = tl.nn.Sequential(tl.nn.Linear(3, 2), tl.nn.ReLU())\nlosses = [net(tl.ones(4, 3)).sum()]")
    report = lab.value("%autograd losses[0]").report
    assert {leaf.names for leaf in report.leaves} == {("net.0.weight",), ("net.0.bias",)}
    assert report.rows[0].names == ("losses[0]",)


def test_what_is_there_no_graph_behind(lab) -> None:
    lab.run("x = tl.ones(2)\nw = tl.ones(2, requires_grad=True)")
    assert repr(lab.value("%autograd x")) == "x requires no gradient: no graph stands behind it."
    assert (
        repr(lab.value("%autograd w")) == "w is a leaf: backward passes add to w.grad, and no graph stands behind it."
    )


def test_after_backward(lab) -> None:
    lab.run("x = tl.ones(3, requires_grad=True)\nz = x.exp().sum()\nz.backward()")
    assert repr(lab.value("%autograd z")).startswith(
        "2 nodes behind z; a backward pass has let go what they saved, so there can be no second."
    )
    assert lab.value("%autograd z").report.leaves[0].grad_nbytes == 12


def test_addresses_only_when_asked_for(talk) -> None:
    address = f"{talk.names['y'].data_ptr():#x}"
    assert address not in talk.value("%autograd y").html()
    assert "address" not in talk.value("%autograd y").to_dict()["storages"][0]
    view = talk.value("%autograd y --addresses")
    assert address in view.html()
    assert address in view.text()
    assert view.to_dict()["storages"][0]["address"] == talk.names["y"].data_ptr()


def test_the_same_again(talk) -> None:
    assert talk.value("%autograd z").to_json() == talk.value("%autograd z").to_json()


def test_bound_to_a_name(talk) -> None:
    talk.run("%autograd z -o seen")
    assert talk.names["seen"].report.name == "z"


def test_errors(talk) -> None:
    talk.names["k"] = 3
    assert talk.error("%autograd zz") == (
        "MagicError: %autograd: nothing is named 'zz'; tensors here: x, y, z\n  nearest: z\n  see %autograd?"
    )
    assert talk.error("%autograd k") == (
        "MagicError: %autograd: k is an int, not a tensor; tensors here: x, y, z\n  see %autograd?"
    )
    assert talk.error("%autograd").splitlines()[0] == "MagicError: %autograd: an expression is missing"
    assert talk.error("%autograd z --adresses").splitlines()[:2] == [
        "MagicError: %autograd: no option --adresses",
        "  nearest: --addresses",
    ]


def test_help(talk, capsys: pytest.CaptureFixture[str]) -> None:
    assert talk.value("%autograd --help") is None
    assert capsys.readouterr().out.startswith("%autograd [-h] [--addresses] [-o NAME] [tensor]")


def test_completion(talk) -> None:
    assert talk.completions("%autograd ") == ["x", "y", "z"]
    assert set(talk.completions("%autograd --")) == {"--help", "--addresses", "--output"}


def test_any_expression_that_gives_a_tensor(talk) -> None:
    view = talk.value("%autograd (x * 3).sum() --addresses")
    assert "SumBackward0" in view.text()
    assert "behind (x * 3).sum()" in view.text()
    assert (
        talk.error("%autograd x.shape")
        .splitlines()[0]
        .startswith("MagicError: %autograd: x.shape is a Size, not a tensor; tensors here: ")
    )
    assert "MagicError" in talk.error("%autograd (x *")
    assert "MagicError" in talk.error("%autograd x + zz")
