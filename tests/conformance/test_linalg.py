"""Products, factors, solutions and norms of stacks of matrices."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import tensorlab.array_api as xp
from conformance.arrays import FLOATS, NUMERIC, Numpy, arrays, check, dtype_of, ours, properties, with_axes, with_axis
from tensorlab.errors import LinAlgError

ROUGH = 2e-3
BATCHES = st.sampled_from([(), (2,), (0,), (2, 1), (3, 2)])


@st.composite
def matrices(draw: Any, *, square: bool = False, min_side: int = 0, dtypes: tuple[str, ...] = FLOATS) -> Numpy:
    rows = draw(st.integers(min_side, 4))
    columns = rows if square else draw(st.integers(min_side, 4))
    return draw(arrays(dtypes, st.just((*draw(BATCHES), rows, columns)), small=True))


@st.composite
def regular(draw: Any) -> Numpy:
    """Stacks of square matrices that are far from singular."""
    x = draw(matrices(square=True))
    return (x + 80 * np.eye(x.shape[-1])).astype(x.dtype)


def spread(x: Numpy) -> Numpy:
    """Symmetric matrices whose eigenvalues lie apart."""
    return ((x + x.mT) / 100 + np.diag(np.arange(x.shape[-1]) * 10 + 1)).astype(x.dtype)


def same(got: Any, expected: Numpy) -> None:
    check(got, expected, rtol=ROUGH)


@properties
@given(st.data(), st.sampled_from(NUMERIC))
def test_matmul(data: st.DataObject, dtype: str) -> None:
    found = data.draw(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0))
    x, y = (data.draw(arrays((dtype,), st.just(s), small=True)) for s in found.input_shapes)
    same(xp.matmul(ours(x), ours(y)), np.matmul(x, y))
    same(ours(x) @ ours(y), np.matmul(x, y))


def test_matmul_refuses_arrays_without_axes() -> None:
    for x, y in (((), (2,)), ((2,), ())):
        with pytest.raises(IndexError, match="matmul: takes arrays of at least one axis"):
            xp.matmul(xp.ones(x), xp.ones(y))
    with pytest.raises(ValueError):
        xp.matmul(xp.ones((2, 3)), xp.ones((2, 3)))


@properties
@given(st.data(), st.sampled_from(NUMERIC))
def test_vecdot(data: st.DataObject, dtype: str) -> None:
    found = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_dims=1, min_side=0, max_side=4))
    x, y = (data.draw(arrays((dtype,), st.just(s), small=True)) for s in found.input_shapes)
    axis = data.draw(st.integers(-min(x.ndim, y.ndim), -1))
    assume(x.shape[axis] == y.shape[axis])
    same(xp.vecdot(ours(x), ours(y), axis=axis), np.vecdot(x, y, axis=axis))


@properties
@given(st.data(), st.sampled_from(NUMERIC), st.integers(0, 2))
def test_tensordot(data: st.DataObject, dtype: str, axes: int) -> None:
    x = data.draw(arrays((dtype,), hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=3), small=True))
    shape = (*x.shape[x.ndim - axes :], 2)
    y = data.draw(arrays((dtype,), st.just(shape), small=True))
    expected = np.tensordot(x, y, axes)
    same(xp.tensordot(ours(x), ours(y), axes=axes), expected)
    pairs = (list(range(x.ndim - axes, x.ndim)), list(range(axes)))
    same(xp.linalg.tensordot(ours(x), ours(y), axes=pairs), expected)


@properties
@given(arrays(NUMERIC, st.just((3,)), small=True), arrays(NUMERIC, st.just((4,)), small=True))
def test_outer(x: Numpy, y: Numpy) -> None:
    y = y.astype(x.dtype)
    same(xp.linalg.outer(ours(x), ours(y)), np.linalg.outer(x, y))


@properties
@given(st.data(), st.sampled_from(NUMERIC))
def test_cross(data: st.DataObject, dtype: str) -> None:
    x, y = (data.draw(arrays((dtype,), st.just(s), small=True)) for s in ((2, 1, 3), (4, 3)))
    same(xp.linalg.cross(ours(x), ours(y)), np.linalg.cross(x, y))


@properties
@given(matrices(dtypes=NUMERIC), st.integers(-3, 3))
def test_diagonal_and_trace(x: Numpy, offset: int) -> None:
    check(xp.linalg.diagonal(ours(x), offset=offset), np.linalg.diagonal(x, offset=offset))
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("int64")
    same(xp.linalg.trace(ours(x), offset=offset), np.linalg.trace(x, offset=offset, dtype=dtype))
    same(xp.linalg.trace(ours(x), dtype=xp.float64), np.linalg.trace(x, dtype=np.float64))


@properties
@given(regular(), st.integers(-2, 3))
def test_matrix_power(x: Numpy, n: int) -> None:
    x = x / 80
    same(xp.linalg.matrix_power(ours(x), n), np.linalg.matrix_power(x, n))


@properties
@given(regular())
def test_determinants_and_inverses(x: Numpy) -> None:
    x = x / 80
    same(xp.linalg.det(ours(x)), np.linalg.det(x))
    same(xp.linalg.inv(ours(x)), np.linalg.inv(x))
    found, expected = xp.linalg.slogdet(ours(x)), np.linalg.slogdet(x)
    assert found._fields == ("sign", "logabsdet")
    same(found.sign, expected.sign)
    same(found.logabsdet, expected.logabsdet)


@properties
@given(regular(), st.data())
def test_solve(x: Numpy, data: st.DataObject) -> None:
    n = x.shape[-1]
    for shape in ((n,), (n, 2), (*x.shape[:-2], n, 1)):
        y = data.draw(arrays((x.dtype.name,), st.just(shape), small=True))
        same(xp.linalg.solve(ours(x), ours(y)), np.linalg.solve(x, y))


@properties
@given(matrices(square=True), st.booleans())
def test_cholesky(x: Numpy, upper: bool) -> None:
    same(xp.linalg.cholesky(ours(spread(x)), upper=upper), np.linalg.cholesky(spread(x), upper=upper))


@properties
@given(matrices(square=True))
def test_eigenvalues(x: Numpy) -> None:
    x = spread(x)
    found = xp.linalg.eigh(ours(x))
    assert found._fields == ("eigenvalues", "eigenvectors")
    same(found.eigenvalues, np.linalg.eigvalsh(x))
    same(xp.linalg.eigvalsh(ours(x)), np.linalg.eigvalsh(x))
    vectors = found.eigenvectors
    same(vectors @ (xp.expand_dims(found.eigenvalues, -1) * vectors.mT), x)


@properties
@given(matrices(min_side=1), st.sampled_from(["reduced", "complete"]))
def test_qr(x: Numpy, mode: str) -> None:
    found, expected = xp.linalg.qr(ours(x), mode=mode), np.linalg.qr(x, mode=mode)
    assert found._fields == ("Q", "R") and tuple(found.Q.shape) == expected.Q.shape
    same(found.Q @ found.R, x)
    check(xp.triu(found.R), found.R.numpy())


@properties
@given(matrices(min_side=1), st.booleans())
def test_svd(x: Numpy, full_matrices: bool) -> None:
    found = xp.linalg.svd(ours(x), full_matrices=full_matrices)
    expected = np.linalg.svd(x, full_matrices=full_matrices)
    assert found._fields == ("U", "S", "Vh")
    assert [tuple(a.shape) for a in found] == [a.shape for a in expected]
    same(found.S, expected.S)
    same(xp.linalg.svdvals(ours(x)), expected.S)
    k = expected.S.shape[-1]
    same((found.U[..., :k] * xp.expand_dims(found.S, -2)) @ found.Vh[..., :k, :], x)


@properties
@given(matrices(min_side=1))
def test_pseudo_inverse_and_rank(x: Numpy) -> None:
    x = x.astype(np.float64)
    same(xp.linalg.matrix_rank(ours(x)), np.asarray(np.linalg.matrix_rank(x), np.int64))
    same(xp.linalg.matrix_rank(ours(x), rtol=0.1), np.asarray(np.linalg.matrix_rank(x, rtol=0.1), np.int64))
    pinv = xp.linalg.pinv(ours(x), rtol=1e-6)
    same(pinv, np.linalg.pinv(x, rtol=1e-6))


@properties
@given(matrices(min_side=1), st.sampled_from([1, -1, 2, -2, float("inf"), -float("inf"), "fro", "nuc"]), st.booleans())
def test_matrix_norm(x: Numpy, ord: Any, keepdims: bool) -> None:
    same(
        xp.linalg.matrix_norm(ours(x), ord=ord, keepdims=keepdims), np.linalg.matrix_norm(x, ord=ord, keepdims=keepdims)
    )


@properties
@given(with_axes(FLOATS, small=True, min_side=1), st.sampled_from([0, 1, 2, 3, 0.5, float("inf"), -float("inf")]))
def test_vector_norm(chosen: tuple[Numpy, Any], ord: float) -> None:
    x, axis = chosen
    assume(axis != ())
    for keepdims in (False, True):
        expected = np.linalg.vector_norm(x, axis=axis, ord=ord, keepdims=keepdims)
        same(xp.linalg.vector_norm(ours(x), axis=axis, ord=ord, keepdims=keepdims), np.asarray(expected, x.dtype))


@properties
@given(with_axis(FLOATS, small=True))
def test_matrix_multiplication_in_place(chosen: tuple[Numpy, int]) -> None:
    x = xp.ones((2, 2), dtype=dtype_of(chosen[0].dtype.name))
    before = x
    x @= xp.asarray([[2, 0], [0, 3]], dtype=x.dtype)
    assert x is before and x.tolist() == [[2, 3], [2, 3]]


def test_what_has_no_inverse_is_refused() -> None:
    for solve in (xp.linalg.inv, xp.linalg.cholesky):
        with pytest.raises(LinAlgError):
            solve(xp.zeros((2, 2)))
