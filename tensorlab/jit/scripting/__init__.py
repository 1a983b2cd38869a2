"""Scripting: Python functions read from their source, checked and turned into graphs.

`compile_function` takes a function, `compile_def` a definition in a parsed cell, `compile_source` a text.
"""

from tensorlab.jit.scripting.frontend import compile_class, compile_def, compile_function, compile_source, graph_of
from tensorlab.jit.scripting.source import LABELS

__all__ = ["LABELS", "compile_class", "compile_def", "compile_function", "compile_source", "graph_of"]
