"""A line through points: gradient descent by hand, then the normal equations."""

import torch

x = torch.linspace(-1, 1, 20).unsqueeze(1)
y = 3 * x - 0.5 + 0.1 * torch.sin(40 * x)

w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(200):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= 0.3 * p.grad
            p.grad.zero_()
    if step % 50 == 0:
        print(f"step {step}: loss {loss.item():.4f}")

print(w, b)
print(loss)
ones = torch.cat([x, torch.ones_like(x)], dim=1)
exact = torch.linalg.lstsq(ones, y).solution
normal = torch.linalg.solve(ones.T @ ones, ones.T @ y)
print(exact.squeeze())
RESULTS = {"w": w, "b": b, "exact": exact, "normal": normal}
