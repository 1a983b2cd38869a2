"""`backward` and `grad`: where gradients start, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.autograd.engine import Pass
from tensorlab.autograd.node import Edge
from tensorlab.autograd.record import edge
from tensorlab.autograd.tape import Tape
from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, GradError, ShapeError

Tensors = Tensor | Sequence[Tensor]
MaybeTensors = Tensor | Sequence[Tensor | None] | None


def backward(
    tensors: Tensors,
    grad_tensors: MaybeTensors = None,
    retain_graph: bool | None = None,  # noqa: FBT001 - torch's signature
    create_graph: bool = False,  # noqa: FBT001
    *,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of ``tensors`` to ``grad`` of the leaves that they came from, or of ``inputs`` alone.

    ``grad_tensors`` are the gradients that flow into the tensors; one element needs none, and starts with 1.
    ``retain_graph`` keeps saved tensors for another pass; ``create_graph`` writes the pass itself down.

    Raises: `GradError` for tensors without history, freed history or saved tensors that were written over;
            `ShapeError` for a gradient of another shape.
    """
    roots = _roots(_listed(tensors, "backward"), grad_tensors, "backward")
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        Pass(keep=keep, tracked=create_graph).run(roots)
        return
    leaves = _listed(inputs, "backward")
    if not leaves:
        raise ArgumentError("backward: argument 'inputs' takes at least one Tensor, got an empty list")
    places = [_place(leaf, "backward") for leaf in leaves]
    found = Pass(keep=keep, tracked=create_graph, captured=places).run(roots)
    for leaf, place in zip(leaves, places, strict=True):
        gradient = found[id(place.node), place.number]
        if gradient is not None and isinstance(leaf.tape, Tape):
            held = leaf.tape.grad
            leaf.tape.grad = gradient if held is None else held + gradient


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: MaybeTensors = None,
    retain_graph: bool | None = None,  # noqa: FBT001 - torch's signature
    create_graph: bool = False,  # noqa: FBT001
    allow_unused: bool | None = None,  # noqa: FBT001
    *,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``; nobody's ``grad`` changes.

    ``allow_unused`` gives None for an input that the outputs don't depend on, ``materialize_grads`` zeros.

    Raises: as `backward`; `GradError` for an input that is not used, or requires no gradient.

    >>> import tensorlab as tl
    >>> x = tl.tensor([3.0], requires_grad=True)
    >>> tl.autograd.grad(x**2, x)
    (tensor([6.]),)
    """
    wanted = _listed(inputs, "grad")
    roots = _roots(_listed(outputs, "grad"), grad_outputs, "grad")
    places = [_place(i, "grad") for i in wanted]
    keep = create_graph if retain_graph is None else retain_graph
    found = Pass(keep=keep, tracked=create_graph, captured=places).run(roots)
    results: list[Tensor | None] = []
    for k, (given, place) in enumerate(zip(wanted, places, strict=True)):
        gradient = found[id(place.node), place.number]
        if gradient is None and materialize_grads:
            (zeros_like,) = lookup("aten::zeros")
            gradient = zeros_like.call((tuple(given.shape), given.dtype))
        elif gradient is None and not allow_unused:
            raise GradError(
                f"grad: the differentiated Tensor at index {k} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
        results.append(gradient)
    return tuple(results)


def _listed(tensors: object, op: str) -> list[Tensor]:
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors) if isinstance(tensors, (list, tuple)) else None
    if listed is None or not all(isinstance(t, Tensor) for t in listed):
        raise ArgumentError(f"{op}: takes a Tensor or a list of Tensors, got {type(tensors).__name__}")
    return listed


def _roots(tensors: list[Tensor], grads: MaybeTensors, op: str) -> list[tuple[Edge, Tensor]]:
    given: list[Tensor | None] = (
        [None] * len(tensors) if grads is None else [grads] if isinstance(grads, Tensor) else list(grads)
    )
    if len(given) != len(tensors):
        raise ArgumentError(f"{op}: got {len(tensors)} tensors and {len(given)} gradients; takes one for each")
    return [_root(t, g, k, op) for k, (t, g) in enumerate(zip(tensors, given, strict=True))]


def _root(tensor: Tensor, gradient: Tensor | None, k: int, op: str) -> tuple[Edge, Tensor]:
    place = edge(tensor)
    if place is None:
        raise GradError(f"{op}: element {k} of tensors does not require grad and does not have a grad_fn")
    if gradient is None:
        if tensor.numel() != 1:
            raise GradError(f"{op}: grad can be implicitly created only for scalar outputs, got shape {_size(tensor)}")
        (full,) = lookup("aten::full")
        return place, full.call((tuple(tensor.shape), 1.0, tensor.dtype))
    if tuple(gradient.shape) != tuple(tensor.shape):
        raise ShapeError(
            f"{op}: Mismatch in shape: grad_output[{k}] has a shape of {_size(gradient)} and output[{k}] has a shape "
            f"of {_size(tensor)}."
        )
    return place, gradient if gradient.dtype is tensor.dtype else gradient.to(tensor.dtype)


def _size(tensor: Tensor) -> str:
    return repr(tensor.shape)


def _place(tensor: Tensor, op: str) -> Edge:
    place = edge(tensor)
    if place is None:
        raise GradError(f"{op}: One of the differentiated Tensors does not require grad")
    return place
