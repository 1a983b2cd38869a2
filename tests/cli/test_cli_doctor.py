"""``tensorlab doctor``: its statuses and its two forms."""

from __future__ import annotations

import json

import pytest

from tensorlab.cli import main
from tensorlab.doctor import inside
from tensorlab.doctor.records import Finding


def test_a_check_that_failed_gives_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(inside, "loop", lambda **_: Finding("failed", "no loop", "do this"))
    assert main(["doctor", "--json"]) == 1
    seen = json.loads(capsys.readouterr().out)
    assert (seen["healthy"], seen["failed"]) == (False, 1)
    assert seen["checks"][1] == {
        "name": "loop and cache",
        "status": "failed",
        "message": "no loop",
        "advice": "do this",
    }


def test_a_warning_gives_status_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(inside, "loop", lambda **_: Finding("warning", "not kept", "do this"))
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("tensorlab doctor · ")
    at = next(i for i, line in enumerate(lines) if line.startswith("! warning  loop and cache"))
    assert lines[at].endswith("not kept")
    assert lines[at + 1].strip() == "→ do this"


def test_help_and_wrong_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["doctor", "--jsn"])
    assert left.value.code == 2
    assert capsys.readouterr().err == "tensorlab doctor: unrecognized arguments: --jsn\n"
