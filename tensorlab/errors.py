"""Every error that tensorlab raises on purpose: one tree, each also a builtin kind."""

from __future__ import annotations

from dataclasses import dataclass


class TensorlabError(Exception):
    """Root of the tree; catching it catches whatever tensorlab raises on purpose."""


class ShapeError(TensorlabError, ValueError):
    """Shapes, strides or sizes that do not fit together."""


class DTypeError(TensorlabError, TypeError):
    """An element type that an operation does not take."""


class DimError(TensorlabError, IndexError):
    """A dimension or an index outside its range."""


class ArgumentError(TensorlabError, TypeError):
    """Arguments that no overload of an operation takes."""


class RangeError(TensorlabError, ValueError):
    """A value outside what an option or a parameter takes."""


class NumberOverflowError(RangeError, OverflowError):
    """A number that its dtype does not hold, where the array API standard names Python's `OverflowError`."""


class DivisionError(TensorlabError, ZeroDivisionError, RuntimeError):
    """A division of integers by zero."""


class AliasError(TensorlabError, RuntimeError):
    """A write to memory whose elements overlap, or that is read-only."""


class ExchangeError(TensorlabError, BufferError):
    """Memory that cannot be shared with another library by the protocol that was asked for."""


class GradError(TensorlabError, RuntimeError):
    """A gradient that cannot be computed: no history, freed history, or a saved tensor that was written over."""


class LinAlgError(TensorlabError, RuntimeError):
    """A matrix that a factorisation or a solver cannot take: singular, not positive definite, not convergent."""


class StateError(TensorlabError, RuntimeError):
    """A module's state that does not fit the module."""


class AssignmentError(TensorlabError, AttributeError):
    """An attribute of a module that cannot be assigned yet, or that is not there."""


class AttributeKeyError(TensorlabError, KeyError):
    """A name that no parameter, buffer or module can have."""

    __str__ = Exception.__str__  # KeyError's own shows quotes around the message


class MismatchError(TensorlabError, AssertionError):
    """Values that a test expected to be close, and that are not."""


class OutOfMemoryError(TensorlabError, MemoryError):
    """An allocator that has no bytes left to give."""


class CompileError(TensorlabError, RuntimeError):
    """Generated code that did not compile."""


class GraphError(TensorlabError, RuntimeError):
    """A graph that breaks a rule of the IR; says which node and, where known, which pass."""


class ParseError(TensorlabError, SyntaxError):
    """Text of the IR or of an op schema that cannot be read; says where."""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of one line of source: lines count from 1, columns from 0 in characters.

    ``label`` is what a reader calls the file, where that is not its name: a cell.
    """

    filename: str
    line: int
    column: int
    end_column: int
    text: str
    label: str = ""

    def __str__(self) -> str:
        """Where, the line itself, and carets under the piece; each with its indent, on lines of its own."""
        source = self.text.rstrip()
        indent = len(source) - len(source.lstrip())
        carets = "^" * max(1, self.end_column - self.column)
        return (
            f"  {self.label or self.filename}, line {self.line}, column {self.column + 1}\n"
            f"      {source[indent:]}\n"
            f"      {' ' * (self.column - indent)}{carets}"
        )


class ScriptError(TensorlabError, SyntaxError):
    """Source outside the scripted language; shows the line with carets.

    ``calls`` says how scripting came there: the scripted function, its caller and the place of the call, innermost
    first. ``derivations`` are the places that types which do not go together come from, each with what is said of it.
    ``edit`` is a piece of the source and what to write there instead, where that is known to compile.
    The builtin kind's own attributes (``lineno``, ``offset`` from 1, ``text`` ...) are set too, so that Python's and
    IPython's tracebacks show the place.
    """

    def __init__(self, message: str, place: Place | None = None, *, hint: str = "") -> None:
        if place is None:
            super().__init__(message)
        else:
            start, end = place.column + 1, place.end_column + 1
            super().__init__(message, (place.filename, place.line, start, place.text, place.line, end))
        self.message = message
        self.place = place
        self.hint = hint
        self.calls: list[tuple[str, str, Place]] = []
        self.derivations: tuple[tuple[str, Place], ...] = ()
        self.edit: tuple[Place, str] | None = None
        self.line = place.line if place else 0
        self.column = place.column if place else 0
        self.end_column = place.end_column if place else 0
        if hint:
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        parts = [self.message]
        if self.place is not None:
            parts.append(str(self.place))
        for said, place in self.derivations:
            parts += [f"  {said}:", str(place)]
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        if self.edit is not None and self.edit[1] not in self.hint:
            place, text = self.edit
            where = "" if self.place is not None and place.line == self.place.line else f" in line {place.line}"
            parts.append(f"  try: {text}{where}")
        for name, caller, place in self.calls:
            parts += [f"  {name!r} is being compiled since it was called from {caller!r}:", str(place)]
        return "\n".join(parts)


class TraceError(TensorlabError, RuntimeError):
    """A trace that cannot be recorded, or that differs from its function."""


class TracingCheckError(TraceError):
    """A trace that its check found wrong: the function did something else when it ran again.

    ``difference`` names the first operation that differs, with both lines.
    """

    def __init__(self, message: str, difference: str = "") -> None:
        super().__init__(f"{message}\n{difference}" if difference else message)
        self.difference = difference


class RunError(TensorlabError, RuntimeError):
    """A compiled function that failed while it ran; shows the script's own line."""


class ArchiveError(TensorlabError, ValueError):
    """An archive that is not one, is cut short, or holds what it may not."""


class ServeError(TensorlabError, RuntimeError):
    """A server or a client that cannot go on."""


class TracerWarning(UserWarning):
    """Something that a trace bakes in although it may differ at the next call."""


class CacheWarning(UserWarning):
    """The compiled-code cache cannot be used; everything works, nothing is kept."""


class ResizeWarning(UserWarning):
    """An ``out`` tensor with elements in it that had to be given another shape."""
