"""``%ir`` in a real shell."""

from __future__ import annotations

import pytest

from tensorlab.view.graph import GraphView
from tensorlab.view.passes import PassesView
from tensorlab.view.stages import StageView


@pytest.fixture
def compiled(lab):
    """A traced function ``f``, its cell run through ``%%trace``."""
    lab.value("x = tl.ones(2, 3)\ny = tl.ones(2, 3)\ndef g(x):\n    return x")
    lab.value("%%trace --name f\n((x + y * 2) * 1).tanh();\n")
    return lab


def passes(shell) -> list[str]:
    """The passes that ``f`` went through, each once."""
    return list(dict.fromkeys(record.name for record in shell.names["f"].records))


def test_passes(compiled) -> None:
    view = compiled.value("%ir f")
    assert isinstance(view, PassesView)
    assert view.records == compiled.names["f"].records
    assert repr(view).startswith("f · traced · ")
    assert "peephole" in repr(view)


def test_the_function_compiled_last(compiled) -> None:
    assert compiled.value("%ir").name == "f"
    compiled.value("%%trace\nx * y;")
    assert compiled.value("%ir").name == "_traced"


def test_one_pass(compiled) -> None:
    view = compiled.value("%ir f --pass fuse")
    assert view.selected == "fuse"


def test_all_and_stable_and_style(compiled) -> None:
    view = compiled.value("%ir f --all --stable --style 1.0 -o kept")
    assert (view.show_all, view.times, view.style) == (True, False, "1.0")
    assert compiled.names["kept"] is view
    compiled.value("%config Tensorlab.style = '1.0'")
    assert compiled.value("%ir f").style == "1.0"
    assert compiled.value("%ir f --style 2").style == "2"
    compiled.value("%config Tensorlab.style = '2'")


def test_stages(compiled) -> None:
    graph = compiled.value("%ir f --stage graph")
    assert isinstance(graph, GraphView)
    assert "prim::FusionGroup" in repr(graph)
    for stage in ("python", "numba", "llvm", "asm"):
        view = compiled.value(f"%ir f --stage {stage} --full")
        assert isinstance(view, StageView)
        assert (view.stage, view.language) == (stage, stage)
        assert "tanh" in view.source
    assert compiled.value("%ir f --stage python --full").source == compiled.names["f"].stages("python")


def test_a_function_never_called_has_no_stages(compiled) -> None:
    compiled.value("from tensorlab.jit.function import ScriptFunction\nnew = ScriptFunction(f.graph, kind='traced')")
    assert compiled.error("%ir new --stage asm") == (
        "MagicError: %ir: new has not been called yet, and is compiled for the arguments of a call\n"
        "  call new(...) once\n"
        "  see %ir?"
    )


def test_wrong_names(compiled) -> None:
    assert compiled.error("%ir ff") == (
        "MagicError: %ir: nothing is named 'ff'; compiled functions here: f\n  nearest: f\n  see %ir?"
    )
    assert compiled.error("%ir g") == (
        "MagicError: %ir: g is a function, not a compiled function; compiled functions here: f\n"
        "  tensorlab.jit.script(g) compiles it\n"
        "  see %ir?"
    )
    assert compiled.error("%ir f --pass fues").splitlines() == [
        "MagicError: %ir: f went through no pass 'fues'; its passes: "
        f"{', '.join(passes(compiled)[:8])}, ... ({len(passes(compiled)) - 8} more)",
        "  nearest: fuse",
        "  see %ir?",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("f --stage grpah", "--stage takes graph, python, numba, typed, llvm or asm, got 'grpah'"),
        ("f --styel 2", "no option --styel"),
        ("f g", "nothing takes 'g'"),
        ("f --stage asm --all", "--stage shows no passes, so it takes no --pass, --all or --stable"),
    ],
)
def test_wrong_lines(compiled, line: str, message: str) -> None:
    assert compiled.error(f"%ir {line}").splitlines()[0] == f"MagicError: %ir: {message}"


def test_nothing_compiled_yet(lab) -> None:
    assert lab.error("%ir") == (
        "MagicError: %ir: which function? compiled functions here: none\n"
        "  trace a cell with %%trace --name f\n"
        "  see %ir?"
    )


def test_help(compiled, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiled.value("%ir --help") is None
    assert "%ir [-h] [-o NAME] [--stable] [--style {1.0,2}]" in capsys.readouterr().out


def test_completion(compiled) -> None:
    assert compiled.completions("%ir ") == ["f"]
    assert compiled.completions("%ir f --stage ll") == ["llvm"]
    assert compiled.completions("%ir f --pass ") == passes(compiled)
    assert compiled.completions("view = %ir f --pass pee") == ["peephole"]
    assert compiled.completions("%ir f --st") == ["--stable", "--style", "--stage"]
