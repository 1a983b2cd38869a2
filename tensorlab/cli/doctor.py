"""``tensorlab doctor``: real checks, and what to do. It leans on nothing that it checks: IPython may be broken."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.cli.output import check_output, give
from tensorlab.cli.parsing import Parser, add_output_options

SUMMARY = "Check that all of it works, and say what to do."


def main(arguments: Sequence[str]) -> int:
    """Run the doctor's checks and print them; 1 where one failed."""
    options = _parser().parse_args(arguments)
    check_output(options.output)

    from tensorlab.doctor.examine import examine
    from tensorlab.view.doctor import DoctorView

    return give(DoctorView(examine(page=_page, paths=options.paths)), options, "tensorlab doctor")


def _page() -> str:
    """What a magic gives a notebook: words, a table, a picture."""
    from tensorlab.jit.syntax_tree import syntax_of_text
    from tensorlab.view.syntax_tree import SyntaxTreeView

    return SyntaxTreeView(syntax_of_text("print(1 + 2)", "print(1 + 2)", "")).html()


def _parser() -> Parser:
    parser = Parser(
        prog="tensorlab doctor",
        description="Run real checks: memory, loops and their cache, BLAS, the kernel, serving. Status 1 if one fails.",
    )
    parser.add_argument("--paths", action="store_true", help="also where things are on this machine")
    add_output_options(parser)
    return parser
