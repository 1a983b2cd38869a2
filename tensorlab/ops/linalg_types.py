"""What functions of linear algebra with several results give: tuples with torch's names for their parts."""

from __future__ import annotations

from typing import NamedTuple

from tensorlab.core.tensor import Tensor


class QR(NamedTuple):
    """An orthogonal and an upper triangular matrix."""

    Q: Tensor
    R: Tensor

    def __repr__(self) -> str:
        return _text("qr", self)


class Eigh(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor

    def __repr__(self) -> str:
        return _text("linalg_eigh", self)


class SVD(NamedTuple):
    """``U @ diag(S) @ Vh``."""

    U: Tensor
    S: Tensor
    Vh: Tensor

    def __repr__(self) -> str:
        return _text("linalg_svd", self)


class OldSVD(NamedTuple):
    """``U @ diag(S) @ V.mT``."""

    U: Tensor
    S: Tensor
    V: Tensor

    def __repr__(self) -> str:
        return _text("svd", self)


class SlogDet(NamedTuple):
    """A determinant as its sign and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor

    def __repr__(self) -> str:
        return _text("linalg_slogdet", self)


class LstSq(NamedTuple):
    """A solution by least squares, and what it leaves."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor

    def __repr__(self) -> str:
        return _text("linalg_lstsq", self)


def _text(name: str, result: tuple[Tensor, ...]) -> str:
    names: tuple[str, ...] = result._fields  # pyright: ignore[reportAttributeAccessIssue] - each is a named tuple
    parts = [f"{field}={part!r}" for field, part in zip(names, result, strict=True)]
    return f"tensorlab.return_types.{name}(\n" + ",\n".join(parts) + ")"
