"""The tables: one module a family of ops, each with its ``CASES``."""

from oracle.families import (
    activation,
    arithmetic,
    convolution,
    dtypes,
    elementary,
    factories,
    gather,
    indexing,
    joining,
    linalg,
    losses,
    matrix_products,
    neural,
    pooling,
    reduction,
    resizing,
    sorting,
    views,
)

FAMILIES = (
    convolution,
    pooling,
    resizing,
    linalg,
    matrix_products,
    activation,
    dtypes,
    elementary,
    factories,
    joining,
    losses,
    neural,
    reduction,
    sorting,
    arithmetic,
    views,
    gather,
    indexing,
)
CASES = tuple(case for family in FAMILIES for case in family.CASES)
