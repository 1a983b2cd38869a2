"""Gradients seen and changed on their way: hooks, clipping by value and by norm, checkpoints."""

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

w1 = torch.linspace(-1, 1, 12).view(3, 4).requires_grad_()
w2 = torch.linspace(2, -2, 8).view(4, 2).requires_grad_()
x = torch.tensor([[1.0, -2.0, 0.5], [0.3, 0.1, -0.4]])
seen = {}

handle = w1.register_hook(lambda grad: grad.clamp(-0.5, 0.5))
w2.register_hook(lambda grad: seen.update(w2=grad.norm().item()))
hidden = F.relu(x @ w1)
hidden.register_hook(lambda grad: seen.update(hidden=tuple(grad.shape)))
hidden.retain_grad()
loss = F.mse_loss(hidden @ w2, torch.ones(2, 2))
loss.backward()
print(loss)
print({k: round(v, 4) if isinstance(v, float) else v for k, v in sorted(seen.items())})
print(w1.grad, w1.grad.abs().max() <= 0.5)
print(hidden.grad)

handle.remove()
w1.grad = w2.grad = None
F.mse_loss(F.relu(x @ w1) @ w2, torch.ones(2, 2)).backward()
total = torch.nn.utils.clip_grad_norm_([w1, w2], max_norm=1.0)
print(total, torch.cat([w1.grad.flatten(), w2.grad.flatten()]).norm())


def block(t, first, second):
    return torch.tanh(t @ first) @ second


plain = torch.autograd.grad(block(x, w1, w2).sum(), (w1, w2))
again = torch.autograd.grad(checkpoint(block, x, w1, w2, use_reentrant=False).sum(), (w1, w2))
print([torch.equal(a, b) for a, b in zip(plain, again, strict=True)])
RESULTS = {"w1": w1.grad, "w2": w2.grad, "plain": plain[0]}
