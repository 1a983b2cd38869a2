"""Magics come into a shell and go out of it again without a trace."""

from __future__ import annotations

import pytest
from IPython.core import magic as ipython_magic
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics.complete import matcher
from tensorlab.magics.empty import filler
from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import help_option, parse
from tensorlab.magics.session import Tensorlab, session_of


@magics_class
class ToyMagic(Magics):
    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("names", nargs="*")
    @argument("--stage", choices=["graph", "python"])
    @argument("--style", choices=["1.0", "2"])
    @argument("--all", action="store_true")
    @argument("-i", dest="inputs")
    def toy(self, line):
        """Show the line's names."""
        args = parse(self.toy, line)
        return args and args.names

    @no_var_expand
    @cell_magic
    @magic_arguments("%bash")
    @help_option
    @argument("--name")
    def bash(self, line, cell):
        """Give the line and the cell."""
        args = parse(self.bash, line)
        if args is None:
            return None
        if args.name == "wrong":
            raise MagicError("%%bash", "wrong", "right")
        return args.name, cell


def snapshot(ip) -> dict[str, object]:
    manager = ip.magics_manager
    return {
        "magics": {kind: dict(table) for kind, table in manager.magics.items()},
        "registry": dict(manager.registry),
        "configurables": list(ip.configurables),
        "matchers": list(ip.Completer.custom_matchers),
        "transformers": list(ip.input_transformers_cleanup),
    }


@pytest.fixture
def toy(plain):
    session = Tensorlab(plain.ip)
    session.install([ToyMagic(plain.ip)])
    session.add(plain.ip.Completer.custom_matchers, matcher(session))
    session.add(plain.ip.input_transformers_cleanup, filler(session))
    yield plain
    if session_of(plain.ip) is session:
        session.uninstall()


def session(shell) -> Tensorlab:
    found = session_of(shell.ip)
    assert found is not None
    return found


def test_magics_work(toy) -> None:
    assert toy.value("%toy a {b} $c") == ["a", "{b}", "$c"]
    assert toy.value("%%bash --name x\nhello\n") == ("x", "hello\n")


def test_help(toy, capsys: pytest.CaptureFixture[str]) -> None:
    assert toy.value("%toy --help") is None
    assert capsys.readouterr().out.startswith("%toy [-h]")
    assert toy.value("%%bash --help") is None
    assert capsys.readouterr().out.startswith("%%bash [-h]")


def test_errors_are_errors(toy) -> None:
    assert toy.error("%toy --stge graph") == "MagicError: %toy: no option --stge\n  nearest: --stage\n  see %toy?"
    assert toy.error("%%bash --name wrong\nx") == "MagicError: %%bash: wrong\n  right\n  see %%bash?"
    assert toy.value("1 + 1") == 2


def test_empty_cell_reaches_the_magic(toy) -> None:
    assert toy.value("%%bash") == (None, "\n")
    assert toy.value("%%bash --name x\n") == ("x", "\n")


def test_empty_cell_of_other_magics_is_as_before(toy, capsys: pytest.CaptureFixture[str]) -> None:
    assert not toy.run("%%time\n").success
    assert "cell body is empty" in capsys.readouterr().err


def test_prompt_waits_for_the_body(toy) -> None:
    assert toy.ip.check_complete("%%bash --name x")[0] == "incomplete"
    assert toy.ip.check_complete("%%bash --name x\nhello\n\n")[0] == "complete"


def test_uninstall_restores_everything(fresh) -> None:
    before = snapshot(fresh.ip)
    placeholder = getattr(ipython_magic, "LazyMagic", None)
    assert placeholder is None or isinstance(before["magics"]["cell"]["bash"], placeholder)
    installed = Tensorlab(fresh.ip)
    installed.install([ToyMagic(fresh.ip)])
    assert fresh.value("%%bash\nx\n") == (None, "x\n")
    installed.uninstall()
    assert session_of(fresh.ip) is None
    assert snapshot(fresh.ip) == before


def test_uninstall_leaves_what_others_put_over_ours(toy) -> None:
    def theirs(line):
        return "theirs"

    toy.ip.register_magic_function(theirs, "line", "toy")
    session(toy).uninstall()
    assert toy.value("%toy") == "theirs"
    del toy.ip.magics_manager.magics["line"]["toy"]


def test_the_replaced_magic_can_be_called(toy, capfd: pytest.CaptureFixture[str]) -> None:
    builtin = session(toy).replaced("cell", "bash")
    assert builtin is not None
    builtin("", "echo hello")
    assert capfd.readouterr().out == "hello\n"
    assert toy.value("%%bash --name x\ny\n") == ("x", "y\n")  # ours is in its place again
    assert session(toy).replaced("line", "toy") is None


def test_a_placeholder_loaded_meanwhile_comes_back_loaded(fresh, capfd: pytest.CaptureFixture[str]) -> None:
    installed = Tensorlab(fresh.ip)
    installed.install([ToyMagic(fresh.ip)])
    fresh.run("%%sh\necho loaded\n")  # loads the class that has bash too
    installed.uninstall()
    fresh.run("%%bash\necho restored\n")
    assert capfd.readouterr().out == "loaded\nrestored\n"


def test_settings(toy) -> None:
    assert session(toy).style == "2"
    toy.run("%config Tensorlab.style = '1.0'")
    assert session(toy).style == "1.0"


def test_completion_of_options(toy) -> None:
    assert set(toy.completions("%toy --")) == {"--help", "--stage", "--style", "--all"}
    assert toy.completions("%toy a --sta") == ["--stage"]
    assert set(toy.completions("%toy --all --")) == {"--help", "--stage", "--style"}
    assert set(toy.completions("%%bash -")) == {"-h", "--help", "--name"}


def test_completion_of_choices(toy) -> None:
    assert toy.completions("%toy --stage ") == ["graph", "python"]
    assert toy.completions("%toy --stage=py") == ["python"]
    assert toy.completions("v = %toy --stage p") == ["python"]


def test_completion_of_names(toy) -> None:
    toy.run("import numpy as np\nimage = np.zeros(3)\nimage2 = image.sum()\nother = image[1:]\n")
    assert toy.completions("%toy ") == ["image", "other"]
    assert toy.completions("%toy im") == ["image"]
    assert toy.completions("%toy other ") == ["image"]
    assert toy.completions("%toy --all im") == ["image"]


def test_completion_elsewhere_is_left_alone(toy) -> None:
    toy.run("image = 1")
    assert "image" in toy.completions("ima")
    assert "image" in toy.completions("%%bash --name x\nima")
    assert "%toy" in toy.completions("%to")
