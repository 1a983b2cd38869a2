"""Reading and writing along a dimension by indices, over views and where a mask is set, and embedding."""

import numpy as np

from oracle.case import Case, call

MOVED = ("float32", "float64", "int64", "bool", "bfloat16")
DENSE = ("plain", "offset", "permuted")  # elsewhere torch keeps gaps in copies, or takes no views
FOLDED = ("float32", "float64", "int64", "uint8", "float16")


def at(*values, dtype=np.int64):
    return np.array(values, dtype)


def bits(m, *shape):
    return m.random.random(shape) < 0.5


def distinct(m, *shape, dim, below):
    """Indices without a duplicate along ``dim``."""
    found = np.argsort(m.random.random((*shape[:dim], below, *shape[dim + 1 :])), axis=dim)
    return np.take(found, np.arange(shape[dim]), dim)


# Reading --------------------------------------------------------------------------------------------------------------


def gathers(m):
    yield call(m(3, 4), 1, m.index(3, 2, below=4))
    yield call(m(3, 4), 0, m.index(5, 4, below=3))
    yield call(m(2, 3, 4), -2, m.index(2, 5, 3, below=3))
    yield call(m(2, 3, 4), 0, m.index(1, 2, 4, below=2))
    yield call(m(7), 0, m.index(3, below=7).astype(np.int32))
    yield call(m(), 0, at(0, 0))
    yield call(m(3), 0, np.array(1))
    yield call(m(3, 4), 1, m.index(0, below=4))
    yield call(m(3, 4), 1, m.index(3, 0, below=4))


def refused_gathers(m):
    yield call(m(3, 4), 1, at([4]))
    yield call(m(3, 4), 1, at([-1]))
    yield call(m(3, 4), 1, at(0))
    yield call(m(3, 4), 2, at([0]))
    yield call(m(3, 4), 0, np.zeros((3, 5), np.int64))
    yield call(m(3, 4), 1, np.zeros((1, 1), np.int16))


def selects(m):
    yield call(m(3, 4), 0, at(2, 0, 0))
    yield call(m(3, 4), 1, at(3, 1, dtype=np.int32))
    yield call(m(2, 3, 4), -2, at(1, 1))
    yield call(m(3, 4), 0, np.array(1))
    yield call(m(), 0, at(0))
    yield call(m(3, 4), 0, at().reshape(0))


def refused_selects(m):
    yield call(m(3, 4), 0, at(3))
    yield call(m(3, 4), 0, at(-1))
    yield call(m(3, 4), 0, at([0, 1]))
    yield call(m(), 0, at(0, 0))
    yield call(m(3, 4), 0, np.ones(2))


def takes(m):
    yield call(m(3, 4), at(0, 5, -1))
    yield call(m(2, 3, 2), m.index(2, 2, below=12, low=-12))
    yield call(m(), np.array(0))
    yield call(m(0), at().reshape(0))


def refused_takes(m):
    yield call(m(3, 4), at(12))
    yield call(m(3, 4), at(-13))
    yield call(m(0), at(0))
    yield call(m(3, 4), at(1, dtype=np.int32))


def takes_along(m):
    yield call(m(3, 4), at(0, 11, 3))
    yield call(m(3, 4), m.index(3, 1, below=4), 1)
    yield call(m(3, 4), m.index(1, 2, below=4), -1)
    yield call(m(1, 4), m.index(3, 2, below=4, low=-4), 1)


def refused_takes_along(m):
    yield call(m(3, 4), at(0), 1)
    yield call(m(3, 4), at([0], dtype=np.int32), 1)


def embeddings(m):
    yield call(at([0, 2], [1, 2]), m(3, 4))
    yield call(np.array(1), m(3, 4))


def embeddings_without_gradient(m):
    """Where the padding is, differences would show one; of no rows, torch has no second."""
    yield call(at(0, 2, 2, dtype=np.int32), m(3, 4), padding_idx=-1)
    yield call(at().reshape(0), m(3, 4))


def refused_embeddings(m):
    yield call(at(3), m(3, 4))
    yield call(at(-1), m(3, 4))
    yield call(at(0), m(3))
    yield call(np.ones(2), m(3, 4))


# Writing --------------------------------------------------------------------------------------------------------------


def scatters(m):
    yield call(m(3, 4), 1, distinct(m, 3, 2, dim=1, below=4), m(3, 2))
    yield call(m(2, 3, 4), -2, distinct(m, 2, 2, 4, dim=1, below=3), m(2, 2, 4))
    yield call(m(), 0, np.array(0), m())


def scatters_of_more(m):
    """A source that is larger than the indices: torch has no derivative."""
    yield call(m(3, 4), 0, distinct(m, 2, 3, dim=0, below=3), m(3, 4))
    yield call(m(3, 4), 1, np.zeros((3, 0), np.int64), m(3, 2))


def scatters_of_numbers(m):
    for found in scatters(m):
        yield call(*found.args[:3], 1)
    yield call(m(3, 4), 1, distinct(m, 3, 2, dim=1, below=4).astype(np.int32), value=True)


def refused_scatters(m):
    yield call(m(3, 4), 1, at([4]), m(1, 1))
    yield call(m(3, 4), 1, at([0, 1], [1, 2]), m(1, 2))
    yield call(m(3, 4), 1, at([0, 1], [1, 2]), m(2, 2, dtype="int64"))
    yield call(m(3, 4), 1, at([0, 1], [1, 2]), m(2, 2), reduce="mean")
    yield call(m(3, 4), 1, at([0, 1], [1, 2]))


def scatter_folds(m):
    yield call(m(3, 4), 1, at([0, 1], [1, 2]), m(2, 2), reduce="add")
    yield call(m(3, 4), 1, at([0, 0], [2, 2]), m(3, 2), reduce="multiply")
    yield call(m(3, 4), 0, at([0, 1], [1, 2]), 2, reduce="multiply")


def scatter_adds(m):
    yield call(m(3, 4), 1, m.index(3, 5, below=4), m(3, 5))
    yield call(m(2, 3, 4), 1, m.index(2, 2, 4, below=3), m(2, 2, 4))
    yield call(m(), 0, at(0, 0), m(2))
    yield call(m(3), 0, at(0, 2, 0), m(3))


def scatter_adds_of_more(m):
    yield call(m(3, 4), 0, m.index(5, 2, below=3), m(6, 4))


def scatter_reduces_of_more(m):
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        yield call(m(4, 3), 0, m.index(2, 2, below=4), m(3, 3), reduce)


def scatter_reduces(m):
    for reduce in ("sum", "mean", "amax", "amin"):
        for include_self in (True, False):
            source = m(3, 5, distinct=True)
            yield call(m(3, 4), 1, m.index(3, 5, below=4), source, reduce, include_self=include_self)


def products(m):
    yield call(m(3, 4, low=1), 1, m.index(3, 3, below=4), m(3, 3, low=1), "prod")
    yield call(m(3, 4, low=1), 0, m.index(4, 3, below=3), m(4, 3, low=1), "prod", include_self=False)


def refused_reduces(m):
    yield call(m(3, 4), 1, at([0]), m(1, 1), "median")
    yield call(m(3, 4), 1, at([7]), m(1, 1), "sum")


def index_adds(m):
    yield call(m(3, 4), 0, at(0, 2, 0), m(3, 4))
    yield call(m(3, 4), 1, at(1, 1, dtype=np.int32), m(3, 2), alpha=2)
    yield call(m(2, 3, 4), -1, at(3, 0, 3), m(2, 3, 3))
    yield call(m(), 0, at(0), m())
    yield call(m(3, 4), 0, at().reshape(0), m(0, 4))


def refused_index_adds(m):
    yield call(m(3, 4), 0, at(0, 0), m(2, 1))
    yield call(m(3, 4), 0, at(0, 0), m(3, 4))
    yield call(m(3, 4), 0, at(0, 5), m(2, 4))
    yield call(m(3, 4), 0, at(0, -1), m(2, 4))
    yield call(m(3, 4), 0, at(0), m(1, 4, dtype="int64"))


def index_copies(m):
    yield call(m(3, 4), 0, at(2, 0), m(2, 4))
    yield call(m(2, 3, 4), -1, at(1), m(2, 3, 1))
    yield call(m(3, 4), 0, np.array(1), m(1, 4))


def refused_index_copies(m):
    yield call(m(3, 4), 0, at(0, 5), m(2, 4))
    yield call(m(3, 4), 0, at(0, 2, dtype=np.int32), m(2, 4))
    yield call(m(3, 4), 0, at(0, 2), m(3, 4))


def index_fills(m):
    yield call(m(3, 4), 0, at(0, -1), 1)
    yield call(m(2, 3, 4), -2, at(1), 2)
    yield call(m(3, 4), 1, np.array(1), m())


def refused_index_fills(m):
    yield call(m(3, 4), 0, at(3), 1)
    yield call(m(3, 4), 0, at(0), m(1))
    yield call(m(3, 4), 0, at(0, dtype=np.int32), 1)


def index_reduces(m):
    for reduce in ("prod", "mean", "amax", "amin"):
        for include_self in (True, False):
            yield call(m(3, 4, low=1), 0, at(0, 2, 0), m(3, 4, low=1), reduce, include_self=include_self)


def puts(m):
    yield call(m(3, 4), at(0, -1, 5), m(3))
    yield call(m(2, 3), at([1, 2], [0, 5]), m(2, 2))


def put_adds(m):
    yield call(m(3, 4), at(0, -1, 0), m(3), accumulate=True)


def refused_puts(m):
    yield call(m(3, 4), at(12), m(1))
    yield call(m(3, 4), at(0, 1), m(1))
    yield call(m(3, 4), at(0, dtype=np.int32), m(1))


# Masks and views ------------------------------------------------------------------------------------------------------


def fills(m):
    yield call(m(3, 4), bits(m, 3, 4), 1)
    yield call(m(3, 4), bits(m, 4), m())
    yield call(m(4), bits(m, 3, 4), 2)
    yield call(m(3, 4), np.array(True), 0)
    yield call(m(), bits(m, 2), 0)
    yield call(m(0, 3), bits(m, 3), 1)


def refused_fills(m):
    yield call(m(3, 4), m(3, 4), 1)
    yield call(m(3, 4), bits(m, 3, 4), m(1))
    yield call(m(3, 4), bits(m, 5), 1)
    yield call(m(3, 4), np.ones((3, 4), np.uint8), 1)


def masked_selects(m):
    yield call(m(3, 4), bits(m, 3, 4))
    yield call(m(3, 4), bits(m, 4))
    yield call(m(4), bits(m, 3, 4))
    yield call(m(), np.array(True))


def masked_scatters(m):
    yield call(m(3, 4), bits(m, 3, 4), m(12))
    yield call(m(3, 4), bits(m, 4), m(4, 5))
    yield call(m(4), bits(m, 3, 4), m(20))
    yield call(m(3), np.zeros(3, bool), m(0))


def refused_masked_scatters(m):
    yield call(m(3, 4), np.ones((3, 4), bool), m(11))
    yield call(m(3, 4), np.ones((3, 4), bool), m(12, dtype="int64"))


def select_scatters(m):
    yield call(m(3, 4), m(4), 0, 1)
    yield call(m(2, 3, 4), m(2, 3), -1, -2)


def slice_scatters(m):
    yield call(m(3, 4), m(2, 4), 0, 1, 3)
    yield call(m(3, 4), m(3, 2), 1, None, None, 2)
    yield call(m(3, 4), m(3, 4))


def diagonal_scatters(m):
    yield call(m(3, 4), m(3))
    yield call(m(4, 3), m(2), 1)
    yield call(m(2, 3, 4), m(3, 2), -1, 2, 0)


def refused_slice_scatters(m):
    yield call(m(3, 4), m(1, 4), 0, 1)
    yield call(m(3, 4), m(4), 0, 1, 2)


def diagonals(m):
    yield call(m(3, 4), 1)
    yield call(m(7, 3), 1, True)
    yield call(m(9, 2), 2, True)
    yield call(m(3, 7), 1, True)
    yield call(m(2, 2, 2), 1)


def refused_diagonals(m):
    yield call(m(3), 1)
    yield call(m(2, 3, 2), 1)


CASES = (
    Case("gather", gathers, dtypes=MOVED, refused=refused_gathers, out=True),
    Case("index_select", selects, dtypes=MOVED, refused=refused_selects, out=True),
    Case("take", takes, dtypes=MOVED, refused=refused_takes, out=True),
    Case(
        "take_along_dim",
        takes_along,
        dtypes=("float32", "int64"),
        refused=refused_takes_along,
        out=True,
        forms=("plain", "offset"),
    ),
    Case("nn.functional.embedding", embeddings, dtypes=("float32", "float64", "float16"), refused=refused_embeddings),
    Case("scatter", scatters, dtypes=MOVED, refused=refused_scatters, inplace=True, out=True),
    Case(
        "nn.functional.embedding", embeddings_without_gradient, dtypes=("float32",), grad=False, id="embedding, padded"
    ),
    Case("scatter", scatters_of_more, dtypes=("float32", "int64"), grad=False, inplace=True, id="scatter of more"),
    Case("scatter_add", scatter_adds_of_more, dtypes=("float32", "int64"), ulp=4, grad=False, id="scatter_add of more"),
    Case(
        "scatter_reduce", scatter_reduces_of_more, dtypes=("float32",), ulp=4, grad=False, id="scatter_reduce of more"
    ),
    Case("scatter", scatters_of_numbers, dtypes=("float32", "int64", "bool"), inplace=True, id="scatter of a number"),
    Case("scatter", scatter_folds, dtypes=FOLDED, grad=False, ulp=2, inplace=True, id="scatter folds"),
    Case("scatter_add", scatter_adds, dtypes=(*FOLDED, "bool"), ulp=4, inplace=True, out=True),
    Case("scatter_reduce", scatter_reduces, dtypes=FOLDED, refused=refused_reduces, ulp=4, inplace=True, out=True),
    Case("scatter_reduce", products, dtypes=("float32", "int64"), ulp=4, inplace=True, id="scatter_reduce prod"),
    Case("index_add", index_adds, dtypes=(*FOLDED, "bool"), refused=refused_index_adds, ulp=2, inplace=True, out=True),
    Case("index_copy", index_copies, dtypes=MOVED, refused=refused_index_copies, inplace=True, out=True),
    Case("index_fill", index_fills, dtypes=MOVED, refused=refused_index_fills, inplace=True),
    Case("index_reduce", index_reduces, dtypes=("float32", "int64"), grad=False, ulp=4, inplace=True, out=True),
    Case("Tensor.put", puts, dtypes=MOVED, refused=refused_puts, inplace=True),
    Case("Tensor.put", put_adds, dtypes=FOLDED, ulp=2, inplace=True, id="put, added"),
    Case("masked_fill", fills, dtypes=MOVED, refused=refused_fills, inplace=True),
    Case("masked_select", masked_selects, dtypes=MOVED, out=True),
    Case("masked_scatter", masked_scatters, dtypes=MOVED, refused=refused_masked_scatters, inplace=True),
    Case("select_scatter", select_scatters, dtypes=MOVED, forms=DENSE),
    Case("slice_scatter", slice_scatters, dtypes=MOVED, refused=refused_slice_scatters, forms=DENSE),
    Case("diagonal_scatter", diagonal_scatters, dtypes=("float32", "int64"), forms=DENSE),
    Case(
        "Tensor.fill_diagonal_",
        diagonals,
        dtypes=("float32", "int64"),
        refused=refused_diagonals,
        grad=False,
        forms=("plain", "offset"),  # torch reaches past the end of memory with gaps
    ),
)
