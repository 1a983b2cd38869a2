"""Principal components by SVD, and the first one by power iteration."""

import torch

t = torch.linspace(0, 6, 50, dtype=torch.float64)
data = torch.stack([torch.sin(t), 2 * torch.sin(t) + 0.1 * torch.cos(7 * t), torch.cos(t) * 0.3, t / 10], dim=1)
centred = data - data.mean(dim=0, keepdim=True)
u, s, vh = torch.linalg.svd(centred, full_matrices=False)
share = s.square() / s.square().sum()
print(share)
print(u.shape, s.shape, vh.shape)

covariance = torch.cov(data.T)
v = torch.ones(4, dtype=torch.float64)
for _ in range(50):
    v = covariance @ v
    v = v / v.norm()
value = torch.dot(v, covariance @ v)
print(value, torch.linalg.eigvalsh(covariance)[-1])
print((vh[0].abs() - v.abs()).abs().max() < 1e-6)

low = centred @ vh[:2].T @ vh[:2]
error = torch.linalg.norm(centred - low)
print(f"{error:.4f}")
RESULTS = {"share": share, "value": value, "low": low, "error": error}
