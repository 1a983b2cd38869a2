"""The modules whose public names are tensorlab's: each has tables of functions and methods, from name to function.

``FUNCTIONS`` are names of the package (``tl.sin``), ``METHODS`` of Tensor, ``LINALG`` of ``tl.linalg``, ``FUNCTIONAL``
of ``tl.nn.functional``. A later module's entry replaces an earlier one's of the same name.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tensorlab.ops import (
    activation_functions,
    comparison_functions,
    conversion,
    dtypes,
    elementary_functions,
    factories,
    functions,
    generator,
    image_functions,
    index_functions,
    inquiries,
    interchange,
    joining_functions,
    linalg_functions,
    loss_functions,
    matrix_functions,
    neighbours,
    neural_functions,
    norm_functions,
    number_functions,
    operators,
    order_functions,
    pool_functions,
    product_functions,
    random_functions,
    rearranging_functions,
    reduce_functions,
    resize_functions,
    scatter_functions,
    splitting_functions,
    spread_functions,
    storage_functions,
    view_functions,
    view_in_place,
)

FAMILIES: tuple[ModuleType, ...] = (
    conversion,
    dtypes,
    factories,
    functions,
    elementary_functions,
    activation_functions,
    comparison_functions,
    number_functions,
    neighbours,
    operators,
    generator,
    random_functions,
    image_functions,
    pool_functions,
    joining_functions,
    rearranging_functions,
    splitting_functions,
    view_functions,
    view_in_place,
    reduce_functions,
    resize_functions,
    order_functions,
    spread_functions,
    product_functions,
    linalg_functions,
    matrix_functions,
    norm_functions,
    neural_functions,
    loss_functions,
    index_functions,
    inquiries,
    interchange,
    scatter_functions,
    storage_functions,
)

TABLES = ("FUNCTIONS", "METHODS", "LINALG", "FUNCTIONAL")


def table(name: str) -> dict[str, Any]:
    """All entries of one of `TABLES`."""
    found: dict[str, Any] = {}
    for family in FAMILIES:
        found.update(getattr(family, name, {}))
    return found


def homes(name: str) -> dict[str, str]:
    """The module that holds each public name of one of `TABLES`."""
    return {key: family.__name__ for family in FAMILIES for key in getattr(family, name, {})}
