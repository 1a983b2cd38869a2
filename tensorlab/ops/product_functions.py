"""The public functions of matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.ops import added_products
from tensorlab.ops import matmul as products
from tensorlab.ops.called import called
from tensorlab.ops.operands import as_int, as_ints, as_number, as_operand
from tensorlab.ops.out import takes_out
from tensorlab.ops.product_entry import quick_added, quick_product, takes_product_out


def tensors(op: str, **given: object) -> list[Tensor]:
    """Arguments that have to be tensors; an ndarray becomes one.

    Raises: `ArgumentError` naming the first that is none.
    """
    found: list[Tensor] = []
    for name, value in given.items():
        tensor = value if isinstance(value, Tensor) else as_operand(value, op=op, name=name)
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"{op}: argument {name!r} takes a Tensor, got {type(value).__name__}")
        found.append(tensor)
    return found


# Products -------------------------------------------------------------------------------------------------------------


@quick_product(products.matmul)
@takes_product_out(products.matmul)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product, batched over leading dimensions; a vector is a row on the left, a column on the right.

    Raises: `ShapeError` where sizes do not fit, `DTypeError` where dtypes differ.
    """
    return products.matmul.call(tuple(tensors("matmul", self=input, other=other)))


@quick_product(products.mm)
@takes_product_out(products.mm)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    return products.mm.call(tuple(tensors("mm", self=input, mat2=mat2)))


@quick_product(products.bmm)
@takes_product_out(products.bmm)
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices; nothing is broadcast."""
    return products.bmm.call(tuple(tensors("bmm", self=input, mat2=mat2)))


@quick_product(products.mv)
@takes_product_out(products.mv)
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    return products.mv.call(tuple(tensors("mv", self=input, vec=vec)))


@quick_product(products.dot)
@takes_product_out(products.dot)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of products of two vectors of one length."""
    return products.dot.call(tuple(tensors("dot", self=input, tensor=tensor)))


@called("VdotBackward0")
@takes_out
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """As `dot`: there are no complex numbers to be conjugated."""
    a, b = tensors("vdot", self=input, other=other)
    return products.dot.call((a, b))


@takes_out
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimension of both.

    Shape: ``[..., k], [*, k] -> [..., *]``; a 0-d tensor scales the other.
    """
    a, b = tensors("inner", self=input, other=other)
    if not a.dim() or not b.dim():
        return a * b
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            f"inner: the last dimension must match on both input tensors but got shapes {list(a.shape)} and "
            f"{list(b.shape)}"
        )
    return tensordot(a, b, ((-1,), (-1,)))


@takes_out
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of an element of one vector with one of the other."""
    a, b = tensors("outer", self=input, vec2=vec2)
    for name, x in (("self", a), ("vec2", b)):
        if x.dim() != 1:
            raise ShapeError(f"outer: expected 1-D argument {name}, but got {x.dim()}-D")
    return a.unsqueeze(1) * b


@takes_out
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over several dimensions of both.

    ``dims``: how many, the last of ``a`` and the first of ``b``; or a list of dimensions of each. A dimension of size 1
    is repeated.

    Raises: `ShapeError` where sizes differ, `RangeError` for dimensions that are not there.
    """
    x, y = tensors("tensordot", a=a, b=b)
    first, second = _contracted(x, y, dims)
    for i, j in zip(first, second, strict=True):
        m, n = x.shape[i], y.shape[j]
        if m != n and 1 not in (m, n):
            raise ShapeError(
                f"tensordot: contracted dimensions need to match, but first has size {m} in dim {i} and second has "
                f"size {n} in dim {j}"
            )
        # A size of 1 meets any other: what is multiplied by it is summed first.
        if m == 1 and n != 1:
            y = y.sum(j, keepdim=True)
        elif n == 1 and m != 1:
            x = x.sum(i, keepdim=True)
    kept = [d for d in range(x.dim()) if d not in first]
    rest = [d for d in range(y.dim()) if d not in second]
    depth, rows, columns = (_count(t, ds) for t, ds in ((x, first), (x, kept), (y, rest)))
    left = x.permute((*kept, *first)).reshape((rows, depth))
    right = y.permute((*second, *rest)).reshape((depth, columns))
    return mm(left, right).reshape((*(x.shape[d] for d in kept), *(y.shape[d] for d in rest)))


def _count(x: Tensor, dims: Sequence[int]) -> int:
    found = 1
    for d in dims:
        found *= x.shape[d]
    return found


def _contracted(x: Tensor, y: Tensor, dims: Any) -> tuple[list[int], list[int]]:
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        if len(dims) != 2:  # pyright: ignore[reportUnknownArgumentType]
            raise RangeError(f"tensordot: dims takes a number or two lists of dimensions, got {dims!r}")
        pair = [as_ints(d, op="tensordot", name="dims") for d in dims]  # pyright: ignore[reportUnknownVariableType]
        if len(pair[0]) != len(pair[1]):
            raise RangeError(f"tensordot: both dimension lists should have same length, got {pair[0]} and {pair[1]}")
        from tensorlab.core.shape import wrap_dim

        found = [[wrap_dim(d, t.dim(), op="tensordot") for d in ds] for t, ds in zip((x, y), pair, strict=True)]
        for name, ds in zip(("a", "b"), found, strict=True):
            if len(set(ds)) < len(ds):
                raise RangeError(f"tensordot: a dimension of {name} appears twice in dims, got {ds}")
        return found[0], found[1]
    count = as_int(dims, op="tensordot", name="dims")
    if not 0 <= count <= min(x.dim(), y.dim()):
        raise RangeError(
            f"tensordot: dims takes 0 to {min(x.dim(), y.dim())} for tensors of {x.dim()} and {y.dim()} dimensions, "
            f"got {count}"
        )
    return list(range(x.dim() - count, x.dim())), list(range(count))


# Added to what is there -----------------------------------------------------------------------------------------------


def _added(op: Op, a: object, x: object, y: object, beta: object, alpha: object) -> Tensor:
    if type(a) is type(x) is type(y) is Tensor and type(beta) in _NUMBERS and type(alpha) in _NUMBERS:
        return op.call((a, x, y, beta, alpha))
    names = [p.name for p in op.schema.params[:3]]
    given = tensors(op.schema.name, **dict(zip(names, (a, x, y), strict=True)))
    numbers = (as_number(n, op=op.schema.name, name=k) for k, n in (("beta", beta), ("alpha", alpha)))
    return op.call((*given, *numbers))


_NUMBERS = (int, float)


@quick_added(added_products.addmm)
@takes_out
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; with ``beta`` 0, ``input`` is not looked at."""
    return _added(added_products.addmm, input, mat1, mat2, beta, alpha)


@quick_added(added_products.addmv)
@takes_out
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``; with ``beta`` 0, ``input`` is not looked at."""
    return _added(added_products.addmv, input, mat, vec, beta, alpha)


@quick_added(added_products.baddbmm)
@takes_out
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)``; with ``beta`` 0, ``input`` is not looked at."""
    return _added(added_products.baddbmm, input, batch1, batch2, beta, alpha)


@called("AddbmmBackward0")
@takes_out
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * sum(batch1 @ batch2 over the batch)``, as one product."""
    return _added(added_products.addmm, input, *_side_by_side("addbmm", batch1, batch2), beta, alpha)


@called("AddrBackward0")
@takes_out
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``; with ``beta`` 0, ``input`` is not looked at."""
    return _added(added_products.addmm, input, *_column_and_row("addr", vec1, vec2, beta, alpha), beta, alpha)


def _side_by_side(op: str, batch1: object, batch2: object) -> tuple[Tensor, Tensor]:
    """A batch of products that are summed is one product of matrices as long as the batch."""
    x, y = tensors(op, batch1=batch1, batch2=batch2)
    products.bmm_type(x.type, y.type)
    b, n, k = x.shape
    return x.transpose(0, 1).reshape((n, b * k)), y.reshape((b * k, y.shape[2]))


def _column_and_row(op: str, vec1: object, vec2: object, beta: object, alpha: object) -> tuple[Tensor, Tensor]:
    """The two vectors as matrices.

    Raises: `ShapeError` for other ranks, `DTypeError` for a fraction that scales integers, in torch's words.
    """
    x, y = tensors(op, vec1=vec1, vec2=vec2)
    for name, number in (("beta", beta), ("alpha", alpha)):
        if isinstance(number, bool):
            raise DTypeError(f"{op}: Boolean {name} only supported for Boolean results.")
        if isinstance(number, float) and not x.dtype.is_floating_point:
            raise DTypeError(f"{op}: For integral input tensors, argument {name} must not be a floating point number.")
    for name, v in (("vec1", x), ("vec2", y)):
        if v.dim() != 1:
            raise ShapeError(f"{op}: expected 1-D argument {name}, but got {v.dim()}-D")
    return x.unsqueeze(1), y.unsqueeze(0)


def addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`addmm`, written over the tensor itself."""
    return _added(added_products.addmm_, self, mat1, mat2, beta, alpha)


def addmv_(self: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`addmv`, written over the tensor itself."""
    return _added(added_products.addmv_, self, mat, vec, beta, alpha)


def baddbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`baddbmm`, written over the tensor itself."""
    return _added(added_products.baddbmm_, self, batch1, batch2, beta, alpha)


def addbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`addbmm`, written over the tensor itself."""
    return _added(added_products.addmm_, self, *_side_by_side("addbmm_", batch1, batch2), beta, alpha)


def addr_(self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`addr`, written over the tensor itself."""
    return _added(added_products.addmm_, self, *_column_and_row("addr_", vec1, vec2, beta, alpha), beta, alpha)


# Chains and powers ----------------------------------------------------------------------------------------------------


@takes_out
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    The first may be a row and the last a column, given as vectors.

    Cost:   the least number of multiplications of all orders; finding it takes ``n ** 3`` steps for ``n`` matrices.
    Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", 14.2 (matrix-chain multiplication).
    """
    return _chain("multi_dot", tensors)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """As `multi_dot`, of one or more matrices given one by one."""
    listed: Any = matrices[0] if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)) else matrices
    if len(listed) == 1:
        return tensors("chain_matmul", matrix=listed[0])[0].clone()
    return _chain("chain_matmul", listed)


def _chain(op: str, given: Sequence[Tensor]) -> Tensor:
    if len(given) < 2:
        raise ArgumentError(f"{op}: expected at least 2 tensors but got {len(given)}")
    found = [tensors(op, **{f"tensors[{i}]": x})[0] for i, x in enumerate(given)]
    first, last = found[0], found[-1]
    for i, x in enumerate(found):
        ends = i in (0, len(found) - 1)
        if x.dim() != 2 and not (ends and x.dim() == 1):
            takes = "1D or 2D" if ends else "2D"
            raise ShapeError(f"{op}: tensor {i} must be {takes} but got {x.dim()}D")
    row = first.unsqueeze(0) if first.dim() == 1 else first
    column = last.unsqueeze(1) if last.dim() == 1 else last
    chain = [row, *found[1:-1], column]
    for i in range(len(chain) - 1):
        if chain[i].shape[1] != chain[i + 1].shape[0]:
            raise ShapeError(
                f"{op}: tensors {i} and {i + 1} with shapes {list(found[i].shape)} and {list(found[i + 1].shape)} "
                "cannot be multiplied"
            )
        products.common_dtype(op, chain[i].type, chain[i + 1].type)
    result = _multiplied(chain, _best_splits([*(x.shape[0] for x in chain), column.shape[1]]), 0, len(chain) - 1)
    if first.dim() == 1:
        result = result.squeeze(0)
    return result.squeeze(-1) if last.dim() == 1 else result


def _best_splits(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to part each stretch of the chain so that all products together are cheapest."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def _multiplied(chain: list[Tensor], split: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return chain[i]
    k = split[i, j]
    return mm(_multiplied(chain, split, i, k), _multiplied(chain, split, k + 1, j))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "addbmm": addbmm,
    "addmm": addmm,
    "addmv": addmv,
    "addr": addr,
    "baddbmm": baddbmm,
    "bmm": bmm,
    "chain_matmul": chain_matmul,
    "dot": dot,
    "ger": outer,
    "inner": inner,
    "matmul": matmul,
    "mm": mm,
    "mv": mv,
    "outer": outer,
    "tensordot": tensordot,
    "vdot": vdot,
}
METHODS: dict[str, Any] = {
    **{name: FUNCTIONS[name] for name in ("addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "dot", "ger", "inner")},
    **{name: FUNCTIONS[name] for name in ("matmul", "mm", "mv", "outer", "vdot")},
    "addbmm_": addbmm_,
    "addmm_": addmm_,
    "addmv_": addmv_,
    "addr_": addr_,
    "baddbmm_": baddbmm_,
}
LINALG: dict[str, Any] = {"multi_dot": multi_dot}
