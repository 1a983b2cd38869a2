"""``%batching``: throughput and waiting time against batch size, in this process or through a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.errors import TensorlabError
from tensorlab.magics import frames, notebook
from tensorlab.magics.errors import MagicError, a_kind
from tensorlab.magics.options import count, counts, help_option, identifier, names, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    import numpy as np

    from tensorlab.core.measure import BatchPoint
    from tensorlab.serve import ServedModel
    from tensorlab.view.batching import BatchingView

SIZES = (1, 2, 4, 8, 16, 32, 64)
_MOST_ITEMS = 65536


@magics_class
class BatchingMagic(NotebookMagics):
    """``%batching``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--server", action="store_true", help="many callers and a gRPC server that joins their requests")
    @argument(
        "--callers",
        metavar="N",
        type=count,
        help="with --server: how many call at a time (default: the largest size, to 64)",
    )
    @argument("--sizes", metavar="1,2,4", type=counts, default=SIZES, help="batch sizes (default: 1,2,4,...,64)")
    @argument(
        "-i", "--inputs", metavar="x,y", type=names, required=True, help="tensors whose first dimension counts items"
    )
    @argument("function", help="a compiled function, or any function of tensors")
    def batching(self, line: str) -> BatchingView | None:
        """Measure a function at several batch sizes.

        A batch of n is n rows of each input, taken in turn from the tensors given. The sizes take turns, each called
        again and again for a moment in all (%config Tensorlab.batching_seconds), one call at a time.

        With --server nobody sends a batch: callers in another process send one row a request over the Open Inference
        Protocol, each as soon as it has its answer, and the server joins what waits. A size is then the largest batch
        that it may make; how many rows it did join, and what its batches took, is from its own records.
        """
        __tracebackhide__ = True
        args = parse(self.batching, line)
        if args is None:
            return None
        if args.callers is not None and not args.server:
            raise MagicError("%batching", "--callers is for --server; without it one call follows the other")
        sizes = sorted(set(args.sizes))
        if sizes[-1] > _MOST_ITEMS:
            raise MagicError("%batching", f"--sizes takes 1 to {_MOST_ITEMS}, got {sizes[-1]}")
        function = _function(self.names, args.function)
        rows = [_rows(self.names, name) for name in args.inputs]

        from tensorlab.view.batching import BatchingView

        seconds = self.session.batching_seconds
        try:
            if args.server:
                points = _through_a_server(function, rows, sizes, args.callers, seconds)
            else:
                points = _in_process(function, rows, sizes, seconds)
        except MagicError:
            raise
        except BaseException as error:
            users = frames.from_users(error)
            if users is None and isinstance(error, TensorlabError):
                raise _called_in_vain(error, args.function, dict(zip(args.inputs, rows, strict=True))) from None
            error.__traceback__ = users or error.__traceback__
            raise
        where = "through a server" if args.server else "in this process"
        item = sum(array.nbytes // len(array) for array in rows)
        view = BatchingView(args.function, points, where=where, item_nbytes=item)
        self.bind(args.output, view)
        return view


def _called_in_vain(error: TensorlabError, name: str, rows: dict[str, np.ndarray]) -> MagicError:
    """What the library raised in a call of a function that has no line of the user's."""
    first, *_ = str(error).splitlines()
    shapes = " and ".join(f"{n} ({', '.join(['n', *map(str, a.shape[1:])])})" for n, a in rows.items())
    return MagicError("%batching", f"{name} fails: {first}", f"it was called with batches of n items: {shapes}")


def _function(held: dict[str, Any], name: str) -> Callable[..., Any]:
    if name in held and callable(held[name]) and not isinstance(held[name], type):
        return held[name]
    return notebook.function_named(held, name, "%batching")


def _rows(held: dict[str, Any], name: str) -> np.ndarray:
    tensor = notebook.tensor_named(held, name, "%batching", "-i")
    if tensor.ndim == 0 or len(tensor) == 0:
        shape = tuple(tensor.shape)
        raise MagicError("%batching", f"-i: {name} has shape {shape}; takes tensors whose first dimension counts items")
    return tensor.numpy()


def _batch(array: np.ndarray, size: int) -> np.ndarray:
    """So many rows, the array's own in turn."""
    import numpy as np

    return np.take(array, np.arange(size) % len(array), axis=0)


def _in_process(
    function: Callable[..., Any], rows: Sequence[np.ndarray], sizes: Sequence[int], seconds: float
) -> list[BatchPoint]:
    from tensorlab.core.curve import batch_curve
    from tensorlab.core.interop import from_numpy

    try:
        batches = {size: [from_numpy(_batch(array, size)) for array in rows] for size in sizes}
    except MemoryError:
        items = sum(sizes)
        size = sum(array.nbytes // len(array) for array in rows) * items
        message = f"--sizes: the batches hold {items:,} items, {size / 2**30:.3g} GiB, for which there is no memory"
        raise MagicError("%batching", message) from None
    return batch_curve({size: partial(function, *tensors) for size, tensors in batches.items()}, seconds=seconds)


def _through_a_server(
    function: Callable[..., Any],
    rows: Sequence[np.ndarray],
    sizes: Sequence[int],
    callers: int | None,
    seconds: float,
) -> list[BatchPoint]:
    try:
        from tensorlab.serve.sweep import MOST_CALLERS, server_curve
    except ImportError as error:
        raise MagicError("%batching", f"--server: {str(error).removeprefix('tensorlab.serve: ')}") from None
    from tensorlab.errors import ServeError

    if callers is None:
        callers = min(sizes[-1], MOST_CALLERS)
    if callers > MOST_CALLERS:
        raise MagicError("%batching", f"--callers takes 1 to {MOST_CALLERS}, got {callers}")
    model = _served(function, rows)
    try:
        return server_curve(model, rows, sizes, callers=callers, seconds=seconds)
    except ServeError as error:
        raise MagicError("%batching", f"--server: {error}") from error


def _served(function: Callable[..., Any], rows: Sequence[np.ndarray]) -> ServedModel:
    """The function as a model: what it takes and gives is seen from a call with two items."""
    from tensorlab.core.interop import from_numpy
    from tensorlab.serve import ServedModel, TensorSpec
    from tensorlab.serve.datatypes import datatype_of

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [tensor.numpy() for tensor in _results(function(*map(from_numpy, arrays)))]

    probe = [_batch(array, 2) for array in rows]
    for array in probe:
        array.setflags(write=False)  # as a server hands them over
    results = run(probe)
    for i, result in enumerate(results):
        if result.shape[:1] != (2,):
            message = f"result {i} has shape {result.shape} for 2 items; a server takes results with one row an item"
            raise MagicError("%batching", message)
    taken = [TensorSpec(f"x{i}", datatype_of(a.dtype), (-1, *a.shape[1:])) for i, a in enumerate(probe)]
    given = [TensorSpec(f"y{i}", datatype_of(a.dtype), (-1, *a.shape[1:])) for i, a in enumerate(results)]
    return ServedModel("batching", tuple(taken), tuple(given), run)


def _results(given: object) -> list[Any]:
    """What a function gave, one or several, as tensors."""
    results = list(given) if isinstance(given, (tuple, list)) else [given]
    wrong = [a_kind(result) for result in results if not notebook.is_tensor(result)]
    if wrong or not results:
        got = wrong[0] if wrong else "nothing"
        raise MagicError("%batching", f"the function gives {got}; a server takes tensors with one row an item")
    return results
