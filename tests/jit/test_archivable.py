"""What cannot be archived is refused by the name of its node, with the user's line, and leaves no file."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import ArchiveError


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Counter:
    def __init__(self, n: int) -> None:
        self.n = n


@tl.jit.ignore
def outside(x: tl.Tensor) -> tl.Tensor:
    return x


def an_enumeration(n: int):
    c = Color.RED if n > 1 else Color.BLUE
    return c.value


def a_member(n: int):
    return n, Color.RED


def an_object(n: int):
    c = Counter(n)
    return c.n


def an_argument(c: Color):
    return c.value


def a_function(x: tl.Tensor):
    return outside(x)


HINT = "hint: give what it computes to the function as an argument"
CASES: dict[Callable[..., Any], tuple[str, str]] = {
    an_enumeration: (
        "an_enumeration: prim::Constant cannot be saved: an archive does not hold the enumeration Color",
        "    c = Color.RED if n > 1 else Color.BLUE",
    ),
    a_member: (
        "a_member: prim::Constant cannot be saved: an archive does not hold the enumeration Color",
        "    return n, Color.RED",
    ),
    an_object: (
        "an_object: prim::CreateObject cannot be saved: an archive does not hold the class Counter",
        "    c = Counter(n)",
    ),
    a_function: (
        "a_function: prim::PythonOp cannot be saved: an archive does not hold Python's function outside",
        "    return outside(x)",
    ),
}


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_a_node_that_no_archive_holds_is_named(function: Callable[..., Any], tmp_path: Path) -> None:
    first, line = CASES[function]
    with pytest.raises(ArchiveError) as found:
        tl.jit.script(function).save(tmp_path / "f.tl")
    told = str(found.value).splitlines()
    assert told[:2] == [first, HINT]
    assert told[2].startswith(f"  {__file__}, line ") and told[3].strip() == line.strip() and "^" in told[4]
    assert not list(tmp_path.iterdir())


def test_an_argument_that_no_archive_holds_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as found:
        tl.jit.script(an_argument).save(tmp_path / "f.tl")
    assert str(found.value) == (
        f"an_argument: the argument c cannot be saved: an archive does not hold the enumeration Color; {HINT}"
    )
