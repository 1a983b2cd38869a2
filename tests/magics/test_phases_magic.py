"""``%phases`` in a real shell."""

from __future__ import annotations

import pytest

from tensorlab.view.phases import PhasesView

CELL = "%%script\ndef half(x):\n    y = x * 0.5\n    return y.tanh()\n"


@pytest.fixture
def half(lab):
    lab.run(CELL)
    lab.run("half(tl.ones(8))")
    return lab


def test_phases(half) -> None:
    view = half.value("%phases half -o kept")
    assert isinstance(view, PhasesView)
    assert half.names["kept"] is view
    assert view.text().startswith("half · scripted · cell 1 · for float32[8]\n\nphase")
    assert "native code      execution" in view.text()
    assert "took" not in view.text()
    assert half.value("%phases").record.name == "half"
    assert half.value("%phases half").to_json() == view.to_json()


def test_one_line_in_all(half) -> None:
    view = half.value("%phases half --line 3 --times")
    assert "■ 3      y = x * 0.5" in view.text()
    assert "line 3 marked ■" in view.text()
    assert " took\n" in view.text()
    assert {phase.name for phase in view.record.phases if phase.marked} >= {"source", "tokens", "graph", "native code"}


def test_a_traced_cell(lab) -> None:
    lab.run("x = tl.ones(8)")
    lab.run("%%trace --name t\ny = x * 0.5\ny.tanh()\n")
    view = lab.value("%phases t --line 2")
    assert [line.text for line in view.record.phases[0].lines] == ["y = x * 0.5"]
    assert view.record.phases[3].note == "recorded while the function ran, with the types that came"


def test_source_of_what_gives_what_it_takes(lab) -> None:
    """No node of these graphs has a place."""
    lab.run("x = tl.ones(8)\ndef same(x): return x\ns, t = tl.jit.script(same), tl.jit.trace(same, (x,))")
    lab.run("%%trace --name traced\nx\n")
    lab.run("%%script --name cell\n\ny = x\ny\n")
    whole = {
        name: [line.text for line in lab.value(f"%phases {name}").record.phases[0].lines]
        for name in ("s", "t", "traced", "cell")
    }
    assert whole == {
        "s": ["def same(x): return x"],
        "t": ["def same(x): return x"],
        "traced": ["x"],
        "cell": ["y = x", "y"],
    }
    assert lab.value("%ast s").tree.nodes[0].kind == "FunctionDef"


def test_errors(lab) -> None:
    assert lab.error("%phases") == (
        "MagicError: %phases: which function? compiled functions here: none\n"
        "  script a cell with %%script\n  see %phases?"
    )
    lab.run(CELL)
    assert lab.error("%phases half --line 9").splitlines()[0] == (
        "MagicError: %phases: --line: got line 9; half stands in lines 2 to 4"
    )
    assert lab.error("%phases halve").splitlines()[1] == "  nearest: half"
    assert lab.error("%phases half --tims").splitlines()[:2] == [
        "MagicError: %phases: no option --tims",
        "  nearest: --times",
    ]
    assert lab.error("%phases half --line 0").splitlines()[0] == (
        "MagicError: %phases: --line: takes a positive whole number, got '0'"
    )


def test_help_and_completion(half, capsys: pytest.CaptureFixture[str]) -> None:
    assert half.value("%phases --help") is None
    assert capsys.readouterr().out.startswith("%phases [-h] [--line N] [--times] [-o NAME] [function]")
    assert half.completions("%phases ") == ["half"]
    assert set(half.completions("%phases half --")) == {"--help", "--line", "--times", "--output"}
