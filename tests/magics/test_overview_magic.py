"""``%tensorlab`` in a real shell."""

from __future__ import annotations

import pytest

import tensorlab as tl
from tensorlab.doctor import inside
from tensorlab.doctor.records import Finding
from tensorlab.view.overview import OverviewView


def test_overview(lab) -> None:
    lab.run("%%script\ndef half(x):\n    return x * 0.5\n")
    lab.run("half(tl.ones(3))")
    view = lab.value("%tensorlab -o kept")
    assert isinstance(view, OverviewView)
    assert lab.names["kept"] is view
    assert view.text().startswith(f"tensorlab {tl.__version__} · CPython 3.")
    data = view.to_dict()
    assert data["functions"] == [
        {"name": "half", "kind": "scripted", "schema": "half(Tensor x) -> Tensor", "programs": 1, "calls": 1}
    ]
    assert data["threads"] == tl.get_num_threads()
    path = tl.jit.cache_info().path
    assert path not in view.to_json() + view.text() + view.html()
    assert path in lab.value("%tensorlab --paths").to_json()


def test_every_magic_has_a_line(lab) -> None:
    about = {entry.name: entry.about for entry in lab.value("%tensorlab").inventory.magics}
    assert about["%ast, %%ast"].startswith("Draw Python's syntax tree")
    named = {name.strip() for names in about for name in names.split(",")}
    assert {"%ir", "%%trace", "%%script", "%storage", "%%storage", "%phases", "%tensorlab"} <= named
    assert all(text.endswith(".") for text in about.values())


def test_doctor(lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "loop", lambda **_: Finding("failed", "no loop", "do this"))
    view = lab.value("%tensorlab doctor")
    of = {check.name: check.status for check in view.examination.checks}
    assert (of["tensor"], of["loop and cache"], of["untrusted notebook"]) == ("ok", "failed", "ok")
    assert "x failed   loop and cache      no loop\n" in view.text()
    assert view.to_dict()["healthy"] is False


def test_errors_help_and_completion(lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.error("%tensorlab docter").splitlines()[:2] == [
        "MagicError: %tensorlab: action takes doctor, got 'docter'",
        "  nearest: doctor",
    ]
    assert lab.error("%tensorlab --path-s").splitlines()[:2] == [
        "MagicError: %tensorlab: no option --path-s",
        "  nearest: --paths",
    ]
    assert lab.value("%tensorlab --help") is None
    assert capsys.readouterr().out.startswith("%tensorlab [-h] [--paths] [-o NAME] [{doctor}]")
    assert lab.completions("%tensorlab ") == ["doctor"]
    assert set(lab.completions("%tensorlab --")) == {"--help", "--paths", "--output"}
