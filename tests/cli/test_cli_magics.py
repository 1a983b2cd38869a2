"""The commands of the magics: what they show, where it goes, how they end."""

from __future__ import annotations

import gc
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tensorlab as tl
from tensorlab.cli import main
from tensorlab.lab import session
from tensorlab.magics.plain import PlainSession

MODEL = """\
import sys
import tensorlab as tl

x, gain = tl.ones(4, 8), tl.full((8,), 2.0)


def tone(x: tl.Tensor, gain: tl.Tensor) -> tl.Tensor:
    y = x.transpose(0, 1).transpose(0, 1) * 1
    return tl.sigmoid(y * gain)


f = tl.jit.script(tone)
f(x, gain)
print("heard", sys.argv, __name__)
if __name__ == "__main__":
    raise SystemExit("a guarded line ran")
"""

PASSES = "shapes, tuples, lists, dce, cse, constant, functional, peephole, ... (3 more)"

DIFF = "views of the allocator here: none; before = tl.lab.allocator() makes one"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)
    return "model.py"


class Command:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.error = ""

    def out(self, *words: str, status: int = 0) -> str:
        assert main(list(words)) == status
        streams = self.capsys.readouterr()
        self.error = streams.err
        return streams.out

    def refused(self, *words: str, status: int = 2) -> str:
        """What a command that goes wrong says, and nothing else."""
        assert self.out(*words, status=status) == ""
        return self.error.removeprefix("heard ['model.py'] model\n").rstrip("\n")

    def raised(self, *words: str) -> str:
        """The traceback of a command whose program fails, without carets: which there are differs with Python."""
        lines = self.refused(*words, status=1).splitlines(keepends=True)
        return "".join(line for line in lines if line.strip(" ^~\n"))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


CALLS = {
    "lab.ir(f, value='%y')": ["ir", "model.py", "f", "--value", "%y"],
    "lab.ir(why_not=('fuse', '%y'))": ["ir", "model.py", "--why-not", "fuse", "%y"],
    "lab.step('f(x, gain)', at=3)": ["step", "model.py", "f(x, gain)", "--at", "3"],
    "lab.phases(f, line=8)": ["phases", "model.py", "f", "--line=8"],
    "lab.storage(x)": ["storage", "model.py", "x"],
    "lab.ast('f(x)  # as it stands')": ["ast", "f(x)  # as it stands"],
}


def test_a_function_and_a_command_give_the_same_records(
    model: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_alone", PlainSession({}))  # in which other tests compiled nothing
    names: dict[str, object] = {"__name__": "model"}
    exec(compile(MODEL, str(Path(model).resolve()), "exec"), names)
    command.capsys.readouterr()  # what it printed
    for call, words in CALLS.items():
        view = eval(f"tl.{call}", names)
        assert _plain(command.out(*words, "--json")) == _plain(view.to_json()), call


def _plain(text: str) -> object:
    """Records as data, without the serial numbers of values, which count on through a process."""
    return json.loads(re.sub(r'"value": \d+', '"value": 0', text))


def test_a_walk(model: str, command: Command) -> None:
    assert command.out("step", model, "f(x, gain)", "--at", "5").startswith("f stands after step 5: ")
    assert command.out("step", model, "f(x, gain)", "--until", "line 9").startswith("f stands after step ")
    assert command.refused("step", model, "--back") == (
        "tensorlab step: no walk has begun; compiled functions here: f; tensorlab step f(x) begins one"
    )


def test_the_program_is_named_as_when_imported_and_prints_on_standard_error(model: str, command: Command) -> None:
    before = sys.argv, list(sys.path), "model" in sys.modules
    command.out("storage", model)
    assert command.error == "heard ['model.py'] model\n"
    assert (sys.argv, sys.path, "model" in sys.modules) == before


def test_a_program_sees_its_folder_and_its_own_module(tmp_path: Path, command: Command) -> None:
    (tmp_path / "part.py").write_text("import tensorlab as tl\nt = tl.ones(2)\n")
    (tmp_path / "whole.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom part import t\n\n\n"
        "@dataclass\nclass Pair:\n    a: int\n"
    )
    assert "t has its own 8 B" in command.out("storage", str(tmp_path / "whole.py"), "t")
    del sys.modules["part"]


def test_code_of_the_command_line_and_of_standard_input(
    model: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "x = tl.ones(3, requires_grad=True); y = (x * 2).sum()"
    assert command.out("autograd", "-c", code, "y").startswith("2 nodes behind y keep 0 B for backward.")
    assert command.out("autograd", "-c", code, "y * 3").startswith("3 nodes behind y * 3 keep 0 B for backward.")
    assert command.out("storage", model, "-c", "z = x.t()", "z").startswith("z shares 128 B (storage A) with x")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(MODEL.encode())))
    assert command.out("ir", "-", "f", "--value", "y").startswith("f · %y · merged into %x by peephole")


def test_a_cell_is_the_last_text(model: str, command: Command) -> None:
    text = command.out("trace", model, "-c", "z = tone(x, gain)\n\nz = z * 2", "--name", "g")
    assert text.startswith("g · traced · ")
    assert "   3  z = z * 2" in text
    functions = Path("functions.py")
    functions.write_text("def twice(x, n: int):\n    return x * n\n\n\ndef same(x):\n    return x\n")
    text = command.out("script", "functions.py")
    assert "   2      return x * n       %2 : Tensor = aten::mul(%x, %n)" in text
    assert [v["name"] for v in json.loads(command.out("script", "functions.py", "--json"))["views"]] == [
        "twice",
        "same",
    ]
    assert command.out("storage", model, "--watch", "-c", "x += 1").startswith("The cell changed the values of x and")
    gc.collect()  # what others have left would be freed while the cell runs
    assert "1 allocation, 0 frees" in command.out("allocator", "-c", "kept = tl.ones(4)")
    assert "1 allocation, 0 frees" not in command.out("allocator", "-c", "kept = tl.ones(4)", "--record")
    assert command.out("ast", "functions.py").startswith("functions.py · 15 syntax nodes · 29 tokens")
    assert command.out("ast", "functions.py", "same").startswith("same · ")


def test_a_graph_is_edited_in_a_file(model: str, command: Command) -> None:
    command.out("ir", model, "f", "--edit", "-o", "graph.txt")
    text = Path("graph.txt").read_text()
    assert text.startswith("%%ir --edit-of f\ngraph(%x : Float(4, 8),")
    Path("graph.txt").write_text(text.replace("aten::sigmoid", "aten::tanh"))
    shown = command.out("ir", model, "--cell", "graph.txt")
    assert shown.startswith("f edited · results different")
    assert command.out("ir", model, "--edit-of", "f", "--cell", "graph.txt") == shown


def test_where_a_view_goes(model: str, command: Command) -> None:
    words = ("ast", "f(x)")
    page = command.out(*words, "--html")
    assert page.startswith("<!doctype html>\n")
    assert "<title>tensorlab ast &#x27;f(x)&#x27; --html</title>" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"""<script|(?:src|href)=["'](?!data:)""", page)
    for name, start in (("a.html", "<!doctype html>"), ("a.json", "{\n"), ("a.txt", "f(x) · ")):
        assert command.out(*words, "-o", name) == ""
        assert Path(name).read_text().startswith(start)
    command.out(*words, "-o", "a.html", "--json")
    assert json.loads(Path("a.html").read_text()) == json.loads(command.out(*words, "--json"))


def test_checks_that_fail_give_status_1(model: str, command: Command) -> None:
    assert command.out("ir", model, "f", "--check", "--expect", "equal after every pass")
    message = command.refused("ir", model, "f", "--stage", "python", "--expect", "tanh", status=1)
    assert message.startswith("tensorlab ir: --expect: no line shows 'tanh'\nnearest:\n    line ")
    Path("wrong.py").write_text(
        "from dataclasses import replace\nimport tensorlab as tl\nfrom tensorlab.jit.pipeline import NAMES, Pipeline\n"
        "from tensorlab.jit.function import ScriptFunction\n\n\n"
        "def turn(rewriter, **options):\n"
        "    for node in [n for n in rewriter.graph.nodes() if n.kind == 'aten::sub']:\n"
        "        x, y, alpha = node.inputs\n"
        "        new = rewriter.builder_before(node).op('aten::sub', [y, x, alpha])\n"
        "        rewriter.replace([node], {node.output: new}, rule='turned', reason='it is shorter')\n\n\n"
        "def gap(x, y):\n    return x - y\n\n\n"
        "x = tl.ones(2)\n"
        "pipeline = Pipeline((NAMES['shapes'], replace(NAMES['cse'], name='wrong', run=turn)))\n"
        "f = ScriptFunction(tl.jit.script(gap).graph, kind='scripted', pipeline=pipeline)\nf(x, x * 2)\n"
    )
    assert "wrong changed what it does" in command.out("ir", "wrong.py", "f", "--check", status=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("irr", "tensorlab irr: no such command; nearest: ir"),
        ("model.py f", "tensorlab model.py: no such command; a command comes first: tensorlab storage model.py"),
        ("--pahts", "tensorlab: no option --pahts; nearest: --paths"),
        ("ir none.py f", "tensorlab ir: FILE.py none.py: no such file or directory"),
        ("ir model.py f --style 3", "tensorlab ir: --style takes 1.0 or 2, got '3'"),
        ("ir model.py f --vlaue %7", "tensorlab ir: no option --vlaue; nearest: --value"),
        ("ir --stable model.py f", "tensorlab ir: nothing takes 'f'; FILE.py stands first: tensorlab ir model.py"),
        ("ir a.ipynb f", "tensorlab ir: nothing takes 'f'; jupyter nbconvert --to script a.ipynb makes a FILE.py"),
        ("ir model.py g", "tensorlab ir: nothing is named 'g'; compiled functions here: f"),
        ("ir model.py f --pass cs", "tensorlab ir: f went through no pass 'cs'; its passes: {passes}; nearest: cse"),
        ("ir model.py f --stage asm --edit-of f -c 1", "tensorlab ir: --stage goes without a cell"),
        ("ir model.py --edit-of f", "tensorlab ir: the cell is missing; --cell FILE or -c CODE gives it"),
        ("trace", "tensorlab trace: the cell is missing; FILE.py, -c CODE or --cell FILE gives it"),
        ("batching model.py tone", "tensorlab batching: -i/--inputs is missing"),
        ("bigpicture model.py", "tensorlab bigpicture: tensor is missing"),
        ("dispatch model.py x + y", "tensorlab dispatch: nothing takes '+ y'; an expression is one word, in quotes"),
        ("dispatch model.py -x", "tensorlab dispatch: no option -x; nearest: -o"),
        ("ast -x+1", "tensorlab ast: no option -x+1; an expression that begins with a minus stands behind --"),
        ("allocator --diff a b", "tensorlab allocator: --diff: nothing is named 'a'; {diff}"),
        ("storage model.py y", "tensorlab storage: nothing is named 'y'; tensors and arrays here: x, gain"),
        ("ast f -o a.py", "tensorlab ast: -o a.py: what would stand there is no program"),
        ("ast f -o no/a.html", "tensorlab ast: -o no/a.html: there is no folder {here}/no"),
        ("ast f --json --html", "tensorlab ast: --html: not allowed with argument --json"),
    ],
    ids=lambda text: text.partition(":")[0],
)  # fmt: skip
def test_wrong_use_is_one_line_and_status_2(words: str, message: str, model: str, command: Command) -> None:
    assert command.refused(*words.split()) == message.format(here=Path.cwd(), passes=PASSES, diff=DIFF)


def test_errors_of_the_program_show_the_users_frames(
    model: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad.py").write_text("def g(x):\n    return x / 0\n\n\ng(1)\n")
    path = Path("bad.py").resolve()
    assert command.raised("ir", "bad.py", "f") == (
        f'Traceback (most recent call last):\n  File "{path}", line 5, in <module>\n    g(1)\n'
        f'  File "{path}", line 2, in g\n    return x / 0\nZeroDivisionError: division by zero'
    )
    assert command.refused("trace", "bad.py", status=1) == command.refused("ir", "bad.py", "f", status=1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    said = command.refused("ir", "-", "f", status=1)
    assert said == "tensorlab ir: FILE.py -: cannot be decoded: invalid or missing encoding declaration"
    assert command.refused("ir", "-c", "a = = 1", status=1) == (
        '  File "<-c>", line 1\n    a = = 1\n        ^\nSyntaxError: invalid syntax'
    )
    Path("typed.py").write_text("def h(n: int):\n    return n + 'a'\n")
    assert command.refused("script", "typed.py", status=1) == (
        "ScriptError: arguments for call are not valid: + does not take int and str\n"
        "  typed.py, line 2, column 12\n     1  def h(n: int):\n     2      return n + 'a'\n                   ^^^^^^^"
    )
    assert command.refused("ir", "-c", "raise SystemExit(3)", "f", status=1) == "-c left with status 3"


def test_an_interrupt_and_a_program_that_goes_elsewhere(tmp_path: Path, model: str, command: Command) -> None:
    assert command.refused("storage", "-c", "raise KeyboardInterrupt", status=130) == "\ntensorlab storage: interrupted"
    (tmp_path / "inner").mkdir()
    command.out("storage", "-c", "import os; os.chdir('inner')", "-o", "a.txt")
    assert (tmp_path / "a.txt").exists()


def test_help_and_no_words_at_all(command: Command) -> None:
    text = command.out("--help")
    assert text.startswith("usage: tensorlab COMMAND [FILE.py]")
    assert all(f"\n  {name} " in text for name in ("ir", "trace", "doctor", "tour"))
    assert command.out("step", "--help").startswith("usage: tensorlab step [FILE.py] [-h] [--at N]")
    assert command.out("--paths").startswith(f"tensorlab {tl.__version__} · ")


def test_the_version_is_light() -> None:
    code = (
        "import sys\nfrom tensorlab.cli import main\nmain(['--version'])\n"
        "print(*{'IPython', 'numpy', 'numba', 'traitlets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"tensorlab {tl.__version__}\n\n"
