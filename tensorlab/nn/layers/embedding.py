"""Embeddings: rows of a table by number."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor, no_grad
from tensorlab.core.dtype import DType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module
from tensorlab.nn.parameter import Parameter


class Embedding(Module):
    """A table of ``num_embeddings`` rows, looked up by number; row ``padding_idx`` starts at 0 and gets no gradient.

    Shape: ``[*] -> [*, embedding_dim]``.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,  # noqa: FBT001 - torch's signature
        sparse: bool = False,  # noqa: FBT001
        _weight: Tensor | None = None,
        _freeze: bool = False,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise RangeError(f"Embedding: padding_idx {padding_idx} must be within num_embeddings {num_embeddings}")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if _weight is None:
            self.weight = new_parameter(num_embeddings, embedding_dim, dtype=dtype)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ShapeError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Normal numbers; the padding row is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,  # noqa: FBT001
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,  # noqa: FBT001
        sparse: bool = False,  # noqa: FBT001
    ) -> Embedding:
        """A table that is there already.

        Raises: `ShapeError` for what is no matrix.
        """
        if len(embeddings.shape) != 2:
            raise ShapeError("Embedding: embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, columns, *options, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        options = (self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return F.embedding(input, self.weight, self.padding_idx, *options)

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        for name, default in (("padding_idx", None), ("max_norm", None), ("norm_type", 2)):
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        for name in ("scale_grad_by_freq", "sparse"):
            if getattr(self, name):
                parts.append(f"{name}=True")
        return ", ".join(parts)
