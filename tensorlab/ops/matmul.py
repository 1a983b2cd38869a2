"""Matrix products: matmul and its forms of fixed rank, and those that add to what is there."""

from __future__ import annotations

import math

from tensorlab.core.dtype import DType
from tensorlab.core.layout import Layout
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape, broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.product_plans import Product, Run, plan_product
from tensorlab.ops.refusals import refuse_bool

PLAN_LIMIT = 2048  # products that one op remembers; a program with more starts the table over


def common_dtype(op: str, *types: TensorType) -> DType:
    """The one dtype of all operands.

    Raises: `DTypeError` where they differ, or are bool.
    """
    first, *rest = (a.dtype for a in types)
    for other in rest:
        if first is None or other is not first:
            raise DTypeError(f"{op}: expected both to have the same dtype, but got {_name(first)} and {_name(other)}")
    if first is None:
        raise DTypeError(f"{op}: takes tensors of a known dtype")
    refuse_bool(first, op)
    return first


def _name(dtype: DType | None) -> str:
    return dtype.name if dtype is not None else "unknown"


def _ranks(op: str, types: dict[str, tuple[TensorType, int]]) -> list[Shape]:
    """The shapes of operands of fixed rank.

    Raises: `ShapeError`.
    """
    words = {1: "1-D (a vector)", 2: "2-D (a matrix)", 3: "3-D (a batch of matrices)"}
    for name, (given, rank) in types.items():
        if len(given.sizes) != rank:
            raise ShapeError(f"{op}: {name} takes a tensor that is {words[rank]}, got {len(given.sizes)}-D")
    return [given.sizes for given, _ in types.values()]


def product(op: Op, a: Tensor, b: Tensor) -> Product:
    """The plan for these operands; what an eager call looks up is kept under their layouts alone."""
    key = ("product", a.layout, b.layout)
    found: Product | None = op.plans.get(key)
    if found is None:
        if len(op.plans) >= PLAN_LIMIT:
            op.plans.clear()
        found = op.plans[key] = plan_product(a.layout, b.layout)
    return found


def _run(op: Op, a: Tensor, b: Tensor) -> Tensor:
    """A product of two operands; the first call of a pair of layouts checks and plans."""
    key: tuple[Layout, Layout] = (a.layout, b.layout)
    run = op.plans.get(key)
    if run is None:
        op.rules["type"](a.type, b.type)
        run = _halves(op) if a.dtype.is_half else product(op, a, b).run
        op.plans[key] = run
    return run(a, b)


def _halves(op: Op) -> Run:
    """Products of 16-bit floats are summed up in float32."""
    return widened(lambda a, b: _run(op, a, b))


# matmul ---------------------------------------------------------------------------------------------------------------

matmul = declare("matmul(Tensor self, Tensor other) -> Tensor")


@matmul.rule("type")
def matmul_type(a: TensorType, b: TensorType) -> TensorType:
    """``[..., n, k] @ [..., k, m] -> [..., n, m]``; a vector counts as a row on the left, a column on the right.

    Raises: `ShapeError` where ``k`` differs or a 0-d tensor is given, `DTypeError` where the dtypes differ or are bool.
    """
    x, y = a.sizes, b.sizes
    if not x or not y:
        raise ShapeError(f"matmul: both arguments need at least 1 dimension, got {len(x)}D and {len(y)}D")
    left = x if len(x) > 1 else (1, *x)
    right = y if len(y) > 1 else (*y, 1)
    if left[-1] != right[-2]:
        raise ShapeError(f"matmul: mat1 and mat2 shapes cannot be multiplied: {x} and {y}: {left[-1]} != {right[-2]}")
    batch = broadcast_shapes(left[:-2], right[:-2], op="matmul")
    dtype = common_dtype("matmul", a, b)
    return TensorType(dtype, (*batch, *left[-2:-1][: len(x) - 1], *right[-1:][: len(y) - 1]))


@matmul.rule("call")
def matmul_call(a: Tensor, b: Tensor) -> Tensor:
    """The product written straight into a storage of ours.

    Source: BLAS ``gemm`` and ``gemv``.
    """
    return _run(matmul, a, b)


@matmul.vjp("self")
def matmul_self_vjp(g: Tensor, other: Tensor, self_type: TensorType) -> Tensor:
    """``g @ other.T``; a vector's side is a dimension of size 1 in between."""
    alone = len(self_type.sizes) == 1
    if other.dim() == 1:
        return g * other if alone else g.unsqueeze(-1) * other
    if not alone:
        return _rows_of(g, other, self_type)
    return (g.unsqueeze(-2) @ other.transpose(-2, -1)).squeeze(-2)


def _rows_of(g: Tensor, other: Tensor, self_type: TensorType) -> Tensor:
    """One matrix that met a batch takes the sum over the batch inside one product."""
    rows, depth = self_type.sizes[-2:]
    if len(self_type.sizes) > 2 or other.dim() != 3:
        return g @ other.transpose(-2, -1)
    count, _, columns = other.shape
    left = g.transpose(0, 1).reshape((rows, count * columns))
    return left @ other.transpose(1, 2).reshape((count * columns, depth))


@matmul.vjp("other")
def matmul_other_vjp(g: Tensor, self: Tensor, other_type: TensorType) -> Tensor:
    """``self.T @ g``; where the left side's batch were more rows, they are rows here."""
    shape = other_type.sizes
    if len(shape) == 1:
        return g * self if self.dim() == 1 else g.unsqueeze(-1) * self
    if self.dim() == 1:
        return self.unsqueeze(-1) @ g.unsqueeze(-2)
    if len(shape) == 2:
        count = math.prod(self.shape[:-1])
        return self.reshape((count, shape[0])).t() @ g.reshape((count, shape[1]))
    return self.transpose(-2, -1) @ g


# Of fixed rank --------------------------------------------------------------------------------------------------------

mm = declare("mm(Tensor self, Tensor mat2) -> Tensor")
bmm = declare("bmm(Tensor self, Tensor mat2) -> Tensor")
mv = declare("mv(Tensor self, Tensor vec) -> Tensor")
dot = declare("dot(Tensor self, Tensor tensor) -> Tensor")


@mm.rule("type")
def mm_type(a: TensorType, b: TensorType) -> TensorType:
    """``[n, k] @ [k, m] -> [n, m]``."""
    x, y = _ranks("mm", {"self": (a, 2), "mat2": (b, 2)})
    if x[1] != y[0]:
        raise ShapeError(
            f"mm: mat1 and mat2 shapes cannot be multiplied ({x[0]}x{x[1]} and {y[0]}x{y[1]}): {x[1]} != {y[0]}"
        )
    return TensorType(common_dtype("mm", a, b), (x[0], y[1]))


@bmm.rule("type")
def bmm_type(a: TensorType, b: TensorType) -> TensorType:
    """``[b, n, k] @ [b, k, m] -> [b, n, m]``; nothing is broadcast."""
    x, y = _ranks("bmm", {"self": (a, 3), "mat2": (b, 3)})
    if x[0] != y[0] or x[2] != y[1]:
        raise ShapeError(
            f"bmm: expected mat2 to have shape [{x[0]}, {x[2]}, *] beside self of {list(x)}, got {list(y)}"
        )
    return TensorType(common_dtype("bmm", a, b), (x[0], x[1], y[2]))


@mv.rule("type")
def mv_type(a: TensorType, b: TensorType) -> TensorType:
    """``[n, k] @ [k] -> [n]``."""
    x, y = _ranks("mv", {"self": (a, 2), "vec": (b, 1)})
    if x[1] != y[0]:
        raise ShapeError(f"mv: size mismatch, got input ({x[0]}x{x[1]}) and vec ({y[0]})")
    return TensorType(common_dtype("mv", a, b), (x[0],))


@dot.rule("type")
def dot_type(a: TensorType, b: TensorType) -> TensorType:
    """``[k] @ [k] -> []``."""
    x, y = _ranks("dot", {"self": (a, 1), "tensor": (b, 1)})
    if x != y:
        raise ShapeError(f"dot: expected both vectors to have the same number of elements, got {x[0]} and {y[0]}")
    return TensorType(common_dtype("dot", a, b), ())


@mm.rule("call")
def mm_call(a: Tensor, b: Tensor) -> Tensor:
    return _run(mm, a, b)


@bmm.rule("call")
def bmm_call(a: Tensor, b: Tensor) -> Tensor:
    return _run(bmm, a, b)


@mv.rule("call")
def mv_call(a: Tensor, b: Tensor) -> Tensor:
    return _run(mv, a, b)


@dot.rule("call")
def dot_call(a: Tensor, b: Tensor) -> Tensor:
    return _run(dot, a, b)


@mm.vjp("self")
@bmm.vjp("self")
def product_self_vjp(g: Tensor, mat2: Tensor) -> Tensor:
    return g @ mat2.transpose(-2, -1)


@mm.vjp("mat2")
@bmm.vjp("mat2")
def product_mat2_vjp(g: Tensor, self: Tensor) -> Tensor:
    return self.transpose(-2, -1) @ g


@mv.vjp("self")
def mv_self_vjp(g: Tensor, vec: Tensor) -> Tensor:
    return g.unsqueeze(1) * vec


@mv.vjp("vec")
def mv_vec_vjp(g: Tensor, self: Tensor) -> Tensor:
    return self.t() @ g


@dot.vjp("self")
def dot_self_vjp(g: Tensor, tensor: Tensor) -> Tensor:
    return g * tensor


@dot.vjp("tensor")
def dot_tensor_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * self


PRODUCTS: tuple[Op, ...] = (matmul, mm, bmm, mv, dot)

for _op in PRODUCTS:
    call_evaluator(_op)
