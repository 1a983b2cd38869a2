"""Operations of the user's own with a derivative of their own: `Function`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.autograd.modes import ENABLED
from tensorlab.autograd.node import Edge, Grads, Node, zeros_of
from tensorlab.autograd.record import edge
from tensorlab.autograd.tape import Saved, Tape, alias
from tensorlab.autograd.views import check_write_named, rebase
from tensorlab.core.place import user_place
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, GradError


class FunctionNode(Node):
    """The node of one call of a `Function`, and the ``ctx`` that its ``forward`` and ``backward`` share."""

    __slots__ = (
        "_function",
        "_inputs",
        "_saved",
        "_to_save",
        "dirty",
        "materialize",
        "needs_input_grad",
        "non_differentiable",
    )

    def __init__(self, function: type[Function], edges: Sequence[Edge | None], inputs: Sequence[int]) -> None:
        super().__init__(f"{function.__name__}Backward", edges, user_place())
        self._function = function
        self._inputs = tuple(inputs)  # positions of the tensors among the arguments
        self._to_save: tuple[Tensor | None, ...] = ()
        self._saved: tuple[Saved | None, ...] | None = ()
        self.dirty: tuple[Tensor, ...] = ()
        self.non_differentiable: tuple[Tensor, ...] = ()
        self.materialize = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep arguments or results for ``backward``, which finds them in ``ctx.saved_tensors``.

        Raises: `ArgumentError` for what is neither a Tensor nor None.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ArgumentError(f"save_for_backward: takes Tensors or None, got {type(t).__name__}")
        self._to_save = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say that ``forward`` has written over these arguments and gives them back."""
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that no gradient flows back through these results."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:  # noqa: FBT001 - torch's signature
        """Whether ``backward`` gets zeros (the default) or None for a result through which nothing flows back."""
        self.materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept.

        Raises: `GradError` once it is freed, or where it was written over since.
        """
        if self._saved is None:
            raise GradError(
                "saved_tensors: Trying to backward through the graph a second time (or directly access saved tensors "
                "after they have already been freed). Specify retain_graph=True if you need to."
            )
        tracked = ENABLED.get()
        return tuple(None if s is None else s.unpack(self, tracked=tracked) for s in self._saved)

    def keep(self, results: Sequence[Any]) -> None:
        """Turn what was to be saved into what is: results without their place on the tape, which would hold this."""
        numbers = {id(r): k for k, r in enumerate(results)}
        self._saved = tuple(
            None if t is None else Saved(t, t.tape if isinstance(t.tape, Tape) else None, output=numbers.get(id(t), -1))
            for t in self._to_save
        )
        self._to_save = ()

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        given = [
            zeros_of(t) if g is None and t is not None and self.materialize else g
            for g, t in zip(grads, self.outputs, strict=True)
        ]
        found = self._function.backward(self, *given)
        listed = list(found) if isinstance(found, (tuple, list)) else [found]
        count = len(self.needs_input_grad)
        if len(listed) < count or any(g is not None for g in listed[count:]):
            raise GradError(
                f"{self._function.__name__}.backward: got {len(listed)} gradients; takes one for each of the {count} "
                "arguments of forward"
            )
        return [listed[i] for i in self._inputs]

    def held(self) -> Sequence[tuple[str, Saved]] | None:
        if self._saved is None:
            return None
        return [(f"saved_tensors[{i}]", s) for i, s in enumerate(self._saved) if s is not None]

    def release(self) -> None:
        self._saved = None if self._saved else self._saved


class Function:
    """An operation with a derivative of its own: subclass it with static ``forward`` and ``backward``, call ``apply``.

    ``forward(ctx, *args)`` computes below the tape; with ``setup_context(ctx, inputs, output)`` defined too it is
    ``forward(*args)``. ``backward(ctx, *grads)`` gives one gradient, or None, for each argument of ``forward``.

    >>> import tensorlab as tl
    >>> class Double(tl.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> x = tl.ones(1, requires_grad=True)
    >>> Double.apply(x).backward()
    >>> x.grad
    tensor([2.])
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results."""
        raise ArgumentError("Function: forward is missing; define it as a static method")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Compute the gradients of the arguments."""
        raise ArgumentError("Function: backward is missing; define it as a static method")

    setup_context: Any = None

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the operation, and write it down if an argument asks for a gradient.

        Raises: whatever ``forward`` raises; `GradError` for a dirty argument that may not be written to.
        """
        places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        recorded = ENABLED.get() and any(args[i].requires_grad for i in places)
        edges = [edge(args[i]) for i in places] if recorded else [None] * len(places)
        node = FunctionNode(cls, edges, places)
        node.needs_input_grad = tuple(recorded and isinstance(a, Tensor) and a.requires_grad for a in args)
        token = ENABLED.set(False)
        try:
            result = cls._forward(node, args)
        finally:
            ENABLED.reset(token)
        if not recorded:
            node.keep(())
            return result
        several = isinstance(result, (tuple, list))
        results = _own_results(list(result) if several else [result], args, node)
        node.outputs = tuple(r.type if _flows(r, node) else None for r in results)
        for index, r in enumerate(results):
            if any(r is d for d in node.dirty):
                rebase(r, node)
            elif _flows(r, node):
                r.tape = Tape(node, index)
                r.tape.version = r.storage().version
        node.keep(results)
        return type(result)(results) if several else results[0]

    @classmethod
    def _forward(cls, node: FunctionNode, args: tuple[Any, ...]) -> Any:
        if cls.setup_context is None:
            result = cls.forward(node, *args)
        else:
            result = cls.forward(*args)
            cls.setup_context(node, args, result)
        for d in node.dirty:
            check_write_named(d, cls.__name__)
        return result


def _flows(result: Any, node: FunctionNode) -> bool:
    if not isinstance(result, Tensor) or not result.layout.dtype.is_floating_point:
        return False
    return not any(result is n for n in node.non_differentiable)


def _own_results(results: list[Any], args: tuple[Any, ...], node: FunctionNode) -> list[Any]:
    """Results, where an argument that comes back untouched is a view of itself: its own history stays."""
    own: list[Any] = []
    for r in results:
        returned = isinstance(r, Tensor) and any(r is a for a in args) and not any(r is d for d in node.dirty)
        own.append(alias(r) if returned else r)
    return own
