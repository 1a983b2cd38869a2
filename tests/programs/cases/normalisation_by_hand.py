"""Layer, batch and group normalisation, written out beside the library's, with their gradients."""

import torch
import torch.nn.functional as F

x = torch.cos(torch.arange(48, dtype=torch.float64) ** 1.5).reshape(4, 6, 2).requires_grad_()
weight = torch.linspace(0.5, 1.5, 2, dtype=torch.float64, requires_grad=True)
bias = torch.tensor([0.1, -0.1], dtype=torch.float64, requires_grad=True)

mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, correction=0)
by_hand = (x - mean) / torch.sqrt(var + 1e-5) * weight + bias
given = F.layer_norm(x, (2,), weight, bias)
print((by_hand - given).abs().max() < 1e-10)
first = torch.autograd.grad((by_hand**3).sum(), (x, weight, bias))
second = torch.autograd.grad((given**3).sum(), (x, weight, bias))
for a, b in zip(first, second, strict=True):
    print(a.shape, torch.allclose(a, b))

running_mean, running_var = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)
batch = F.batch_norm(x, running_mean, running_var, training=True, momentum=0.1)
var, mean = torch.var_mean(x, dim=(0, 2), unbiased=False)
print(torch.allclose(batch, (x - mean[:, None]) / (var[:, None] + 1e-5).sqrt()))
print(running_mean)
print(running_var)
groups = F.group_norm(x, 3)
print(groups.square().mean(), groups.std())
print(groups[0])
RESULTS = {"given": given, "grad": second[0], "batch": batch, "running_var": running_var, "groups": groups}
