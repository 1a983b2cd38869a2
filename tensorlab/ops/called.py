"""Functions made of several operations, whose results look as if made by one.

They print as ``grad_fn=<MseLossBackward0>``, and are views of nothing that their users know.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from tensorlab.core.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def called(name: str | Callable[..., str | None]) -> Callable[[F], F]:
    """Let the node that stands behind a function's result have this name, or what is said of the arguments.

    What the function gives has to be a new tensor, whose memory no other knows: then nobody else has its node either.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def with_name(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            if isinstance(result, Tensor):
                result.base = None
            if isinstance(result, Tensor) and result.tape is not None:
                found = name if isinstance(name, str) else name(*args, **options)
                node: Any = getattr(result.tape, "node", None)
                if found is not None and node is not None:
                    node.called = found
            return result

        return cast(F, with_name)

    return decorate
