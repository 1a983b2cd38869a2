"""Orthogonal vectors by Gram-Schmidt beside QR, and what can be done with them."""

import torch

vectors = torch.tensor([[2.0, 1.0, 0.0, 1.0], [1.0, 3.0, 1.0, 0.0], [0.0, 1.0, 4.0, 1.0]], dtype=torch.float64)
basis = []
for v in vectors:
    w = v.clone()
    for q in basis:
        w -= torch.dot(q, w) * q
    basis.append(w / torch.linalg.norm(w))
q = torch.stack(basis)
print(q)
print((q @ q.T).round(decimals=6).abs())
reduced, r = torch.linalg.qr(vectors.T)
signs = torch.sign(torch.diagonal(r))
print(torch.allclose((reduced * signs).T, q))

square = vectors[:, :3] + vectors[:, :3].T
print(torch.linalg.det(square), torch.trace(square), torch.linalg.matrix_rank(square))
inverse = torch.linalg.inv(square)
print(inverse)
values, axes = torch.linalg.eigh(square)
print(values)
print(torch.allclose(axes @ torch.diag(values) @ axes.mT, square))
lower = torch.linalg.cholesky(square @ square + torch.eye(3))
print(lower.tril().equal(lower))
projected = torch.einsum("ij,kj,kl->il", vectors, q, q)
print(torch.allclose(projected, vectors))
RESULTS = {"q": q, "inverse": inverse, "values": values, "lower": lower}
