"""Every error that tensorlab raises on purpose: one tree, each also a builtin kind."""

from __future__ import annotations


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


class AliasError(TensorlabError, RuntimeError):
    """A write to memory whose elements overlap, or that is read-only."""


class OutOfMemoryError(TensorlabError, MemoryError):
    """An allocator that has no bytes left to give."""


class CompileError(TensorlabError, RuntimeError):
    """Generated code that did not compile."""


class GraphError(TensorlabError, RuntimeError):
    """A graph that breaks a rule of the IR; says which node and, where known, which pass."""


class ParseError(TensorlabError, SyntaxError):
    """Text of the IR or of an op schema that cannot be read; says where."""


class ScriptError(TensorlabError, SyntaxError):
    """Source outside the scripted language; shows the line with carets."""


class TraceError(TensorlabError, RuntimeError):
    """A trace that cannot be recorded, or that differs from its function."""


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
