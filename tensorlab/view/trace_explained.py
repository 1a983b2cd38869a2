"""An explanation of a trace: the user's functions that ran, with what became of each piece."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from tensorlab.autograd.graph import source_name
from tensorlab.jit.escapes import Escape
from tensorlab.jit.explain_text import counts
from tensorlab.jit.explanation import ExplainedFunction, Explanation
from tensorlab.jit.text import Names, format_node
from tensorlab.view import html
from tensorlab.view.graph import name_values
from tensorlab.view.mime import View
from tensorlab.view.text import counted, line_width, listed, shortened, visible, wrapped
from tensorlab.view.trace_source import LEGEND, MOST_SOURCE, SourceLine, source_html, source_lines, source_text

_MOST_FUNCTIONS = 8
_LEAST_SOURCE = 6  # lines of each function, also where those before it took what room there is
_MOST_ELSEWHERE = 12


class ExplanationView(View):
    """What `tensorlab.jit.explain` gives, drawn; ``warnings`` stand at their pieces."""

    __slots__ = ("explained", "warnings")

    def __init__(self, explained: Explanation, warnings: Sequence[Escape] = ()) -> None:
        self.explained = explained
        self.warnings = tuple(warnings)

    def to_dict(self) -> dict[str, object]:
        return self.explained.to_dict() | {"warnings": [warning.to_dict() for warning in self.warnings]}

    def text(self) -> str:
        head = f"{self.explained.name} · {counts(self.explained)}"
        lines = wrapped(visible(head), line_width())
        for sentence in self._before():
            lines += wrapped(visible(sentence), line_width(), "  ")
        for function in self._shown():
            lines += ["", *wrapped(visible(_title(function)), line_width())]
            marked = self._lines(function)
            lines += source_text(marked) if marked else ["  the source is not to be had"]
            lines += filter(None, [_rest(function, marked)])
        if self.explained.elsewhere:
            lines += ["", "recorded elsewhere"]
            lines += [shortened(visible(f"  {line}"), line_width()) for line in self._elsewhere()]
        lines += ["", *wrapped(visible(" ".join(self._notes())), line_width())]
        return "\n".join(lines)

    def html(self) -> str:
        parts = [html.header(self.explained.name, counts(self.explained))]
        parts += [html.paragraph(html.esc(sentence)) for sentence in self._before()]
        for function in self._shown():
            marked = self._lines(function)
            if marked:
                parts.append(source_html(marked, _title(function)))
            else:
                parts.append(html.paragraph(html.esc(f"{_title(function)}: the source is not to be had"), above=8))
            parts.append(html.footer(*filter(None, [_rest(function, marked)])))
        if self.explained.elsewhere:
            parts.append(html.footer("Recorded elsewhere:"))
            parts += [html.hanging(html.code(shortened(line, 200))) for line in self._elsewhere()]
        parts.append(html.footer(*self._notes()))
        return html.card(*parts)

    def _before(self) -> list[str]:
        """What to know first: the inputs, and whether the function did something else when it ran again."""
        takes = [f"takes {listed(self.explained.inputs)}"] if self.explained.inputs else []
        return [*takes, *(line for line in self.explained.note.splitlines() if line.strip())]

    def _shown(self) -> tuple[ExplainedFunction, ...]:
        return self.explained.functions[:_MOST_FUNCTIONS]

    def _lines(self, function: ExplainedFunction) -> list[SourceLine]:
        texts = {serial: text for m in function.marks for serial, text in zip(m.nodes, m.lines, strict=True)}
        texts |= self._in_place()
        first, marks = function.first_line, function.marks
        most = max(MOST_SOURCE - self._above(function), _LEAST_SOURCE)
        return source_lines(function.lines, first, marks, self.warnings, texts.__getitem__, most=most)

    def _in_place(self) -> dict[int, str]:
        """The nodes with short constants written where they are used; none where another run was explained."""
        traced = self.explained.traced
        if traced is None or self.explained.note:
            return {}
        names = Names()
        name_values(traced.graph, names)
        return {node.serial: format_node(node, names) for node in traced.graph.nodes()}

    def _above(self, function: ExplainedFunction) -> int:
        """Lines of the functions before this one."""
        before = takewhile(lambda f: f is not function, self.explained.functions)
        return sum(len(f.lines) for f in before)

    def _elsewhere(self) -> list[str]:
        shown = self.explained.elsewhere[:_MOST_ELSEWHERE]
        more = len(self.explained.elsewhere) - len(shown)
        return [*shown, *([f"and {counted(more, 'more node')}"] if more else [])]

    def _notes(self) -> list[str]:
        others = [f.name for f in self.explained.functions[_MOST_FUNCTIONS:]]
        return [LEGEND, *([f"Not shown: {listed(others)}."] if others else [])]


def _title(function: ExplainedFunction) -> str:
    calls = f", {counted(function.calls, 'call')}" if function.calls > 1 else ""
    label = function.label if function.label.startswith("cell ") else source_name(function.label)
    return f"{function.name.strip('<>')}, {label}{calls}"


def _rest(function: ExplainedFunction, shown: Sequence[SourceLine]) -> str:
    more = len(function.lines) - len(shown)
    return f"{counted(more, 'more line')} of source." if more > 0 else ""
