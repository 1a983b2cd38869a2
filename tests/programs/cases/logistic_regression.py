"""Two classes in the plane, told apart with Adam written out."""

import torch
import torch.nn.functional as F

n = 40
angle = torch.arange(n) * 0.7
points = torch.stack([torch.cos(angle) + (angle % 2), torch.sin(1.3 * angle)], dim=1)
labels = (points[:, 0] + 0.5 * points[:, 1] > 0.8).long()
print(labels)
print(torch.bincount(labels))

weight = torch.zeros(2, 2, requires_grad=True)
bias = torch.zeros(2, requires_grad=True)
state = [(torch.zeros_like(p), torch.zeros_like(p)) for p in (weight, bias)]
for step in range(1, 61):
    logits = F.linear(points, weight, bias)
    loss = F.cross_entropy(logits, labels)
    grads = torch.autograd.grad(loss, (weight, bias))
    with torch.no_grad():
        for p, g, (m, v) in zip((weight, bias), grads, state, strict=True):
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            p.addcdiv_(m / (1 - 0.9**step), (v / (1 - 0.999**step)).sqrt() + 1e-8, value=-0.1)

print(loss)
predicted = logits.argmax(dim=1)
accuracy = (predicted == labels).float().mean()
print("accuracy", accuracy.item())
print(logits[:3])
confusion = torch.zeros(2, 2, dtype=torch.int64)
confusion.index_put_((labels, predicted), torch.tensor(1), accumulate=True)
print(confusion)
RESULTS = {"weight": weight, "bias": bias, "loss": loss, "confusion": confusion}
