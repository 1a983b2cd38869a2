"""Modules of ours in processes of their own."""

from __future__ import annotations

import pytest

from tensorlab.core.own_process import run_module


def test_a_module_answers() -> None:
    done = run_module("json.tool", '{"a": 1}', seconds=60)
    assert done is not None
    assert done.stdout.split() == ["{", '"a":', "1", "}"]


def test_what_fails_or_cannot_start_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_module("json.tool", "{", seconds=60) is None
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert run_module("json.tool", "{}", seconds=60) is None
