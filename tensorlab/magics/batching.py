"""``%batching``: throughput and waiting time against batch size, in this process or through a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import counts, help_option, identifier, names, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    import numpy as np

    from tensorlab.core.measure import BatchPoint
    from tensorlab.view.batching import BatchingView

SIZES = (1, 2, 4, 8, 16, 32, 64)
_FEWEST_CALLS = 5  # however slow, so that there is a median
_MODEL = "batching"


@magics_class
class BatchingMagic(NotebookMagics):
    """``%batching``."""

    @no_var_expand
    @line_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name")
    @argument("--server", action="store_true", help="call through a gRPC server on this machine")
    @argument("--sizes", metavar="1,2,4", type=counts, default=SIZES, help="batch sizes (default: 1,2,4,...,64)")
    @argument(
        "-i", "--inputs", metavar="x,y", type=names, required=True, help="tensors whose first dimension counts items"
    )
    @argument("function", help="a compiled function, or any function of tensors")
    def batching(self, line: str) -> BatchingView | None:
        """Measure a function at several batch sizes.

        A batch of n is n rows of each input, taken in turn from the tensors given. Each size is called again and
        again for a moment (%config Tensorlab.batching_seconds), one call at a time; with --server each call is a
        request over the Open Inference Protocol, so that its own cost is in the numbers.
        """
        args = parse(self.batching, line)
        if args is None:
            return None
        function = _function(self.names, args.function)
        rows = [_rows(self.names, name) for name in args.inputs]

        from tensorlab.view.batching import BatchingView

        measured = _through_a_server if args.server else _in_process
        points = measured(function, rows, args.sizes, self.session.batching_seconds)
        where = "through a server" if args.server else "in this process"
        item = sum(array.nbytes // len(array) for array in rows)
        view = BatchingView(args.function, points, where=where, item_nbytes=item)
        self.bind(args.output, view)
        return view


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
    from tensorlab.ops.create import from_numpy

    points: list[BatchPoint] = []
    for size in sizes:
        tensors = [from_numpy(_batch(array, size)) for array in rows]
        points.append(_point(size, _times(lambda: function(*tensors), seconds)))  # noqa: B023 - called at once
    return points


def _through_a_server(
    function: Callable[..., Any], rows: Sequence[np.ndarray], sizes: Sequence[int], seconds: float
) -> list[BatchPoint]:
    from tensorlab.serve import Client, Server

    model = _served(function, rows, max(sizes))
    with Server([model]) as server, Client(server.address) as client:
        points: list[BatchPoint] = []
        for size in sizes:
            arrays = [_batch(array, size) for array in rows]
            points.append(_point(size, _times(lambda: client.infer(_MODEL, arrays), seconds)))  # noqa: B023
        return points


def _served(function: Callable[..., Any], rows: Sequence[np.ndarray], most: int) -> Any:
    """The function as a model: what it takes and gives is seen from a call with two items."""
    from tensorlab.ops.create import from_numpy
    from tensorlab.serve import ServedModel, TensorSpec
    from tensorlab.serve.datatypes import datatype_of

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        given = function(*map(from_numpy, arrays))
        return [tensor.numpy() for tensor in (given if isinstance(given, (tuple, list)) else (given,))]

    probe = [_batch(array, 2) for array in rows]
    results = run(probe)
    for i, result in enumerate(results):
        if result.shape[:1] != (2,):
            message = f"result {i} has shape {result.shape} for 2 items; a server takes results with one row an item"
            raise MagicError("%batching", message)
    taken = [TensorSpec(f"x{i}", datatype_of(a.dtype), (-1, *a.shape[1:])) for i, a in enumerate(probe)]
    given = [TensorSpec(f"y{i}", datatype_of(a.dtype), (-1, *a.shape[1:])) for i, a in enumerate(results)]
    return ServedModel(_MODEL, tuple(taken), tuple(given), run, max_batch_size=most)


def _times(call: Callable[[], object], seconds: float) -> list[float]:
    """How long each call took: one call first that does not count, since it may compile."""
    call()
    times: list[float] = []
    until = perf_counter() + seconds
    while len(times) < _FEWEST_CALLS or perf_counter() < until:
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return times


def _point(size: int, times: list[float]) -> BatchPoint:
    from tensorlab.core.measure import BatchPoint

    times = sorted(times)
    median = times[len(times) // 2]
    late = times[min(len(times) - 1, len(times) * 99 // 100)]
    return BatchPoint(size, median, size * len(times) / sum(times), median, late, len(times))
