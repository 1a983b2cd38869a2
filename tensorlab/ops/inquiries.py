"""Names that programs for torch use beside its operations: what a thing is called, how many threads there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.core.threads import get_num_threads, set_threads
from tensorlab.errors import ShapeError
from tensorlab.ops.blas import set_blas_threads
from tensorlab.ops.data import as_tensor
from tensorlab.ops.joining_functions import vstack
from tensorlab.ops.order_functions import trapezoid


def typename(obj: Any) -> str:
    """The name of an object's type, with its module; of a tensor, its kind.

    >>> import tensorlab as tl
    >>> tl.typename(tl.ones(2))
    'tensorlab.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return f"tensorlab.{obj.dtype.ir_name}Tensor"
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not 0.

    Raises: `ShapeError` for any other number of elements, in torch's words.
    """
    if input.numel() != 1:
        what = "no values" if not input.numel() else "more than one value"
        raise ShapeError(f"is_nonzero: Boolean value of Tensor with {what} is ambiguous")
    return bool(input)


def set_num_threads(threads: int) -> None:
    """Let loops over many elements, and BLAS, use so many threads at most.

    What is computed element by element is the same on any number.

    Raises: `RangeError` for less than one.
    """
    set_threads(threads)
    set_blas_threads(threads)


def _always(value: bool, what: str) -> property:  # noqa: FBT001 - the answer
    def answer(self: Tensor) -> bool:
        return value

    answer.__doc__ = f"{value}: {what}."
    return property(answer)


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Each element becomes what ``callable`` gives for it, one after the other: slow, and unseen by autograd."""
    return self.copy_(as_tensor([callable(v) for v in self.flatten().tolist()]).to(self.dtype).view(tuple(self.shape)))


FUNCTIONS: dict[str, Any] = {
    "get_num_threads": get_num_threads,
    "is_nonzero": is_nonzero,
    "row_stack": vstack,
    "set_num_threads": set_num_threads,
    "trapz": trapezoid,
    "typename": typename,
}
METHODS: dict[str, Any] = {
    "apply_": apply_,
    "is_cpu": _always(True, "the bytes are in the host's memory"),
    "is_cuda": _always(False, "the bytes are in the host's memory"),
    "is_nonzero": is_nonzero,
    "is_quantized": _always(False, "elements are stored as they are"),
    "is_sparse": _always(False, "all elements are stored"),
}
