"""Attention and the encoder of a transformer.

Source: Vaswani et al., "Attention Is All You Need", 2017.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.errors import ArgumentError, DTypeError, RangeError, ShapeError
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.containers import ModuleList
from tensorlab.nn.layers.dropout import Dropout
from tensorlab.nn.layers.linear import Linear, new_parameter
from tensorlab.nn.layers.normalisation import LayerNorm
from tensorlab.nn.module import Module

MaybeTensor = Tensor | None


class NonDynamicallyQuantizableLinear(Linear):
    """The layer behind attention, under the name that it has in torch, where it prints."""


class MultiheadAttention(Module):
    """Attention in several heads side by side, each on its share of the embedding.

    Shape: query ``[L, N, E]``, key and value ``[S, N, E] -> [L, N, E]`` and weights ``[N, L, S]``; ``[N, L, E]`` with
           ``batch_first``, or without N.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,  # noqa: FBT001 - torch's signature
        add_bias_kv: bool = False,  # noqa: FBT001
        add_zero_attn: bool = False,  # noqa: FBT001
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if add_bias_kv or add_zero_attn:
            raise RangeError("MultiheadAttention: add_bias_kv and add_zero_attn are not taken, got True")
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ShapeError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.head_dim = embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        same = self.kdim == embed_dim == self.vdim
        self.register_parameter(
            "in_proj_weight", new_parameter(3 * embed_dim, embed_dim, dtype=dtype) if same else None
        )
        for name, inputs in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            weight = None if same else new_parameter(embed_dim, inputs, dtype=dtype)
            self.register_parameter(f"{name}_proj_weight", weight)
        self.register_parameter("in_proj_bias", new_parameter(3 * embed_dim, dtype=dtype) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Xavier's uniform numbers for the weights, 0 for the biases."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: MaybeTensor = None,
        need_weights: bool = True,  # noqa: FBT001
        attn_mask: MaybeTensor = None,
        average_attn_weights: bool = True,  # noqa: FBT001
        is_causal: bool = False,  # noqa: FBT001
    ) -> tuple[Tensor, MaybeTensor]:
        """Attention of ``query`` to ``key``, as weights of ``value``; masks are True where not to look, or are added.

        Raises: `ShapeError` for tensors or masks that do not fit.
        """
        alone = len(query.shape) == 2
        if len(query.shape) not in (2, 3):
            raise ShapeError(f"MultiheadAttention: expected query of 2 or 3 dimensions, got {len(query.shape)}")
        if is_causal and attn_mask is None:
            raise ArgumentError("Need attn_mask if specifying the is_causal hint.")
        axis = 0 if self.batch_first or alone else 1
        q, k, v = (t.unsqueeze(0) if alone else t.transpose(0, 1) if axis else t for t in (query, key, value))
        q, k, v = (self._heads(t) for t in self._projected(q, k, v))
        mask = self._mask(q, k, attn_mask, key_padding_mask, alone=alone)
        if not need_weights:
            p = self.dropout if self.training else 0.0
            joined = F.scaled_dot_product_attention(q, k, v, mask, p)
            weights = None
        else:
            scores = (q * (1 / math.sqrt(self.head_dim))).matmul(k.transpose(-2, -1))
            shares = (scores if mask is None else scores + mask).softmax(-1)
            dropped = F.dropout(shares, self.dropout, self.training)
            joined = dropped.matmul(v)
            weights = dropped.mean(1) if average_attn_weights else dropped
        joined = joined.transpose(1, 2).reshape((q.shape[0], q.shape[2], self.embed_dim))
        result = self.out_proj(joined)
        result = result.squeeze(0) if alone else result.transpose(0, 1) if axis else result
        return result, weights.squeeze(0) if weights is not None and alone else weights

    def _projected(self, q: Tensor, k: Tensor, v: Tensor) -> list[Tensor]:
        biases: Any = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        if self.in_proj_weight is not None:
            if q is k is v:
                return list(F.linear(q, self.in_proj_weight, self.in_proj_bias).chunk(3, -1))
            weights = self.in_proj_weight.chunk(3)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        return [F.linear(t, w, b) for t, w, b in zip((q, k, v), weights, biases, strict=True)]

    def _heads(self, t: Tensor) -> Tensor:
        """``[N, L, E] -> [N, heads, L, E / heads]``."""
        return t.reshape((*t.shape[:2], self.num_heads, self.head_dim)).transpose(1, 2)

    def _mask(
        self, q: Tensor, k: Tensor, attn_mask: MaybeTensor, key_padding_mask: MaybeTensor, *, alone: bool
    ) -> MaybeTensor:
        """Both masks as one that is added."""
        total: MaybeTensor = None
        if attn_mask is not None:
            total = _added(attn_mask, q.dtype, "attn_mask")
            if len(attn_mask.shape) == 3:
                total = total.reshape((q.shape[0], self.num_heads, *attn_mask.shape[1:]))
            elif tuple(attn_mask.shape) != (q.shape[2], k.shape[2]):
                wanted = (q.shape[2], k.shape[2])
                raise ShapeError(f"The shape of the 2D attn_mask is {tuple(attn_mask.shape)}, but should be {wanted}.")
        if key_padding_mask is not None:
            padding = key_padding_mask.unsqueeze(0) if alone else key_padding_mask
            padding = _added(padding, q.dtype, "key_padding_mask")
            if tuple(padding.shape) != (q.shape[0], k.shape[2]):
                raise ShapeError(
                    f"expected key_padding_mask of shape {(q.shape[0], k.shape[2])}, got {tuple(padding.shape)}"
                )
            padding = padding[:, None, None, :]
            total = padding if total is None else total + padding
        return total


def _added(mask: Tensor, dtype: DType, name: str) -> Tensor:
    """A mask that is True where not to look, as one that is added.

    Raises: `DTypeError` for a mask of integers.
    """
    if mask.dtype.is_floating_point:
        return mask
    if mask.dtype.name != "bool":
        raise DTypeError(f"only bool and floating types of {name} are supported")
    return mask.new_zeros(tuple(mask.shape), dtype=dtype).masked_fill(mask, -math.inf)


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself, then two linear layers; each around a residual, normalised after or before."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,  # noqa: FBT001
        norm_first: bool = False,  # noqa: FBT001
        bias: bool = True,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise RangeError(f"activation should be relu/gelu, not {activation}")
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(
        self,
        src: Tensor,
        src_mask: MaybeTensor = None,
        src_key_padding_mask: MaybeTensor = None,
        is_causal: bool = False,  # noqa: FBT001
    ) -> Tensor:
        x = src
        if self.norm_first:
            x = x + self._attended(self.norm1(x), src_mask, src_key_padding_mask)
            return x + self._fed(self.norm2(x))
        x = self.norm1(x + self._attended(x, src_mask, src_key_padding_mask))
        return self.norm2(x + self._fed(x))

    def _attended(self, x: Tensor, mask: MaybeTensor, padding: MaybeTensor) -> Tensor:
        result, _ = self.self_attn(x, x, x, key_padding_mask=padding, need_weights=False, attn_mask=mask)
        return self.dropout1(result)

    def _fed(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other."""

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,  # noqa: FBT001
        mask_check: bool = True,  # noqa: FBT001
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: MaybeTensor = None,
        src_key_padding_mask: MaybeTensor = None,
        is_causal: bool | None = None,  # noqa: FBT001
    ) -> Tensor:
        x = src
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask)
        return x if self.norm is None else self.norm(x)


def generate_square_subsequent_mask(size: int) -> Tensor:
    """A mask that is added: 0 at a row's own place and before, minus infinity after."""
    from tensorlab.core.dtype import float32
    from tensorlab.core.tensor import empty

    mask: Any = empty(float32, (size, size))
    return mask.fill_(-math.inf).triu(1)
