"""Multi-head attention with a causal mask, written out and as one function."""

import math

import torch
import torch.nn.functional as F

batch, heads, length, size = 2, 2, 5, 4
x = torch.sin(torch.arange(batch * length * heads * size, dtype=torch.float32)).view(batch, length, heads * size)
x.requires_grad_()
weights = [torch.cos(torch.arange(64.0) * k).view(8, 8) / 3 for k in (1.1, 1.7, 2.3)]
q, k, v = (F.linear(x, w).view(batch, length, heads, size).transpose(1, 2) for w in weights)
print(q.shape, q.stride(), q.is_contiguous())

scores = q @ k.transpose(-2, -1) / math.sqrt(size)
mask = torch.ones(length, length, dtype=torch.bool).tril()
scores = scores.masked_fill(~mask, float("-inf"))
attention = torch.softmax(scores, dim=-1)
print(attention[0, 0])
by_hand = (attention @ v).transpose(1, 2).reshape(batch, length, heads * size)
at_once = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
print(torch.allclose(by_hand, at_once, atol=1e-6))

by_hand.pow(2).sum().backward()
print(x.grad.shape, x.grad[0, 0])
RESULTS = {"attention": attention, "out": by_hand, "grad": x.grad}
