"""Why bytes are still there, and what would free them: a view of a `HoldersReport`."""

from __future__ import annotations

from tensorlab.core.holders import Chain, HoldersReport
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import QUIET
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, line_width, listed, nbytes, table, visible, wrapped

_KINDS = {
    "name": "a name of the notebook",
    "output": "IPython keeps results",
    "error": "kept for %tb and %debug",
    "frame": "a function that runs",
    "module": "for as long as Python runs",
    "cycle": "objects that hold each other",
}
_NARROW = (("which is", 30), ("goes with", 30))
_GOES = {
    "error": "goes with the next error",
    "frame": "goes when it returns",
    "module": "stays",
}


class WhyView(View):
    """Who holds some bytes, way by way, and the statements that would let them go."""

    __slots__ = ("report",)

    def __init__(self, report: HoldersReport) -> None:
        self.report = report

    def to_dict(self) -> dict[str, object]:
        return self.report.to_dict()

    def text(self) -> str:
        report = self.report
        lines = wrapped(visible(f"{answer(report)} {_short_command(report)}".strip()), line_width())
        if "\n" in report.command:
            lines += [f"    {visible(line)}" for line in report.command.split("\n")]
        if report.chains:
            heads = [Column(title, most=most, wraps=True) for title, most in (("held by", 58), *_NARROW)]
            rows = [[chain.path, _KINDS[chain.kind], _goes(chain)] for chain in report.chains]
            lines += ["", *table(heads, rows)]
        said = notes(report)
        lines += [""] if said else []
        return "\n".join([*lines, *(part for note in said for part in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        report = self.report
        parts = [html.paragraph(html.strong(answer(report)))]
        if report.command:
            lines = [html.paragraph(html.code(line)) for line in report.command.split("\n")]
            parts += [html.paragraph(html.quiet("This frees them:"), above=6), *lines]
        if report.chains:
            heads = ("held by", "which is", "goes with")
            rows = [[Cell(html.esc(head), ink=QUIET, size=11.5, scope="col", wraps=False) for head in heads]]
            rows += [
                [
                    Cell(html.code(chain.path), scope="row"),
                    Cell(html.esc(_KINDS[chain.kind]), ink=QUIET),
                    Cell(html.code(_goes(chain)) if chain.undo else html.esc(_goes(chain))),
                ]
                for chain in report.chains
            ]
            parts.append(html.table(rows, "Every way from a name or another root to the bytes"))
        return html.card(*parts, html.footer(*notes(report)))


def answer(report: HoldersReport) -> str:
    """The first line: how many hold the bytes, and whether they can be freed."""
    bytes_ = f"the {nbytes(report.nbytes)} behind {report.name}"
    if not report.chains:
        return f"Nothing that can be seen holds {bytes_}."
    stuck = [chain.root for chain in report.chains if not chain.undo]
    roots = list(dict.fromkeys(_holder(chain) for chain in report.chains))
    verb = "holds" if len(roots) == 1 else "hold"
    if not stuck:
        return f"{listed(roots)} {verb} {bytes_}."
    does = "does" if len(set(stuck)) == 1 else "do"
    ends = listed(list(dict.fromkeys(stuck)))
    return f"{listed(roots)} {verb} {bytes_}: deleting names frees nothing while {ends} {does}."


def _holder(chain: Chain) -> str:
    return "IPython's results" if chain.kind == "output" else chain.root


def _short_command(report: HoldersReport) -> str:
    if not report.command:
        return ""
    return "This frees them:" if "\n" in report.command else f"{report.command} frees them."


def _goes(chain: Chain) -> str:
    return chain.undo or _GOES[chain.kind]


def notes(report: HoldersReport) -> list[str]:
    """What is not certain, what was left out, and what else lets go."""
    said = [f"The bytes come from the {report.origin}."] if "allocator" in report.origin else []
    if any("saved" in chain.path for chain in report.chains):
        said.append("backward() lets saved tensors go too.")
    if "%xdel" in report.command:
        said.append("%xdel deletes a name and takes its value out of IPython's results.")
    said += [f"Not certain: {reason}." for reason in report.unknown]
    if report.left_out:
        said.append(f"{counted(report.left_out, 'more way')} not shown.")
    return said
