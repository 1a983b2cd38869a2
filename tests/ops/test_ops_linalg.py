"""Products and joins against torch."""

import numpy as np
import pytest
from sides import agree, same_refusal, sides, torch

import tensorlab as tl

pytestmark = pytest.mark.torch


def counted(shape, dtype="float32"):
    return (np.arange(np.prod(shape, dtype=int)) % 7 - 3).reshape(shape).astype(dtype)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *(((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4))),
        *(((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((2, 0), (0, 3))),
        *(((0, 3), (3, 2)), ((2, 3), (2, 3)), ((), (3,)), ((3,), (2,)), ((2, 2, 3), (3, 3, 4)), ((0,), (0,))),
    ],
    ids=str,
)
def test_matmul_of_all_shapes(left, right):
    (a, t), (b, u) = sides(counted(left)), sides(counted(right))
    if not same_refusal(lambda: a @ b, lambda: t @ u):
        agree(a @ b, t @ u)


@pytest.mark.parametrize(
    "dtypes", [("int64", "int64"), ("uint8", "uint8"), ("float64",) * 2, ("bool",) * 2, ("int32", "int64")]
)
def test_matmul_of_all_dtypes(dtypes):
    (a, t), (b, u) = (sides(counted((3, 3), d)) for d in dtypes)
    if not same_refusal(lambda: a.matmul(b), lambda: t.matmul(u)):
        agree(a.matmul(b), t.matmul(u))


def test_matmul_of_windows():
    a, t = sides(counted((6, 8)))
    agree(a.t() @ a, t.t() @ t)
    agree(a[::2, 1:4] @ a[:3], t[::2, 1:4] @ t[:3])
    agree(a[:1].expand(4, 8) @ a.t(), t[:1].expand(4, 8) @ t.t())


CAT = (
    *(([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1)], 1), ([(2, 3), (2, 3)], -1), ([(0,), (2, 3)], 0), ([(0,), (0,)], 0)),
    *(([(2, 3), (2, 2)], 0), ([(2,), (2, 2)], 0), ([()], 0), ([], 0), ([(2, 3)], 0), ([(2, 3), (2, 3)], 2)),
    *(([(0, 3), (2, 3)], 0), ([(2, 0), (2, 3)], 1), ([(3,), (2,), (1,)], 0)),
)


@pytest.mark.parametrize(("shapes", "dim"), CAT, ids=str)
def test_cat(shapes, dim):
    both = [sides(counted(s)) for s in shapes]
    ours, theirs = ([b[i] for b in both] for i in (0, 1))
    if not same_refusal(lambda: tl.cat(ours, dim), lambda: torch.cat(theirs, dim)):
        agree(tl.cat(ours, dim), torch.cat(theirs, dim))


@pytest.mark.parametrize(
    "dtypes", [("int64", "float32"), ("bool", "uint8"), ("float32", "float64"), ("uint8", "int32")]
)
def test_cat_promotes(dtypes):
    both = [sides(counted((3,), d) if d != "bool" else counted((3,)) > 0) for d in dtypes]
    agree(tl.cat([a for a, _ in both]), torch.cat([t for _, t in both]))
    (a, t), (b, u) = sides(np.zeros((0,), dtypes[1])), both[0]
    agree(tl.cat([a, b]), torch.cat([t, u]))


def test_cat_of_windows_makes_a_new_storage():
    a, t = sides(counted((3, 4)))
    agree(tl.cat([a.t(), a.t()[:, ::2]], 1), torch.cat([t.t(), t.t()[:, ::2]], 1))
    assert tl.cat([a]).storage() is not a.storage()


@pytest.mark.parametrize(
    "index",
    [np.s_[::-1], np.s_[:, ::-1], np.s_[::2, 1::2], np.s_[::-2, ::-1], np.s_[:0], np.s_[:, None, 0]],
    ids=["rows back", "columns back", "every other", "both back", "empty", "expanded"],
)
def test_matmul_reads_operands_where_they_lie(index: tuple[object, ...]) -> None:
    array = np.arange(48, dtype=np.float32).reshape(6, 8)
    part = array[index]
    product = tl.from_numpy(part) @ tl.from_numpy(part.T)
    np.testing.assert_array_equal(product.numpy(), part @ part.T)
