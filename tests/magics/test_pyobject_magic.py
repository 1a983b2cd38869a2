"""``%pyobject`` in a real shell."""

from __future__ import annotations

import json

import pytest

from tensorlab.view.pyobject import PyObjectView, SmallIntsView


def test_a_name(lab) -> None:
    lab.value("x = 1.5 * 3")
    view = lab.value("%pyobject x")
    assert isinstance(view, PyObjectView)
    assert view.record.referrers.names == ("x",)
    assert view.record.count.outside == 1
    assert repr(view).startswith("x is a float of 24 B: a PyObject head of 16 B, then the double 4.5.")
    assert json.loads(view.to_json())["structs"][0]["fields"][2]["value"] == "4.5"


def test_the_same_object_gives_the_same_text(lab) -> None:
    lab.value("x = [1.5 * 3, 'text']")
    first, second = lab.value("%pyobject x"), lab.value("%pyobject x")
    assert first.text() == second.text()
    assert first.html() == second.html()


def test_containers_are_named(lab) -> None:
    lab.value("x = 1.5 * 3\nitems = [1, x]\ntable = {'k': x}")
    view = lab.value("%pyobject x")
    assert "= 1 name (x) + 1 from table['k'], in a dict + 1 from items[1], in a list of 2 items" in " ".join(
        view.text().split()
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x + 1.25", "float"),
        ('"two words"', "str"),
        ("(1, 'a b')", "tuple"),
        ("-x", "float"),
        ("{'a': [1, 2]}['a']", "list"),
        ("x > 1 and x", "float"),
        ("np.ones((2, 3))[0]", "ndarray"),
        ("tl.ones(2)", "Tensor"),
        ("f'{x}!'", "str"),
        ("None", "NoneType"),
    ],
)
def test_any_expression(lab, text: str, kind: str) -> None:
    lab.value("x = 1.5 * 3")
    view = lab.value(f"%pyobject {text}")
    assert view.record.kind == kind
    assert view.record.label == text
    assert view.record.problem == ""


def test_what_an_expression_makes_is_temporary(lab) -> None:
    lab.value("x = 1.5 * 3")
    assert lab.value("%pyobject x + 1.25").record.is_temporary
    assert lab.value("%pyobject 7.125").record.is_temporary
    assert not lab.value("%pyobject x").record.is_temporary


def test_options_stand_on_either_side(lab) -> None:
    lab.value("x = 1.5 * 3")
    for line in ("x --addresses -o seen", "--addresses -o seen x", "-o seen x --addresses"):
        lab.names.pop("seen", None)
        view = lab.value(f"%pyobject {line}")
        assert view.record.label == "x"
        assert view.addresses
        assert lab.names["seen"] is view


def test_small_ints(lab) -> None:
    view = lab.value("%pyobject --small-ints")
    assert isinstance(view, SmallIntsView)
    assert "%pyobject --small-ints shows them." in lab.value("%pyobject 200").text()
    assert "--small-ints" not in lab.value("%pyobject 300").text()


def test_errors(lab) -> None:
    lab.value("number = 1.5 * 3")
    assert lab.error("%pyobject") == "MagicError: %pyobject: an expression is missing\n  %pyobject x\n  see %pyobject?"
    assert lab.error("%pyobject numbr") == (
        "MagicError: %pyobject: nothing is named 'numbr'\n  nearest: number\n  see %pyobject?"
    )
    assert lab.error("%pyobject number number") == (
        "MagicError: %pyobject: 'number number' is not an expression: invalid syntax\n  see %pyobject?"
    )
    assert lab.error("%pyobject number / 0") == (
        "MagicError: %pyobject: number / 0 raised ZeroDivisionError: float division by zero\n  see %pyobject?"
    )
    assert lab.error("%pyobject number --adresses") == (
        "MagicError: %pyobject: no option --adresses\n  nearest: --addresses\n  see %pyobject?"
    )
    assert lab.error("%pyobject --small-ints number") == (
        "MagicError: %pyobject: --small-ints looks at no object, got 'number'\n  see %pyobject?"
    )


def test_help(lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.value("%pyobject --help") is None
    assert capsys.readouterr().out.startswith("%pyobject [-h] [-o NAME] [--addresses] [--small-ints]")


def test_completion(lab) -> None:
    assert set(lab.completions("%pyobject --")) == {"--help", "--output", "--addresses", "--small-ints"}
    lab.value("first = 1.5\nfourth = 2")
    assert lab.completions("%pyobject f") == ["first", "fourth"]
    assert lab.completions("%pyobject --addresses fo") == ["fourth"]
