"""Linear algebra beyond the tables: errors in full, what is read and what is not, other ways to BLAS, corner cases."""

import importlib

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.ops import blas, triangular
from tensorlab.ops.product_plans import plan_product

EYES = np.stack([np.eye(2), np.zeros((2, 2)), np.eye(2)])


def tensor(values):
    return tl.from_numpy(np.array(values, dtype=np.float64))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: tl.linalg.inv(tensor(EYES)),
            "linalg.inv: (Batch element 1): The inversion could not be completed because the input matrix is singular.",
        ),
        (
            lambda: tl.linalg.solve(tensor(EYES[1]), tensor([1, 2])),
            "linalg.solve: The solver failed because the input matrix is singular.",
        ),
        (
            lambda: tl.linalg.cholesky(tensor([[2, 0, 0], [0, -1, 0], [0, 0, 1]])),
            "linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the "
            "leading minor of order 2 is not positive-definite).",
        ),
        (
            lambda: tl.linalg.cholesky(tensor(EYES)),
            "linalg.cholesky: (Batch element 1): The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order 1 is not positive-definite).",
        ),
    ],
    ids=["inv", "solve", "cholesky", "batch of cholesky"],
)
def test_a_matrix_that_cannot_be_taken_is_named(call, text):
    with pytest.raises(tl.linalg.LinAlgError) as error:
        call()
    assert str(error.value) == text
    assert isinstance(error.value, RuntimeError)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: tl.linalg.inv(tl.ones(2, 3)),
            "linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices",
        ),
        (
            lambda: tl.linalg.det(tl.ones(2, 2).long()),
            "linalg.det: expected a tensor of float32 or float64, got int64",
        ),
        (
            lambda: tl.mm(tl.ones(2, 3), tl.ones(2, 3)),
            "mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3): 3 != 2",
        ),
        (
            lambda: tl.addmm(tl.ones(3), tl.ones(2, 3), tl.ones(4, 2)),
            "addmm: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x2): 3 != 4",
        ),
        (
            lambda: tl.addmm(tl.ones(5), tl.ones(2, 3), tl.ones(3, 4)),
            "addmm: the size of tensor a (5) must match the size of tensor b (4) at non-singleton dimension 1: got "
            "shapes (5,) and (2, 4)",
        ),
        (
            lambda: tl.einsum("ij,jk->ik", tl.ones(2, 3), tl.ones(4, 2)),
            "einsum: subscript j has size 4 for operand 1 which does not broadcast with previously seen size 3",
        ),
        (
            lambda: tl.einsum("ij->k", tl.ones(2, 3)),
            "einsum: output subscript k does not appear in the equation for any input operand",
        ),
        (
            lambda: tl.einsum("ij", tl.ones(2)),
            "einsum: the number of subscripts in the equation (2) does not match the number of dimensions (1) for "
            "operand 0 and no ellipsis was given",
        ),
        (
            lambda: tl.einsum("i.j", tl.ones(2)),
            "einsum: found '.' that is not part of any ellipsis in the equation 'i.j'",
        ),
        (
            lambda: tl.einsum("i,j", tl.ones(2)),
            "einsum: fewer operands were provided than specified in the equation 'i,j': got 1, takes 2",
        ),
    ],
    ids=["square", "integers", "mm", "addmm", "addmm's self", "size", "output", "rank", "dot", "operands"],
)
def test_what_a_refusal_says(call, text):
    with pytest.raises(tl.TensorlabError) as error:
        call()
    assert str(error.value) == text


def test_one_triangle_is_read():
    full = np.array([[4.0, np.nan], [2.0, 5.0]])
    factor = tl.linalg.cholesky(tensor(full)).numpy()
    np.testing.assert_allclose(factor @ factor.T, [[4, 2], [2, 5]])
    solved = tl.linalg.solve_triangular(tensor(full), tensor([[4], [7]]), upper=False)
    np.testing.assert_allclose(solved.numpy(), [[1], [1]])
    np.testing.assert_allclose(tl.linalg.eigvalsh(tensor(full)).numpy(), np.linalg.eigvalsh([[4, 2], [2, 5]]))


def test_a_zero_on_the_diagonal_gives_infinity():
    found = tl.linalg.solve_triangular(tensor([[2.0, 0], [1, 0]]), tensor([[1.0], [2]]), upper=False)
    np.testing.assert_array_equal(found.numpy(), [[0.5], [np.inf]])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
def test_substitution_solves_what_blas_does(upper, unit):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(2, 4, 4)) + 3 * np.eye(4)
    right = random.normal(size=(2, 4, 3))
    work = right.copy()
    triangular.substitute(matrix, work, upper=upper, unit=unit)
    wanted = tl.linalg.solve_triangular(tensor(matrix), tensor(right), upper=upper, unitriangular=unit)
    np.testing.assert_allclose(work, wanted.numpy())


def test_products_without_blas_to_call(monkeypatch):
    monkeypatch.setattr(blas, "address", lambda routine: 0)
    a, b = (tensor(np.random.default_rng(i).normal(size=s)) for i, s in enumerate([(2, 3, 4), (4, 5)]))
    found = plan_product(a.layout, b.layout)
    np.testing.assert_allclose(found.run(a, b).numpy(), a.numpy() @ b.numpy())
    c = tl.ones(2, 3, 5, dtype=tl.float64)
    found.fill(c, a, b, 2.0, 3.0)
    np.testing.assert_allclose(c.numpy(), 3 + 2 * (a.numpy() @ b.numpy()))
    c.fill_(float("nan"))
    found.fill(c, a, b, 2.0, 0.0)
    np.testing.assert_allclose(c.numpy(), 2 * (a.numpy() @ b.numpy()))


@pytest.mark.parametrize("shapes", [((3, 4), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (2, 4, 5))], ids=str)
def test_with_beta_0_what_was_there_is_not_looked_at(shapes):
    a, b = (tensor(np.random.default_rng(i).normal(size=s)) for i, s in enumerate(shapes))
    function = {2: tl.addmm, 1: tl.addmv, 3: tl.baddbmm}[len(shapes[1])]
    product = a.numpy() @ b.numpy()
    before = tensor(np.full(product.shape, np.nan))
    np.testing.assert_allclose(function(before, a, b, beta=0).numpy(), product)
    getattr(before, f"{function.__name__}_")(a, b, beta=0)
    np.testing.assert_allclose(before.numpy(), product)


def test_a_product_added_to_one_of_its_own_operands():
    values = np.arange(9.0).reshape(3, 3)
    a = tensor(values)
    a.addmm_(a, a.t())
    np.testing.assert_array_equal(a.numpy(), values + values @ values.T)
    assert a._version == 1


def test_out_that_shares_memory_with_an_operand():
    values = np.arange(9.0).reshape(3, 3)
    a = tensor(values)
    assert tl.mm(a, a, out=a) is a
    np.testing.assert_array_equal(a.numpy(), values @ values)


def test_a_product_is_written_straight_into_out():
    out = tl.zeros(2, 2)
    before = out.data_ptr()
    assert tl.matmul(tl.ones(2, 3), tl.ones(3, 2), out=out) is out
    assert (out.data_ptr(), out._version, out.tolist()) == (before, 1, [[3.0, 3.0], [3.0, 3.0]])


def test_products_by_keyword():
    a, v = tl.ones(2, 2), tl.ones(2)
    assert tl.mm(input=a, mat2=a).tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert tl.mv(a, vec=v).tolist() == [2.0, 2.0]
    assert tl.dot(v, tensor=v).item() == 2.0


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    a = tensor([[1.0, 2, 0], [2, 4, 0], [0, 0, 3]]).requires_grad_()
    (gradient,) = tl.autograd.grad(tl.linalg.det(a), [a])
    np.testing.assert_allclose(gradient.numpy(), [[12, -6, 0], [-6, 3, 0], [0, 0, 0]], atol=1e-12)


def test_the_norm_of_zeros_has_a_gradient_of_zeros():
    a = tl.zeros(2, 2).requires_grad_()
    for norm in (tl.linalg.norm, tl.linalg.matrix_norm, tl.linalg.vector_norm):
        (gradient,) = tl.autograd.grad(norm(a), [a])
        assert gradient.tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("mode", ["r", "complete"])
def test_a_mode_of_qr_that_has_no_derivative(mode):
    a = tl.ones(3, 2).requires_grad_()
    with pytest.raises(tl.errors.GradError, match=r"linalg\.qr: "):
        tl.autograd.grad(tl.linalg.qr(a, mode).R.sum(), [a])


def test_older_names():
    a = tensor([[4.0, 2], [2, 3]])
    q, r = tl.qr(a)
    np.testing.assert_allclose((q @ r).numpy(), a.numpy())
    u, s, v = tl.svd(a)
    np.testing.assert_allclose(((u * s) @ v.t()).numpy(), a.numpy())
    assert [tuple(x.shape) for x in tl.svd(tl.ones(2, 3), some=False)] == [(2, 2), (2,), (3, 3)]
    assert tl.svd(tl.ones(2, 3), compute_uv=False).V.tolist() == [[0.0] * 3] * 3
    factor = tl.cholesky(a, upper=True)
    np.testing.assert_allclose((factor.t() @ factor).numpy(), a.numpy())
    np.testing.assert_allclose(tl.pinverse(a).numpy(), np.linalg.inv(a.numpy()))
    np.testing.assert_allclose(tl.chain_matmul(a, a, a).numpy(), np.linalg.matrix_power(a.numpy(), 3))


def test_chains_take_the_cheapest_order():
    from tensorlab.ops.product_functions import _best_splits

    # (A B) C costs 1000 * 2 + 2 * 1000 ...; A (B C) is a hundred times cheaper.
    assert _best_splits([10, 1000, 2, 1000])[0, 2] == 1
    assert _best_splits([1000, 2, 1000, 10])[0, 2] == 0


def test_einsum_of_more_than_two_at_once():
    random = np.random.default_rng(0)
    arrays = [random.normal(size=s) for s in ((2, 3), (3, 4), (4, 2), (2,), (3,))]
    equation = "ab,bc,ca,a,b->c"
    found = tl.einsum(equation, *(tensor(a) for a in arrays))
    np.testing.assert_allclose(found.numpy(), np.einsum(equation, *arrays))


def test_einsum_traces_as_products():
    def program(a, b):
        return tl.einsum("bij,bjk->bik", a, b)

    a, b = tl.ones(2, 3, 4), tl.ones(2, 4, 5)
    traced = tl.jit.trace(program, (a, b))
    assert "aten::bmm" in str(traced.graph)
    assert traced(a * 2, b).tolist() == program(a * 2, b).tolist()


def test_the_module_holds_what_the_tables_list():
    from tensorlab.ops import families

    module = importlib.import_module("tensorlab.ops.linear_algebra")
    assert tl.linalg is module
    assert families.table("LINALG").items() <= {n: getattr(module, n) for n in module.__all__}.items()


def test_many_threads_multiply_at_once():
    from concurrent.futures import ThreadPoolExecutor

    a = tensor(np.random.default_rng(0).normal(size=(40, 40)))
    wanted = a.numpy() @ a.numpy()
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: a @ a, range(32)):
            np.testing.assert_allclose(found.numpy(), wanted)
