"""Products that are added to what is there: ``beta * self + alpha * (a @ b)``, in one call of BLAS.

With ``beta`` 0, ``self`` is not looked at: a NaN in it does not come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import Plan
from tensorlab.core.shape import Shape, broadcast_shapes, broadcast_strides, may_overlap
from tensorlab.core.short_cut import are_apart
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import AliasError, DTypeError, RangeError, ShapeError
from tensorlab.memory import current
from tensorlab.ops import matmul as products
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.matmul import common_dtype, product
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.product_plans import Product

addmm = declare("addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor")
addmm_ = declare("addmm_(Tensor(a!) self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor(a!)")
addmv = declare("addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor")
addmv_ = declare("addmv_(Tensor(a!) self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor(a!)")
baddbmm = declare("baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor")
baddbmm_ = declare(
    "baddbmm_(Tensor(a!) self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor(a!)"
)


def _added(functional: Op, in_place: Op, of: Op) -> None:
    """Rules of an op that adds the product ``of``, and of the form that writes over ``self``."""
    name = functional.schema.name

    def added_type(a: TensorType, x: TensorType, y: TensorType, beta: Any, alpha: Any) -> TensorType:
        result = _product_type(name, of, x, y)
        common_dtype(name, a, result)
        _check_reaches(name, a.sizes, result.sizes)
        return result

    def written_type(a: TensorType, x: TensorType, y: TensorType, beta: Any, alpha: Any) -> TensorType:
        result = added_type(a, x, y, beta, alpha)
        if result.shape != a.shape:
            raise ShapeError(
                f"{name}_: the tensor that is written to has shape {list(a.sizes)}, the product {list(result.sizes)}"
            )
        return a

    @widened
    def added_half(*args: Any) -> Tensor:
        return added_call(*args)

    def added_call(a: Tensor, x: Tensor, y: Tensor, beta: Any, alpha: Any) -> Tensor:
        key = (a.layout, x.layout, y.layout)
        plan: _Added | None = functional.plans.get(key)
        if plan is None:
            found = added_type(a.type, x.type, y.type, beta, alpha)
            if a.dtype.is_half:
                return added_half(a, x, y, beta, alpha)
            if len(functional.plans) >= products.PLAN_LIMIT:
                functional.plans.clear()
            plan = functional.plans[key] = _plan(a.layout, layout(a.dtype, found.sizes), product(of, x, y))
        form = plan.form
        result = Tensor(Storage.empty(form.nbytes), form, 0)
        beta, alpha = _as_numbers(name, a, beta, alpha)
        if beta != 0:
            plan.copy.fill([result.address], [a.address], ())
        plan.product.fill(result, x, y, alpha, beta)
        return result

    def written_call(a: Tensor, x: Tensor, y: Tensor, beta: Any, alpha: Any) -> Tensor:
        written_type(a.type, x.type, y.type, beta, alpha)
        a.check_writable(f"{name}_")
        if may_overlap(a.shape, a.strides):
            raise AliasError(
                f"{name}_: unsupported operation: more than one element of the written-to tensor refers to a single "
                f"memory location: shape {tuple(a.shape)}, strides {a.strides}. Please clone() the tensor first."
            )
        if a.layout.is_contiguous and not a.dtype.is_half and are_apart(a, x) and are_apart(a, y):
            product(of, x, y).fill(a, x, y, *reversed(_as_numbers(name, a, beta, alpha)))
        else:
            _copy(added_call(a, x, y, beta, alpha), a)
        a.written()
        return a

    for op, type_rule, call_rule in ((functional, added_type, added_call), (in_place, written_type, written_call)):
        op.rule("type")(type_rule)
        op.rule("call")(call_rule)
        call_evaluator(op)


@dataclass(frozen=True, slots=True)
class _Added:
    """How ``self`` is copied, or repeated, into the result, and what is added to it there."""

    form: Layout
    copy: Plan
    product: Product

    def __call__(self, a: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The plain sum of tensors of the layouts planned for."""
        form, copy = self.form, self.copy
        allocator = current.allocator
        result = Tensor(Storage(allocator.allocate(form.nbytes), form.nbytes, allocator), form, 0)
        if copy.loop is not None:
            copy.loop.entry(copy.head, result.address, a.address)
        one = 1.0 if form.dtype.is_floating_point else 1
        self.product.fill(result, x, y, one, one)
        return result


def _plan(own: Layout, form: Layout, product: Product) -> _Added:
    shape = tuple(form.shape)
    repeated = layout(own.dtype, shape, broadcast_strides(tuple(own.shape), own.strides, shape))
    return _Added(form, copy_runner().plan([repeated], (), into=[form]), product)


def _product_type(name: str, of: Op, x: TensorType, y: TensorType) -> TensorType:
    """The type of the product alone, refused under the name of the op that adds it."""
    try:
        return of.rules["type"](x, y)
    except (ShapeError, DTypeError) as error:
        raise type(error)(f"{name}: {str(error).partition(': ')[2]}") from None


def _check_reaches(name: str, shape: Shape, to: Shape) -> None:
    if len(shape) > len(to) or broadcast_shapes(shape, to, op=name) != to:
        raise ShapeError(f"{name}: self of shape {list(shape)} does not broadcast to the product's {list(to)}")


def _as_numbers(op: str, a: Tensor, beta: Any, alpha: Any) -> tuple[Any, Any]:
    """The factors as the loops take them; integers are scaled by whole numbers, as in torch.

    Raises: `RangeError` for one that 64 bits do not hold.
    """
    if a.dtype.is_floating_point:
        return float(beta), float(alpha)
    for value in (beta, alpha):
        if not -(2**63) <= value < 2**63:
            raise RangeError(f"{op}: value {value} cannot be converted to type int64_t without overflow")
    return int(beta), int(alpha)


def _copy(source: Tensor, target: Tensor) -> None:
    copy_runner().plan([source.layout], (), into=[target.layout]).fill([target.address], [source.address], ())


_added(addmm, addmm_, products.mm)
_added(addmv, addmv_, products.mv)
_added(baddbmm, baddbmm_, products.bmm)


@addmm.vjp("self")
@addmv.vjp("self")
@baddbmm.vjp("self")
def added_self_vjp(g: Tensor, beta: float) -> Tensor:
    return g if beta == 1 else g * beta


def _scaled(g: Tensor, alpha: float) -> Tensor:
    return g if alpha == 1 else g * alpha


@addmm.vjp("mat1")
def addmm_mat1_vjp(g: Tensor, mat2: Tensor, alpha: float) -> Tensor:
    return _scaled(g @ mat2.t(), alpha)


@addmm.vjp("mat2")
def addmm_mat2_vjp(g: Tensor, mat1: Tensor, alpha: float) -> Tensor:
    return _scaled(mat1.t() @ g, alpha)


@baddbmm.vjp("batch1")
def baddbmm_batch1_vjp(g: Tensor, batch2: Tensor, alpha: float) -> Tensor:
    return _scaled(g @ batch2.transpose(1, 2), alpha)


@baddbmm.vjp("batch2")
def baddbmm_batch2_vjp(g: Tensor, batch1: Tensor, alpha: float) -> Tensor:
    return _scaled(batch1.transpose(1, 2) @ g, alpha)


@addmv.vjp("mat")
def addmv_mat_vjp(g: Tensor, vec: Tensor, alpha: float) -> Tensor:
    return _scaled(g.unsqueeze(1) * vec, alpha)


@addmv.vjp("vec")
def addmv_vec_vjp(g: Tensor, mat: Tensor, alpha: float) -> Tensor:
    return _scaled(mat.t() @ g, alpha)


ADDED: tuple[Op, ...] = (addmm, addmm_, addmv, addmv_, baddbmm, baddbmm_)
