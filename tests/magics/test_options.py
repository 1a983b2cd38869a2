"""Lines of magics: options, help, and errors that name what would do."""

from __future__ import annotations

import pytest
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics.errors import MagicError, listed, nearest
from tensorlab.magics.options import counts, help_option, help_text, identifier, names, option_strings, parse, parser_of


@magic_arguments()
@help_option
@argument("function", help="a compiled function")
@argument("--stage", choices=["graph", "python", "llvm"], help="what to show")
@argument("-i", "--inputs", type=names, default=(), metavar="x,y", help="tensors")
@argument("--name", type=identifier, help="a name")
@argument("--sizes", type=counts, metavar="1,2,4", help="batch sizes")
def look(line):
    """Look at a function."""


@magic_arguments("%record")
@help_option
@argument("--all", action="store_true")
def record(line, cell):
    """Record a cell."""


def shown(line: str, magic=look) -> list[str]:
    with pytest.raises(MagicError) as caught:
        parse(magic, line)
    return caught.value._render_traceback_()


def test_options() -> None:
    args = parse(look, "f --stage llvm -i x,y --name g --sizes 1,2,16")
    assert args is not None
    assert (args.function, args.stage, args.inputs, args.name, args.sizes) == ("f", "llvm", ("x", "y"), "g", (1, 2, 16))


def test_braces_and_dollars_are_text() -> None:
    args = parse(look, "{f}$x")
    assert args is not None
    assert args.function == "{f}$x"


@pytest.mark.parametrize("line", ["--help", "-h", "f --help", "--stage llvm -h"])
def test_help_helps_and_does_nothing_else(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(look, line) is None
    printed = capsys.readouterr()
    assert printed.out == help_text(look) + "\n"
    assert printed.err == ""


def test_help_text() -> None:
    text = help_text(look)
    assert text.startswith("%look [-h] [--stage {graph,python,llvm}] [-i x,y] [--name NAME]")
    assert "Look at a function." in text
    assert "a compiled function" in text
    assert help_text(record).startswith("%%record [-h] [--all]")


def test_unknown_option() -> None:
    assert shown("f --nmae g") == ["MagicError: %look: no option --nmae", "  nearest: --name", "  see %look?"]


def test_unknown_option_of_a_cell_magic() -> None:
    assert shown("--al --oll", record) == [
        "MagicError: %%record: no option --oll",
        "  nearest: --all",
        "  see %%record?",
    ]


def test_unknown_option_like_none() -> None:
    assert shown("f --zzzzzz") == ["MagicError: %look: no option --zzzzzz", "  see %look?"]


def test_choice() -> None:
    assert shown("f --stage grap") == [
        "MagicError: %look: --stage takes graph, python or llvm, got 'grap'",
        "  nearest: graph",
        "  see %look?",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "function is missing"),
        ("f --name", "--name: expected one argument"),
        ("f --name 2x", "--name: '2x' is not a name"),
        ("f --name class", "--name: 'class' is not a name"),
        ("f -i x,2", "-i/--inputs: '2' is not a name"),
        ("f --sizes 1,0", "--sizes: takes positive whole numbers, 1,2,4, got '0'"),
        ("f --sizes 1.5", "--sizes: takes positive whole numbers, 1,2,4, got '1.5'"),
        ("f --sizes ,", "--sizes: takes positive whole numbers, 1,2,4, got ','"),
        ("f --s x", "ambiguous option: --s could match --stage, --sizes"),
        ("f 'x", "cannot read the line: no closing quotation"),
    ],
)
def test_wrong_lines(line: str, message: str) -> None:
    assert shown(line) == [f"MagicError: %look: {message}", "  see %look?"]


def test_a_word_too_many() -> None:
    assert shown("f g h") == [
        "MagicError: %look: nothing takes 'g h'",
        "  an option's values are joined by commas: -i x,y or --sizes 1,2,4",
        "  see %look?",
    ]
    assert shown("a b", record) == ["MagicError: %%record: nothing takes 'a b'", "  see %%record?"]


@pytest.mark.parametrize("line", ["f -i x,y", "f -i x, y", "f -i x ,y", "f -i x , y", "-i x, y f", "-i=x, y f"])
def test_commas_with_spaces(line: str) -> None:
    args = parse(look, line)
    assert args is not None
    assert (args.function, args.inputs) == ("f", ("x", "y"))


def test_option_strings() -> None:
    expected = ["-h", "--help", "--stage", "-i", "--inputs", "--name", "--sizes"]
    assert sorted(option_strings(parser_of(look))) == sorted(expected)


def test_nearest_and_listed() -> None:
    assert nearest("grapf", ["graph", "python"]) == "nearest: graph"
    assert nearest("zzz", ["graph"]) == ""
    assert listed([]) == "none"
    assert listed("ab") == "a, b"
    assert listed("abcdefghij") == "a, b, c, d, e, f, g, h, ... (2 more)"
