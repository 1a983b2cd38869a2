"""Joined, rearranged, repeated and padded tensors."""

from collections.abc import Iterator

import numpy as np

from oracle.case import Call, Case, Maker, call

DTYPES = ("float32", "float64", "int64", "bool", "bfloat16")
FORMS = ("plain", "strided", "offset", "permuted", "broadcast")  # of results that are views: torch copies reversed ones


def lists(m: Maker) -> Iterator[Call]:
    yield call([m(2, 3), m(4, 3)])
    yield call([m(2, 3), m(2, 1), m(2, 2)], 1)
    yield call((m(2, 3), m(2, 3)), -1)
    yield call([m(2, 3)])
    yield call([m(0), m(2, 3)])
    yield call([m(3), m(2, dtype="float64")])
    yield call([m(0, 3), m(2, 3)])


def lists_refused(m: Maker) -> Iterator[Call]:
    yield call([])
    yield call([m(2, 3), m(2, 2)])
    yield call([m(2, 3), m(3)])
    yield call([m(), m()])
    yield call([m(2), m(2)], 1)
    yield call([m(2), 1])
    yield call(3)


def stacks(m: Maker) -> Iterator[Call]:
    yield call([m(2, 3), m(2, 3)])
    yield call([m(2, 3), m(2, 3), m(2, 3)], 1)
    yield call([m(2), m(2)], -1)
    yield call([m(), m()])
    yield call([m(2), m(2, dtype="float64")])


def stacks_refused(m: Maker) -> Iterator[Call]:
    yield call([])
    yield call([m(2), m(3)])
    yield call([m(2), m(2)], 2)


def beside(m: Maker) -> Iterator[Call]:
    yield call([m(2, 3), m(2, 1)])
    yield call([m(3), m(2)])
    yield call([m(), m()])


def beside_refused(m: Maker) -> Iterator[Call]:
    yield call([])
    yield call([m(2, 3), m(3, 3)])


def below(m: Maker) -> Iterator[Call]:
    yield call([m(2, 3), m(1, 3)])
    yield call([m(3), m(3)])
    yield call([m(), m()])


def below_refused(m: Maker) -> Iterator[Call]:
    yield call([m(2), m(3)])


def behind(m: Maker) -> Iterator[Call]:
    yield call([m(2, 3), m(2, 3)])
    yield call([m(3), m(3)])
    yield call([m(2, 3, 1), m(2, 3, 2)])


def columns(m: Maker) -> Iterator[Call]:
    yield call([m(3), m(3, 2)])
    yield call([m(), m()])


def triangles(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4))
    yield call(m(3, 4), 1)
    yield call(m(4, 3), -1)
    yield call(m(2, 3, 3), 9)
    yield call(m(2, 3), -9)
    yield call(m(0, 3))


def vector(m: Maker) -> Iterator[Call]:
    yield call(m(3))


def triangle_places(m: Maker) -> Iterator[Call]:
    yield call(3, 4)
    yield call(4, 3, 1)
    yield call(3, 3, -2)
    yield call(0, 3)


def triangle_places_refused(m: Maker) -> Iterator[Call]:
    yield call(-1, 3)


def diagonals(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4))
    yield call(m(3, 4), 1)
    yield call(m(3))
    yield call(m(3), -1)


def deep(m: Maker) -> Iterator[Call]:
    yield call(m(2, 2, 2))


def flat_diagonals(m: Maker) -> Iterator[Call]:
    yield call(m(2, 2))
    yield call(m(3), 1)
    yield call(m(), -1)


def embedded(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3))
    yield call(m(3), 1)
    yield call(m(2, 3), -1, 0, 2)
    yield call(m(2, 3), 0, 1, 0)


def embedded_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2), 0, 1, 1)
    yield call(m(2), 0, 0, 2)


def flips(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3, 4), (0,))
    yield call(m(2, 3, 4), (0, -1))
    yield call(m(2, 3), ())
    yield call(m(0, 3), (1,))


def flips_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (0, 0))
    yield call(m(2, 3), (2,))


def matrices(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3))
    yield call(m(2, 3, 4))


def turns(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3))
    yield call(m(2, 3), 2)
    yield call(m(2, 3), -1)
    yield call(m(2, 3, 4), 3, (1, 2))
    yield call(m(2, 3), 4)


def turns_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 1, (0, 0))
    yield call(m(2, 3), 1, (0,))
    yield call(m(2))


def rolls(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 1)
    yield call(m(2, 3), 4, 1)
    yield call(m(2, 3), (1, -1), (0, 1))
    yield call(m(3, 4), (1, 2), (0, 0))
    yield call(m(0, 3), 1, 0)


def rolls_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (1, 2), (0,))
    yield call(m(2, 3), (1, 2))
    yield call(m(2, 3), 1, 2)


def repeats(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 2, 1)
    yield call(m(2, 3), (2, 1, 3))
    yield call(m(3), 0)
    yield call(m(), 2)
    yield call(m(2), 1)


def repeats_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 2)
    yield call(m(2), -1)


def tiles(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), (2,))
    yield call(m(2, 3), (2, 1, 2))
    yield call(m(), (2, 2))


def in_a_row(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), 2)
    yield call(m(2, 3), 3, 1)
    yield call(m(2, 3), 1, 0)
    yield call(m(2, 3), 0, -1)
    yield call(m(3), np.array([1, 0, 2]))
    yield call(m(2, 3), np.array([2, 1]), 0)
    yield call(m(2, 3), np.array([2, 1, 0]), dim=1, output_size=3)
    yield call(np.array([2, 0, 3]))
    yield call(m(), 2)


def in_a_row_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), -1)
    yield call(m(3), np.array([1, 2]))
    yield call(m(3), np.array([1, -2, 1]))
    yield call(m(3), 2, 1)


def grids(m: Maker) -> Iterator[Call]:
    yield call(m(2), m(3), indexing="ij")
    yield call(m(2), m(3), m(), indexing="xy")
    yield call([m(2), m(3)], indexing="ij")


def grids_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2), m(3), indexing="ji")
    yield call(m(2, 2), m(3), indexing="ij")


def products(m: Maker) -> Iterator[Call]:
    yield call(m(2), m(3))
    yield call(m(2))
    yield call(m(2), m(1), m(2))


def products_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 2), m(3))


def choices(m: Maker) -> Iterator[Call]:
    yield call(m(4))
    yield call(m(4), 3)
    yield call(m(3), 2, True)
    yield call(m(3), r=0)
    yield call(m(2), r=3)


def choices_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 2))
    yield call(m(2), -1)


def blocks(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), m(1, 2))
    yield call(m(2), m(), m(2, 1))
    yield call(m(0, 2), m(2, 2))


def blocks_refused(m: Maker) -> Iterator[Call]:
    yield call(m(2, 2, 2))


def krons(m: Maker) -> Iterator[Call]:
    yield call(m(2, 3), m(3, 2))
    yield call(m(2), m(2, 3))
    yield call(m(), m(2))


def constant_borders(m: Maker) -> Iterator[Call]:
    yield call(m(3, 4), (1, 2))
    yield call(m(3, 4), (1, 2, 0, 3), "constant", 1)
    yield call(m(3, 4), (-1, 2))
    yield call(m(3, 4), (-2, -1, 1, 0))
    yield call(m(2, 0), (1, 1))
    yield call(m(2), ())


def constant_borders_refused(m: Maker) -> Iterator[Call]:
    yield call(m(3), (1, 2, 3))
    yield call(m(3), (1, 2, 3, 4))
    yield call(m(3), (-2, -2))
    yield call(m(3), (1, 1), "mirror")


def borders(mode: str):
    def samples(m: Maker) -> Iterator[Call]:
        yield call(m(2, 4), (2, 1), mode)
        yield call(m(2, 3, 4), (2, 1, 1, 2), mode)
        yield call(m(1, 2, 3, 4), (0, 1, 2, 0), mode)
        yield call(m(1, 3, 3, 4), (1, 2, 1, 1, 2, 1), mode)
        yield call(m(2, 3, 4), (2, 0), mode)

    return samples


def borders_refused(mode: str):
    def samples(m: Maker) -> Iterator[Call]:
        if mode != "replicate":
            yield call(m(2, 3), (4, 0), mode)
        yield call(m(3), (1, 1), mode)
        yield call(m(2, 3), (1, 1), mode, 2.0)
        yield call(m(2, 0), (1, 1), mode)

    return samples


def images(m: Maker) -> Iterator[Call]:
    yield call(m(1, 8, 2, 3), 2)
    yield call(m(9, 1, 2), 3)


def images_refused(m: Maker) -> Iterator[Call]:
    yield call(m(1, 3, 2, 3), 2)
    yield call(m(4, 3), 2)
    yield call(m(4, 2, 2), 0)


def fine_images(m: Maker) -> Iterator[Call]:
    yield call(m(1, 2, 4, 6), 2)
    yield call(m(1, 3, 6), 3)


def fine_images_refused(m: Maker) -> Iterator[Call]:
    yield call(m(1, 2, 3, 4), 2)


def classes(m: Maker) -> Iterator[Call]:
    yield call(m.index(2, 3, below=4))
    yield call(m.index(3, below=4), 6)
    yield call(np.array(2))
    yield call(np.zeros((0, 2), np.int64), 3)


def classes_refused(m: Maker) -> Iterator[Call]:
    yield call(np.array([-1, 2]))
    yield call(np.array([1, 2]), 2)
    yield call(np.zeros(0, np.int64))
    yield call(np.array([1.0]))


FLOATING = ("float32", "float64", "float16")

CASES = (
    *(Case(name, lists, DTYPES, lists_refused, out=True) for name in ("cat", "concat", "concatenate")),
    Case("stack", stacks, DTYPES, stacks_refused, out=True),
    Case("hstack", beside, DTYPES, beside_refused, out=True),
    Case("vstack", below, DTYPES, below_refused, out=True),
    Case("dstack", behind, DTYPES, out=True),
    Case("column_stack", columns, DTYPES, out=True),
    Case("tril", triangles, DTYPES, vector, out=True),
    Case("triu", triangles, DTYPES, vector, out=True),
    Case("tril_indices", triangle_places, ("int64",), triangle_places_refused, grad=False),
    Case("triu_indices", triangle_places, ("int64",), triangle_places_refused, grad=False),
    Case("diag", diagonals, DTYPES, deep, out=True),
    Case("diagflat", flat_diagonals, DTYPES),
    Case("diag_embed", embedded, DTYPES, embedded_refused),
    Case("flip", flips, DTYPES, flips_refused),
    Case("fliplr", matrices, DTYPES, vector),
    Case("flipud", matrices, DTYPES),
    Case("rot90", turns, DTYPES, turns_refused),
    Case("roll", rolls, DTYPES, rolls_refused),
    Case("Tensor.repeat", repeats, DTYPES, repeats_refused),
    Case("tile", tiles, DTYPES),
    Case("repeat_interleave", in_a_row, DTYPES, in_a_row_refused),
    Case("meshgrid", grids, DTYPES, grids_refused, forms=FORMS),
    Case("cartesian_prod", products, DTYPES, products_refused, forms=FORMS),
    Case("combinations", choices, DTYPES, choices_refused),
    Case("block_diag", blocks, DTYPES, blocks_refused),
    Case("kron", krons, FLOATING, out=True, forms=("plain", "strided", "offset")),  # torch refuses permuted ones
    Case("nn.functional.pad", constant_borders, DTYPES, constant_borders_refused, id="pad constant"),
    *(
        Case("nn.functional.pad", borders(mode), FLOATING, borders_refused(mode), id=f"pad {mode}", strides=False)
        for mode in ("reflect", "replicate", "circular")
    ),
    Case("nn.functional.pixel_shuffle", images, FLOATING, images_refused),
    Case("nn.functional.pixel_unshuffle", fine_images, FLOATING, fine_images_refused),
    Case("nn.functional.one_hot", classes, ("int64",), classes_refused, grad=False),
)
