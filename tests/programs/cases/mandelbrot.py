"""How soon points of the plane escape, without complex numbers."""

import torch

re, im = torch.meshgrid(torch.linspace(-2, 0.5, 24), torch.linspace(-1, 1, 12), indexing="xy")
x, y = torch.zeros_like(re), torch.zeros_like(im)
steps = torch.zeros(re.shape, dtype=torch.int32)
inside = torch.ones_like(steps, dtype=torch.bool)
for _ in range(30):
    x, y = x * x - y * y + re, 2 * x * y + im
    inside = inside & (x * x + y * y <= 4)
    x = torch.where(inside, x, torch.zeros(()))
    y.masked_fill_(~inside, 0)
    steps += inside
print(steps.shape, steps.dtype, steps.max())
for line in steps:
    print("".join(" .:-=+*#%@"[min(int(n), 29) // 3] for n in line))
print(steps[:, 8:14])
print(inside.float().mean())
RESULTS = {"steps": steps, "histogram": torch.bincount(steps.flatten(), minlength=31)}
