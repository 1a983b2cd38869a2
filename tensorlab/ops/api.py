"""The public functions of `functions` that no family of their own holds yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.ops.functions import exp, log, relu, sigmoid, sqrt, tanh

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": exp,
    "log": log,
    "relu": relu,
    "sigmoid": sigmoid,
    "sqrt": sqrt,
    "tanh": tanh,
}
METHODS = FUNCTIONS
