"""Writing through views: what shares memory, what versions count, what gradients see of it."""

import torch

grid = torch.zeros(4, 5)
border = grid[1:-1, 1:-1]
border += 1
grid.diagonal().fill_(7)
grid.t()[0] = torch.arange(4.0)
grid.view(-1)[::6].mul_(-1)
print(grid)
print(grid._version, border._version, border._base is grid, border.storage_offset(), border.stride())
print(border.is_contiguous(), border.contiguous().stride(), border.data_ptr() - grid.data_ptr())

rows = grid.unbind(0)
rows[0].add_(100)
top, bottom = grid.split(2)
bottom[:, 1] = top[:, 0]
grid[grid > 50] = 0.5
grid[[0, 2], [1, 3]] = torch.tensor([-1.0, -2.0])
grid[:, -1] += torch.tensor([1.0, 2.0, 3.0, 4.0])
print(grid)
even = torch.as_strided(grid, (2, 3), (10, 2))
even.zero_()
print(grid)

x = torch.arange(6.0, requires_grad=True)
y = x * 2
y[1:3] *= 10
y.view(2, 3)[:, 0] = y[5]
z = y.clone()
z[z > 50] = 0
z.sum().backward()
print(y)
print(x.grad)

base = torch.ones(3, requires_grad=True)
try:
    base[0] = 5
except RuntimeError as error:
    print(type(error).__name__ != "", "leaf" in str(error))
a = (base * 3).exp()
a.add_(1)
try:
    a.sum().backward()
except RuntimeError as error:
    print("modified by an inplace operation" in str(error))
with torch.no_grad():
    base[0] = 5
print(base, base._version)
RESULTS = {"grid": grid, "y": y, "x_grad": x.grad}
