"""What holds a storage besides its names: saved tensors, NumPy's arrays, tensors kept elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.sharing import describe


def kept_by(**names: object) -> list[tuple[str, ...]]:
    return [storage.kept_by for storage in describe(names).storages]


def test_names_alone() -> None:
    x = tl.ones(3)
    assert kept_by(x=x) == [()]
    assert kept_by(x=x, y=x[1:], s=x.storage(), a=x.numpy()) == [()]
    assert kept_by(array=np.zeros(3), many=[x, x, x[1:]]) == [(), ()]


def test_a_saved_tensor() -> None:
    p = tl.ones(3, requires_grad=True)
    y = p.tanh()
    assert kept_by(y=y) == [("a saved tensor of TanhBackward0",)]
    z = y.exp()
    assert kept_by(z=z, y=y) == [("a saved tensor of ExpBackward0",), ("a saved tensor of TanhBackward0",)]
    z.sum().backward()
    assert kept_by(y=y) == [()]


def test_a_numpy_array() -> None:
    x = tl.ones(3)
    array = x.numpy()[1:]
    assert kept_by(x=x) == [("an array without a name here",)]
    assert kept_by(x=x, array=array) == [()]


def test_a_tensor_elsewhere() -> None:
    x = tl.ones(3)
    elsewhere = {"deep": (x[:2],)}
    assert kept_by(x=x) == [("a tensor without a name here",)]
    assert kept_by(x=x, elsewhere=elsewhere) == [()]


def test_an_array_of_another_kind() -> None:
    torch = pytest.importorskip("torch")
    x = tl.ones(3)
    lent = torch.from_numpy(x.numpy())
    assert kept_by(x=x, lent=lent) == [()]
    assert kept_by(x=x) == [("an array without a name here",)]
