"""Every name of the standard is there, with the standard's parameters."""

from __future__ import annotations

import inspect
from typing import Any

import array_api_strict as strict
import pytest

import tensorlab.array_api as xp
from conformance import signatures

FUNCTIONS = signatures.FUNCTIONS.split("\n")[1:-1]
LINALG = signatures.LINALG.split("\n")[1:-1]


def written(function: Any, *, method: bool = False) -> str:
    """Parameters without annotations."""
    found = inspect.signature(function)
    parameters = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    return str(found.replace(parameters=parameters[method:], return_annotation=found.empty))


@pytest.mark.parametrize("line", FUNCTIONS)
def test_a_function(line: str) -> None:
    name = line.partition("(")[0]
    function = getattr(xp, name)
    assert name + written(function) == line
    assert function.__name__ == name and function.__doc__


@pytest.mark.parametrize("line", LINALG)
def test_a_function_of_linear_algebra(line: str) -> None:
    name = line.partition("(")[0]
    assert name + written(getattr(xp.linalg, name)) == line


@pytest.mark.parametrize("name", signatures.METHODS)
def test_a_method(name: str) -> None:
    assert written(getattr(xp.Array, name), method=True) == signatures.METHODS[name]


@pytest.mark.parametrize("name", signatures.INFO)
def test_a_function_of_the_inspection(name: str) -> None:
    assert written(getattr(xp.__array_namespace_info__(), name)) == signatures.INFO[name]


@pytest.mark.parametrize("name", signatures.ATTRIBUTES)
def test_an_attribute(name: str) -> None:
    assert not callable(getattr(xp.ones((1, 1)), name))


def test_the_table_leaves_no_function_of_the_standard_out() -> None:
    """`array_api_strict` goes on to 2025.12; what that version added is not here."""
    later = {"isin", "broadcast_shapes", "eig", "eigvals"}
    own_flags = {n for n in strict.__all__ if "strict_flags" in n}
    functions = {n for n in strict.__all__ if inspect.isfunction(getattr(strict, n))} - later - own_flags
    listed = {line.partition("(")[0] for line in FUNCTIONS}
    assert functions <= listed
    assert set(strict.linalg.__all__) - later <= {line.partition("(")[0] for line in LINALG}


@pytest.mark.parametrize("name", signatures.CONSTANTS)
def test_a_constant(name: str) -> None:
    value, expected = getattr(xp, name), getattr(strict, name)
    assert value is expected or value == expected or (value != value and expected != expected)


def test_the_version() -> None:
    assert xp.__array_api_version__ == "2024.12"
    assert not hasattr(xp, "fft")
