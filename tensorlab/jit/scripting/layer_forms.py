# ruff: noqa: B905, C416, FBT001, SIM102, UP006, UP045 - torch's signatures; scripts say Optional and Tuple
"""Forms of the layers that go over their own options in Python. Scripting reads them; Python never runs them."""

from __future__ import annotations

import math
from typing import Any, List, Optional, Tuple  # noqa: UP035

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, ShapeError
from tensorlab.jit.scripting.names import OPS as ops
from tensorlab.nn import functional as F


def _check_rank(self: Any, input: Tensor) -> None:
    if input.dim() != self._ranks[0] and input.dim() != self._ranks[-1]:
        least, most = f"{self._ranks[0]}D", f"{self._ranks[-1]}D"
        takes = least if len(self._ranks) == 1 else f"{least} or {most}"
        raise ShapeError(f"{self.original_name}: expected {takes} input (got {input.dim()}D input)")


def batch_norm(self: Any, input: Tensor) -> Tensor:
    _check_rank(self, input)
    factor = 0.0 if self.momentum is None else self.momentum
    if self.num_batches_tracked is not None:
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                factor = 1.0 / int(self.num_batches_tracked)
    if self.running_mean is None:
        return F.batch_norm(input, None, None, self.weight, self.bias, True, factor, self.eps)
    of_batch = self.training
    if self.track_running_stats:
        statistics = (self.running_mean, self.running_var)
        return F.batch_norm(input, *statistics, self.weight, self.bias, of_batch, factor, self.eps)
    if of_batch:
        return F.batch_norm(input, None, None, self.weight, self.bias, True, factor, self.eps)
    return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, False, factor, self.eps)


def instance_norm(self: Any, input: Tensor) -> Tensor:
    _check_rank(self, input)
    alone = input.dim() == self._ranks[0]
    batch = input.unsqueeze(0) if alone else input
    statistics = (self.running_mean, self.running_var, self.weight, self.bias)
    momentum = 0.0 if self.momentum is None else self.momentum
    if self.track_running_stats:
        if self.training:
            result = F.instance_norm(batch, *statistics, True, momentum, self.eps)
        else:
            result = F.instance_norm(batch, *statistics, False, momentum, self.eps)
    else:
        result = F.instance_norm(batch, *statistics, True, momentum, self.eps)
    return result.squeeze(0) if alone else result


def _edges(self: Any, dims: int) -> List[int]:
    """What ``pad`` takes for a padding that is not of zeros: the last dimension first."""
    first = _edge(self, 0)
    if dims == 1:
        return [first[0], first[1]]
    last = _edge(self, 1)
    return [last[0], last[1], first[0], first[1]]


def _edge(self: Any, at: int) -> Tuple[int, int]:
    if not isinstance(self.padding, str):
        return self.padding[at], self.padding[at]
    total = self.dilation[at] * (self.kernel_size[at] - 1) if self.padding == "same" else 0
    return total // 2, total - total // 2


def conv1d(self: Any, input: Tensor) -> Tensor:
    if self.padding_mode == "zeros":
        return F.conv1d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
    padded = F.pad(input, _edges(self, 1), mode=self.padding_mode)
    return F.conv1d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def conv2d(self: Any, input: Tensor) -> Tensor:
    if self.padding_mode == "zeros":
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
    padded = F.pad(input, _edges(self, 2), mode=self.padding_mode)
    return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def _rest(self: Any, input: Tensor, output_size: Any, dims: int) -> List[int]:
    """How much longer than the shortest a transposed convolution's output is to be."""
    if output_size is None:
        return [n for n in self.output_padding]
    leading = input.dim() - dims
    wanted = output_size[leading:] if len(output_size) == leading + dims else output_size
    if len(wanted) != dims:
        raise ShapeError(f"output_size must have {dims} or {leading + dims} elements (got {len(output_size)})")
    rest: List[int] = []
    for d, (step, kernel, edge, gap) in enumerate(zip(self.stride, self.kernel_size, self.padding, self.dilation)):
        least = (input.shape[leading + d] - 1) * step - 2 * edge + gap * (kernel - 1) + 1
        if wanted[d] < least or wanted[d] > least + step - 1:
            raise ShapeError(f"requested an output size of {wanted}, which no input of {input.shape} gives")
        rest.append(wanted[d] - least)
    return rest


def conv_transpose1d(self: Any, input: Tensor, output_size: Optional[List[int]] = None) -> Tensor:
    rest = _rest(self, input, output_size, 1)
    return ops.aten.conv_transpose1d(
        input, self.weight, self.bias, self.stride, self.padding, rest, self.groups, self.dilation
    )


def conv_transpose2d(self: Any, input: Tensor, output_size: Optional[List[int]] = None) -> Tensor:
    rest = _rest(self, input, output_size, 2)
    return ops.aten.conv_transpose2d(
        input, self.weight, self.bias, self.stride, self.padding, rest, self.groups, self.dilation
    )


# Recurrent cells


def _start(self: Any, input: Tensor) -> Tensor:
    if input.dim() not in [1, 2] or input.size(-1) != self.input_size:
        raise ShapeError(
            f"{self.original_name}: expected input of shape [N, {self.input_size}] or [{self.input_size}], got "
            f"{input.shape}"
        )
    return ops.aten.zeros(list(input.shape[:-1]) + [self.hidden_size], dtype=input.dtype)


def rnn_cell(self: Any, input: Tensor, hx: Optional[Tensor] = None) -> Tensor:
    start = _start(self, input)
    hidden = start if hx is None else hx
    total = F.linear(input, self.weight_ih, self.bias_ih) + F.linear(hidden, self.weight_hh, self.bias_hh)
    return total.tanh() if self.nonlinearity == "tanh" else total.relu()


def lstm_cell(self: Any, input: Tensor, hx: Optional[Tuple[Tensor, Tensor]] = None) -> Tuple[Tensor, Tensor]:
    start = _start(self, input)
    hidden, cell = (start, start) if hx is None else hx
    gates = F.linear(input, self.weight_ih, self.bias_ih) + F.linear(hidden, self.weight_hh, self.bias_hh)
    take, keep, new, give = gates.chunk(4, -1)
    after = keep.sigmoid() * cell + take.sigmoid() * new.tanh()
    return give.sigmoid() * after.tanh(), after


def gru_cell(self: Any, input: Tensor, hx: Optional[Tensor] = None) -> Tensor:
    start = _start(self, input)
    hidden = start if hx is None else hx
    reset_x, update_x, new_x = F.linear(input, self.weight_ih, self.bias_ih).chunk(3, -1)
    reset_h, update_h, new_h = F.linear(hidden, self.weight_hh, self.bias_hh).chunk(3, -1)
    update = (update_x + update_h).sigmoid()
    new = (new_x + (reset_x + reset_h).sigmoid() * new_h).tanh()
    return new + update * (hidden - new)


# Attention


def _added(mask: Tensor, like: Tensor) -> Tensor:
    """A mask that is True where not to look, as one that is added."""
    if mask.is_floating_point():
        return mask
    return ops.aten.zeros(mask.shape, dtype=like.dtype).masked_fill(mask, -math.inf)


def _weight(self: Any, part: int) -> Any:
    if self.in_proj_weight is not None:
        return self.in_proj_weight.chunk(3)[part]
    if part == 0:
        return self.q_proj_weight
    return self.k_proj_weight if part == 1 else self.v_proj_weight


def _heads(self: Any, x: Tensor, part: int) -> Tensor:
    """One of query, key and value through its weights, by head: ``[N, L, E] -> [N, heads, L, E / heads]``."""
    bias = None if self.in_proj_bias is None else self.in_proj_bias.chunk(3)[part]
    projected = F.linear(x, _weight(self, part), bias)
    return projected.reshape([x.size(0), x.size(1), self.num_heads, self.head_dim]).transpose(1, 2)


def multihead_attention(
    self: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Optional[Tensor] = None,
    need_weights: bool = True,
    attn_mask: Optional[Tensor] = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Tuple[Tensor, Optional[Tensor]]:
    alone = query.dim() == 2
    if query.dim() not in [2, 3]:
        raise ShapeError(f"MultiheadAttention: expected query of 2 or 3 dimensions, got {query.dim()}")
    if is_causal and attn_mask is None:
        raise ArgumentError("Need attn_mask if specifying the is_causal hint.")
    turned = not self.batch_first and not alone
    q = query.unsqueeze(0) if alone else query.transpose(0, 1) if turned else query
    k = key.unsqueeze(0) if alone else key.transpose(0, 1) if turned else key
    v = value.unsqueeze(0) if alone else value.transpose(0, 1) if turned else value
    q, k, v = _heads(self, q, 0), _heads(self, k, 1), _heads(self, v, 2)
    scores = (q * (1 / math.sqrt(self.head_dim))).matmul(k.transpose(-2, -1))
    if attn_mask is not None:
        total = _added(attn_mask, q)
        if attn_mask.dim() == 3:
            total = total.reshape([q.size(0), self.num_heads, attn_mask.size(1), attn_mask.size(2)])
        scores = scores + total
    if key_padding_mask is not None:
        padding = key_padding_mask.unsqueeze(0) if alone else key_padding_mask
        scores = scores + _added(padding, q)[:, None, None, :]
    dropped = F.dropout(scores.softmax(-1), self.dropout, self.training)
    joined = dropped.matmul(v).transpose(1, 2).reshape([q.size(0), q.size(2), self.embed_dim])
    result = self.out_proj(joined)
    result = result.squeeze(0) if alone else result.transpose(0, 1) if turned else result
    if not need_weights:
        return result, None
    weights = dropped.mean(1) if average_attn_weights else dropped
    return result, weights.squeeze(0) if alone else weights
