"""Object files compared by what they put into memory."""

from __future__ import annotations

import re

import pytest

from tensorlab.core import native
from tensorlab.core.object_code import code_difference

TEXT = """
@held = private constant [2 x i64] [i64 3, i64 5]
declare void @outside(i64)
define i32 @f(ptr %result, ptr %error, i64 %n) {
  %1 = mul i64 %n, 3
  %2 = getelementptr i64, ptr @held, i64 %1
  %3 = load i64, ptr %2
  call void @outside(i64 %3)
  ret i32 0
}
"""


def code(text: str = TEXT) -> bytes:
    return native.emit_object(text, re.search(r"define i32 @(\w+)", text)[1], "entry", ["int64"])


def test_names_of_local_symbols_do_not_count() -> None:
    assert code_difference(code(), code(TEXT.replace("@f(", "@another(").replace("@held", "@kept"))) == ""


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("mul i64 %n, 3", "mul i64 %n, 7", "the bytes of .text"),
        ("i64 3, i64 5", "i64 3, i64 6", "the bytes of .rodata"),
        ("@outside", "@elsewhere", "the bytes of .text"),
    ],
    ids=["instruction", "constant", "called"],
)
def test_what_differs_is_named(old: str, new: str, difference: str) -> None:
    assert code_difference(code(), code(TEXT.replace(old, new))).startswith(difference)


def test_what_is_no_object_file() -> None:
    assert code_difference(code(), b"") == "no object file in the form of this system"
