"""What the doctor's checks found: each with its state in a word, and what to do."""

from __future__ import annotations

from tensorlab.doctor.records import Check, Examination, Status
from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ADDED, QUIET, REMOVED, REPLACED, RULE
from tensorlab.view.mime import View
from tensorlab.view.text import counted, line_width, padded, visible, wrapped

_SIGNS: dict[Status, tuple[str, str]] = {"ok": ("●", ADDED), "warning": ("!", REPLACED), "failed": ("x", REMOVED)}
_RULE = RULE.css("border-top", "1px solid")


class DoctorView(View):
    """The checks in their order, and above them how many are well."""

    __slots__ = ("examination",)

    def __init__(self, examination: Examination) -> None:
        self.examination = examination

    @property
    def failed(self) -> bool:
        return bool(self.examination.failed)

    def to_dict(self) -> dict[str, object]:
        return self.examination.to_dict()

    def text(self) -> str:
        lines = [*wrapped(" · ".join(("tensorlab doctor", *self._facts())), line_width()), ""]
        checks = self.examination.checks
        names = max((len(check.name) for check in checks), default=0)
        for check in checks:
            head = f"{_SIGNS[check.status][0]} {padded(check.status, 7)}  {padded(visible(check.name), names)}  "
            room = line_width() - len(head)
            said = [*wrapped(visible(check.message), room), *wrapped(visible(_advice(check)), room)]
            first, *others = [part for part in said if part] or [""]
            lines.append(f"{head}{first}".rstrip())
            lines += [f"{' ' * len(head)}{other}" for other in others]
        return "\n".join(lines)

    def html(self) -> str:
        heads = [Cell(html.esc(h), ink=QUIET, size=11.5, scope="col") for h in ("state", "check", "what was found")]
        rows = [heads, *map(_row, self.examination.checks)]
        table = html.table(rows, "Each check, what it found, and what to do", wide=True)
        return html.card(html.header("tensorlab doctor", *self._facts()), table)

    def _facts(self) -> list[str]:
        seen = self.examination
        well = len(seen.checks) - len(seen.failed) - len(seen.warnings)
        facts = [f"{well} of {counted(len(seen.checks), 'check')} ok"]
        facts += [counted(len(seen.warnings), "warning")] if seen.warnings else []
        return [*facts, *([f"{len(seen.failed)} failed"] if seen.failed else [])]


def _advice(check: Check) -> str:
    return f"→ {check.advice}" if check.advice else ""


def _row(check: Check) -> list[Cell]:
    sign, colour = _SIGNS[check.status]
    said = [html.esc(check.message)]
    if check.advice:
        said.append(html.paragraph(html.quiet(_advice(check))))
    return [
        Cell(html.join([html.glyph(sign, colour), html.esc(f" {check.status}")]), wraps=False, extra=_RULE),
        Cell(html.strong(check.name), wraps=False, extra=_RULE),
        Cell(Html(html.join(said)), pad="3px 0", extra=f"width:100%;{_RULE}"),
    ]
