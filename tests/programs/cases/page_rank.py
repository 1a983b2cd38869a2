"""Ranks of linked pages by power iteration over gathered edges, beside an eigenvector."""

import torch

links = [(0, 1), (0, 2), (1, 2), (2, 0), (3, 2), (3, 0), (4, 3), (1, 4), (4, 0)]
source, target = torch.tensor(links).T
n = int(torch.max(source.max(), target.max())) + 1
degree = torch.bincount(source, minlength=n).to(torch.float64)
rank = torch.full((n,), 1 / n, dtype=torch.float64)
for _ in range(100):
    flow = (rank / degree.clamp(min=1))[source]
    spread = torch.zeros_like(rank).scatter_add(0, target, flow)
    fresh = 0.15 / n + 0.85 * (spread + rank[degree == 0].sum() / n)
    change = (fresh - rank).abs().sum()
    rank = fresh
    if change < 1e-12:
        break
print(source, target, n)
print(rank, rank.sum())
print(rank.argsort(descending=True))

matrix = torch.zeros(n, n, dtype=torch.float64)
matrix[target, source] = 1
matrix = matrix / matrix.sum(0, keepdim=True)
full = 0.85 * matrix + 0.15 / n
print(torch.linalg.matrix_power(full, 60)[:, 0])
reach = (torch.matrix_power(matrix + torch.eye(n), n) > 0).int()
print(reach)
RESULTS = {"rank": rank, "matrix": matrix, "reach": reach}
