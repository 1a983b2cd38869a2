"""Lines that a view has to show: in order, with lines that must not stand between them; failures name the nearest."""

from __future__ import annotations

import pytest

from tensorlab.magics.errors import MagicError
from tensorlab.magics.expectations import check_expectations, read_expectations

SHOWN = """\
tone · 3 operations

  = %x   : Float(2)
  + %2 : Float(2) = aten::exp(%x)
  + %3 : Float(2) = aten::tanh(%2)
  - %4 : Float(2) = aten::exp(%3)
"""


@pytest.mark.parametrize(
    "text",
    [
        "aten::exp",
        "tone\n%x : Float(2)\naten::tanh",
        "aten::exp;;aten::tanh;;aten::exp",
        r"CHECK: aten::tanh\nCHECK-NOT: aten::mul\nCHECK: aten::exp(%3)",
        "aten::tanh(%2);;NOT: aten::tanh",
        "NOT: aten::tanh;;%2 : Float(2) = aten::exp",
    ],
)
def test_what_is_there(text: str) -> None:
    check_expectations("%ir", text, SHOWN)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "aten::tan(%2)",
            "no line shows 'aten::tan(%2)'",
            "nearest:\n"
            "    line 4: + %2 : Float(2) = aten::exp(%x)\n"
            "    line 5: + %3 : Float(2) = aten::tanh(%2)\n"
            "    line 6: - %4 : Float(2) = aten::exp(%3)",
        ),
        (
            "aten::tanh\ntone",
            "'tone' is not below line 5, where the one before it was found",
            "it is in line 1: tone · 3 operations",
        ),
        (
            "tone;;NOT: aten::tanh",
            "'aten::tanh' must not be there, and is in line 5: + %3 : Float(2) = aten::tanh(%2)",
            "",
        ),
        (" \n", "got no line to look for", '%ir f --expect "aten::tanh"'),
    ],
    ids=["missing", "order", "forbidden", "empty"],
)
def test_what_is_not(text: str, message: str, hint: str) -> None:
    with pytest.raises(MagicError) as error:
        check_expectations("%ir", text, SHOWN)
    assert (str(error.value), error.value.hint) == (f"%ir: --expect: {message}", hint)


def test_reading() -> None:
    found = [(e.text, e.absent) for e in read_expectations("a   b\n\nCHECK-NOT: c;;NOT:d")]
    assert found == [("a b", False), ("c", True), ("d", True)]


def test_in_a_shell(lab) -> None:
    lab.value("x = tl.ones(2, 3)")
    lab.value("%%trace --name f\n(x * 1).tanh().exp();\n")
    view = lab.value('%ir f --pass fuse --expect "fuse;;aten::tanh;;NOT: aten::mul" -o kept')
    assert lab.names["kept"] is view
    lines = lab.error('%ir f --stage graph --expect "aten::mul"').splitlines()
    assert lines[:2] == ["MagicError: %ir: --expect: no line shows 'aten::mul'", "  nearest:"]
    assert any("aten::tanh" in line for line in lines)
    lab.value('%ir f --check --expect "equal after every pass"')
