"""Watching a run: what is listed, what is passed over, and whose time is whose."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.core.call_tree import Call, Watch, is_library, preorder


def watch(text: str, names: dict[str, Any], *, keep: bool = True) -> tuple[object, Call]:
    watching = Watch(
        lambda frame: {"name": frame.f_code.co_name}, lambda function: function.__self__ is None, keep=keep
    )
    return watching.run(compile(text, "<test>", "eval"), names, names), watching.root


def named(root: Call, kind: str) -> list[str]:
    return [call.name for call in preorder(root) if call.kind == kind]


def test_a_call_is_seen_down_to_the_loop() -> None:
    names = {"a": tl.ones(2, 3), "b": tl.ones(2, 3)}
    value, root = watch("a + b", names)
    assert value.tolist() == [[2.0] * 3] * 2  # type: ignore[attr-defined]
    assert named(root, "loop")[0].startswith("add_")
    entry = next(call for call in preorder(root) if call.kind == "ours")
    assert entry.file == "ops/quick.py"
    assert entry.facts == {"name": "operator"}
    assert entry.result is value
    assert entry.at is not None
    assert entry.at[0].co_filename == "<test>"


def test_results_are_kept_where_that_is_asked_for() -> None:
    value, root = watch("a.t()", {"a": tl.ones(2, 3)}, keep=False)
    assert value is None
    assert all(call.result is None for call in preorder(root))


def test_the_users_functions_are_told_from_the_package() -> None:
    def twice(x: Any) -> Any:
        return x * 2

    _, root = watch("twice(a)", {"twice": twice, "a": tl.ones(3)})
    (cell,) = root.calls
    (own,) = cell.calls
    assert (own.kind, own.name.rpartition(".")[2]) == ("user", "twice")
    assert own.calls[0].kind == "ours"


def test_libraries_are_not_looked_into() -> None:
    _, root = watch("tl.linalg.svd(a)", {"tl": tl, "a": tl.ones(2, 2)})
    svd = next(call for call in preorder(root) if call.name.endswith(".svd") and call.kind == "library")
    assert svd.name.startswith("numpy.linalg")
    assert svd.calls == []
    assert is_library(sys.modules["json"].loads.__code__)
    assert not is_library(test_libraries_are_not_looked_into.__code__)


def test_all_the_time_is_somebodys() -> None:
    _, root = watch("a + a", {"a": tl.ones(4)})
    assert all(call.self_ns >= 0 for call in preorder(root))
    assert sum(call.self_ns for call in preorder(root)) > 0


def test_an_error_leaves_nobody_watching() -> None:
    def other(frame: FrameType, event: str, arg: Any) -> None:
        pass

    sys.setprofile(other)
    try:
        with pytest.raises(ZeroDivisionError):
            watch("1 / 0", {})
        assert sys.getprofile() is other
    finally:
        sys.setprofile(None)


def test_code_that_compiles_is_closed() -> None:
    shape = (3, 5, 2)
    _, root = watch("a - b", {"a": tl.ones(*shape), "b": tl.ones(*shape)})
    for call in preorder(root):
        if call.name in ("compile_loop", "pointwise_loop"):
            assert call.calls == []
