"""Factorisations, solvers, determinants, norms. What LAPACK leaves open (signs, layouts) is not compared."""

import numpy as np

from oracle.case import Case, call

# Libraries round differently; a broadcast matrix has no inverse to speak of.
FORMS = ("plain", "strided", "offset", "permuted", "reversed")
NEAR = {"rtol": 2e-4, "atol": 2e-5, "strides": False, "forms": FORMS}


def good(m, *shape):
    """Square matrices far from singular."""
    values = np.asarray(m(*shape, special=False), np.float64) / 3
    return m.lay(values + 2 * np.eye(shape[-1]))


def symmetric(m, *shape):
    """Symmetric matrices with eigenvalues well apart."""
    values = np.asarray(m(*shape, special=False), np.float64) / 9
    return m.lay(values + np.swapaxes(values, -1, -2) + np.diag(np.arange(1.0, shape[-1] + 1)))


def positive(m, *shape):
    values = np.asarray(m(*shape, special=False), np.float64) / 3
    return m.lay(values @ np.swapaxes(values, -1, -2) + np.eye(shape[-1]))


def triangular(m, *shape, upper=False):
    values = np.asarray(good(m, *shape), np.float64)
    return m.lay(np.triu(values) if upper else np.tril(values))


def tall(m, *shape):
    """Matrices with singular values well apart, the wide ones too."""
    values = np.asarray(m(*shape, special=False), np.float64) / 9
    return m.lay(values + np.eye(*shape[-2:]) * np.arange(1.0, shape[-1] + 1))


def square_samples(m):
    yield call(good(m, 3, 3))
    yield call(good(m, 2, 4, 4))
    yield call(good(m, 1, 1))
    yield call(m(0, 3, 3))
    yield call(m(0, 0))


def refused_squares(m):
    yield call(m(2, 3))
    yield call(m(3))
    yield call(m(2, 2, dtype="int64"))


def refused_inverses(m):
    yield from refused_squares(m)
    yield call(np.zeros((2, 2), m.dtype))
    yield call(np.stack([np.eye(2), np.zeros((2, 2))]).astype(m.dtype))


def det_samples(m):
    yield call(good(m, 3, 3))
    yield call(good(m, 2, 4, 4))
    yield call(m(5, 5))


def solve_samples(m):
    yield call(good(m, 3, 3), m(3, 2))
    yield call(good(m, 3, 3), m(3))
    yield call(good(m, 2, 3, 3), m(2, 3))
    yield call(good(m, 2, 3, 3), m(3, 4))
    yield call(good(m, 3, 3), m(2, 3, 4))
    yield call(good(m, 3, 3), m(2, 3), left=False)
    yield call(good(m, 2, 1, 3, 3), m(4, 3, 2))
    yield call(m(0, 0), m(0, 2))


def refused_solves(m):
    yield call(m(2, 3), m(2))
    yield call(good(m, 3, 3), m(2))
    yield call(good(m, 3, 3), m(2, 2))
    yield call(np.zeros((2, 2), m.dtype), m(2))
    yield call(good(m, 3, 3), m(3, dtype="float64"))


def triangular_samples(m):
    yield call(triangular(m, 3, 3), m(3, 2), upper=False)
    yield call(good(m, 3, 3), m(3, 2), upper=True)
    yield call(good(m, 3, 3), m(2, 3), upper=True, left=False)
    yield call(good(m, 2, 3, 3), m(3, 2), upper=False, unitriangular=True)
    yield call(triangular(m, 3, 3), m(2, 3, 1), upper=False)
    yield call(m(0, 0), m(0, 2), upper=True)


def refused_triangulars(m):
    yield call(m(3, 3), m(2, 2), upper=True)
    yield call(m(3, 2), m(3, 2), upper=True)


def positive_samples(m):
    yield call(positive(m, 3, 3))
    yield call(positive(m, 2, 2, 2))
    yield call(positive(m, 3, 3), upper=True)
    yield call(m(0, 0))


def refused_positives(m):
    yield call(-np.eye(2, dtype=m.dtype))
    yield call(m(2, 3))


def cholesky_solve_samples(m):
    yield call(m(3, 2), triangular(m, 3, 3))
    yield call(m(3, 2), triangular(m, 3, 3, upper=True), upper=True)
    yield call(m(2, 3, 2), triangular(m, 2, 3, 3))


def cholesky_inverse_samples(m):
    yield call(triangular(m, 3, 3))
    yield call(triangular(m, 2, 2, 2, upper=True), upper=True)


def qr_samples(m):
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 2), (2, 0)):
        yield call(tall(m, *shape) if all(shape) else m(*shape))


def complete_qr_samples(m):
    yield call(tall(m, 3, 3), mode="complete")
    yield call(tall(m, 2, 4), mode="complete")


def positive_qr(function):
    """Rows of R, and columns of Q, by the sign of R's diagonal: then both are determined."""

    def seen(a, **options):
        q, r = function(a, **options)
        k = min(r.shape[-2:])
        if not k:
            return q, r
        signs = r.detach()[..., :k, :k].diagonal(0, -2, -1).sign()
        return q[..., :k] * signs.unsqueeze(-2), r[..., :k, :] * signs.unsqueeze(-1)

    return seen


def symmetric_samples(m):
    yield call(symmetric(m, 3, 3))
    yield call(symmetric(m, 2, 4, 4))
    yield call(symmetric(m, 3, 3), "U")
    yield call(m(0, 0))


def of_symmetric(function):
    """Only one triangle is read, and the gradient is symmetric: so both are, of what is symmetric."""

    def seen(a, *rest, **options):
        if not a.requires_grad:
            return function(a, *rest, **options)
        return function((a + a.transpose(-2, -1)) / 2, *rest, **options)

    return seen


def functions_of_symmetric(function):
    """Eigenvalues, and a function of the matrix made of its eigenvectors."""

    def seen(a, *rest):
        values, vectors = of_symmetric(function)(a, *rest)
        return values, (vectors * (values / 4).exp().unsqueeze(-2)) @ vectors.transpose(-2, -1)

    return seen


def svd_samples(m):
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2)):
        yield call(tall(m, *shape), full_matrices=False)
    yield call(tall(m, 4, 2))
    yield call(m(0, 3))


def functions_of_svd(function):
    """Singular values, and functions of the matrix made of both sides' vectors."""

    def seen(a, **options):
        u, s, v = function(a, **options)
        k = s.shape[-1]
        u, v = u[..., :k], v[..., :k, :]
        return s, (u * s.exp().unsqueeze(-2)) @ v, (u * s.unsqueeze(-2)) @ u.transpose(-2, -1)

    return seen


def singular_samples(m):
    yield call(tall(m, 3, 2))
    yield call(tall(m, 2, 2, 4))
    yield call(m(0, 2))


def pinv_samples(m):
    yield call(tall(m, 4, 2))
    yield call(tall(m, 2, 4))
    yield call(good(m, 2, 3, 3))
    yield call(tall(m, 3, 2), rtol=1e-3, atol=1e-3)
    yield call(m(0, 2))


def symmetric_pinv_samples(m):
    yield call(symmetric(m, 3, 3), hermitian=True)


def solution(function):
    def seen(*args, **options):
        found = function(*args, **options)
        return (found.solution, found.residuals, found.rank) if options else (found.solution, found.rank)

    return seen


def of_the_triangle(function):
    """torch's gradient of a factor has both triangles, though one of them is not read."""

    def seen(*args, upper=False, **options):
        *rest, factor = args
        return function(*rest, factor.triu() if upper else factor.tril(), upper, **options)

    return seen


def lstsq_samples(m):
    yield call(tall(m, 4, 2), m(4, 3))
    yield call(tall(m, 2, 4), m(2, 1))
    yield call(tall(m, 4, 2), m(4, 1), driver="gelsd")
    yield call(tall(m, 2, 3, 2), m(2, 3, 2))


def rank_samples(m):
    yield call(tall(m, 4, 3))
    yield call(np.ones((3, 3), m.dtype))
    yield call(symmetric(m, 2, 3, 3), hermitian=True)
    yield call(tall(m, 4, 3), tol=2.0)
    yield call(m(0, 3))


def power_samples(m):
    for n in (0, 1, 2, 3, 5, -1, -2):
        yield call(good(m, 3, 3), n)
    yield call(good(m, 2, 2, 2), 4)


def exp_samples(m):
    yield call(good(m, 3, 3))
    yield call(m(2, 2, 2))
    yield call(m(0, 0))


def vector_norm_samples(m):
    for p in (2, 1, 3, 0.5, 0, float("inf"), -float("inf")):
        yield call(m(3, 4, distinct=True), p)
    yield call(m(3, 4), 2, 1)
    yield call(m(3, 4), 1.5, (0, 1), keepdim=True)
    yield call(m(), 2)


def matrix_norm_samples(m):
    for p in ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf")):
        yield call(tall(m, 3, 4), p)
    yield call(tall(m, 3, 2, 4), "nuc", (0, 2), keepdim=True)
    yield call(tall(m, 2, 3, 4), 1, (-1, 0))


def refused_matrix_norms(m):
    yield call(m(3))
    yield call(m(3, 4), 3)
    yield call(m(3, 4), "nuc", (0, 0))
    yield call(m(3, 4, dtype="int64"))


def norm_samples(m):
    yield call(m(3, 4))
    yield call(m(3, 4), 1)
    yield call(m(3), 3)
    yield call(m(2, 3, 4), None, 1)
    yield call(m(2, 3, 4), "fro", (0, 1))
    yield call(m(2, 3, 4), 2, 1, keepdim=True)


def cond_samples(m):
    for p in (None, 2, -2):
        yield call(good(m, 3, 3), p)
    yield call(tall(m, 4, 2))


def cond_by_inverse_samples(m):
    for p in ("fro", 1, -1, float("inf"), "nuc"):
        yield call(good(m, 3, 3), p)
    yield call(np.zeros((2, 2), m.dtype), 1)
    yield call(np.stack([np.eye(2), np.zeros((2, 2))]).astype(m.dtype), 1)


def cross_samples(m):
    yield call(m(4, 3), m(4, 3))
    yield call(m(4, 3), m(1, 3))
    yield call(m(3, 4), m(3, 4), dim=0)


def along_samples(m):
    yield call(m(4, 3), m(4, 3), dim=1)
    yield call(m(3, 4), m(3, 4), dim=0)


def refused_crosses(m):
    yield call(m(4, 2), m(4, 2))
    yield call(m(4, 3), m(3, 4))


def vecdot_samples(m):
    yield call(m(2, 3), m(3))
    yield call(m(2, 3), m(2, 3), dim=0)


def vander_samples(m):
    yield call(m(4))
    yield call(m(4), N=2)


def cdist_samples(m):
    for p in (2.0, 1.0, 3.0, float("inf")):
        yield call(m(3, 2), m(4, 2), p)
    yield call(m(2, 3, 2), m(4, 2))


def refused_cdists(m):
    yield call(m(3, 2), m(4, 3))
    yield call(m(3), m(3))
    yield call(m(3, 2), m(4, 2), -1.0)


def dist_samples(m):
    yield call(m(3, 4), m(3, 4))
    yield call(m(3, 4), m(4), 1)
    yield call(m(3, 4), m(4), 3.5)


INT = ("float32", "float64", "int64")
CASES = (
    Case("linalg.inv", square_samples, refused=refused_inverses, out=True, **NEAR),
    Case("inverse", square_samples, ("float32",), **NEAR),
    Case("linalg.solve", solve_samples, refused=refused_solves, out=True, **NEAR),
    Case("linalg.solve_triangular", triangular_samples, refused=refused_triangulars, out=True, **NEAR),
    Case("linalg.det", det_samples, refused=refused_squares, out=True, **NEAR),
    Case("det", det_samples, ("float32",), **NEAR),
    Case("linalg.slogdet", square_samples, refused=refused_squares, out=True, **NEAR),
    Case("slogdet", square_samples, ("float32",), **NEAR),
    Case("logdet", square_samples, **NEAR),
    Case("linalg.cholesky", positive_samples, seen=of_symmetric, refused=refused_positives, out=True, **NEAR),
    Case("cholesky_solve", cholesky_solve_samples, seen=of_the_triangle, out=True, **NEAR),
    Case("cholesky_inverse", cholesky_inverse_samples, seen=of_the_triangle, out=True, **NEAR),
    Case("linalg.qr", qr_samples, seen=positive_qr, **NEAR),
    Case("linalg.qr", complete_qr_samples, seen=positive_qr, id="linalg.qr complete", **NEAR),
    Case("linalg.eigh", symmetric_samples, refused=refused_squares, seen=functions_of_symmetric, **NEAR),
    Case("linalg.eigvalsh", symmetric_samples, seen=of_symmetric, out=True, **NEAR),
    Case("linalg.svd", svd_samples, seen=functions_of_svd, **NEAR),
    Case("linalg.svdvals", singular_samples, out=True, **NEAR),
    Case("linalg.pinv", pinv_samples, out=True, **NEAR),
    Case("linalg.pinv", symmetric_pinv_samples, seen=of_symmetric, id="linalg.pinv hermitian", **NEAR),
    Case("linalg.lstsq", lstsq_samples, seen=solution, **NEAR),
    Case("linalg.matrix_rank", rank_samples, grad=False, out=True, **NEAR),
    Case("linalg.matrix_power", power_samples, out=True, **NEAR),
    Case("matrix_power", power_samples, ("float32",), **NEAR),
    Case("linalg.matrix_exp", exp_samples, **NEAR),
    Case("linalg.vector_norm", vector_norm_samples, out=True, **NEAR),
    Case("linalg.matrix_norm", matrix_norm_samples, refused=refused_matrix_norms, **NEAR),
    Case("linalg.norm", norm_samples, out=True, **NEAR),
    Case("linalg.cond", cond_samples, out=True, **NEAR),
    # torch cannot differentiate its own: it writes over what it has saved.
    Case("linalg.cond", cond_by_inverse_samples, id="linalg.cond by inverse", grad=False, **NEAR),
    Case("vander", vander_samples, INT, grad=False, **NEAR),
    Case("linalg.cross", cross_samples, INT, refused_crosses, out=True, strides=False, ulp=2, atol=1e-6),
    Case("cross", along_samples, INT, strides=False, ulp=2, atol=1e-6),
    Case("linalg.vecdot", vecdot_samples, out=True, strides=False, atol=1e-6),
    Case("linalg.vander", vander_samples, INT, **NEAR),
    Case("cdist", cdist_samples, refused=refused_cdists, gradgrad=False, **NEAR),
    Case("dist", dist_samples, **NEAR),
)
