"""An expression on a magic's line, told from the options around it."""

from __future__ import annotations

import pytest

from tensorlab.magics.errors import MagicError
from tensorlab.magics.expression import parse_expression
from tensorlab.magics.pyobject import PyObjectMagic


@pytest.mark.parametrize(
    ("line", "expression", "addresses", "output"),
    [
        ("x", "x", False, None),
        ("  x + 'a  b'  ", "x + 'a  b'", False, None),
        ("--addresses x", "x", True, None),
        ("x --addresses", "x", True, None),
        ("-o out f(x, '--addresses')", "f(x, '--addresses')", False, "out"),
        ("f(x) --output=out", "f(x)", False, "out"),
        ("-x", "-x", False, None),
        ("a - -b", "a - -b", False, None),
        ("{'k': \"it's\"}['k'] -o out", "{'k': \"it's\"}['k']", False, "out"),
        ("--addresses", "", True, None),
        ("", "", False, None),
    ],
)
def test_options_and_expression(line: str, expression: str, addresses: bool, output: str | None) -> None:
    parsed = parse_expression(PyObjectMagic.pyobject, line)
    assert parsed is not None
    args, text = parsed
    assert (text, args.addresses, args.output) == (expression, addresses, output)


@pytest.mark.parametrize("line", ["--adresses x", "x --adresses", "-o 3 x", "x -o"])
def test_options_that_are_none(line: str) -> None:
    with pytest.raises(MagicError):
        parse_expression(PyObjectMagic.pyobject, line)


def test_help_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_expression(PyObjectMagic.pyobject, "x --help") is None
    assert capsys.readouterr().out.startswith("%pyobject ")
