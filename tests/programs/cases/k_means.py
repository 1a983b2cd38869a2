"""Lloyd's algorithm over three clusters."""

import torch

t = torch.arange(30, dtype=torch.float64)
centres = torch.tensor([[0.0, 0.0], [4.0, 0.5], [1.0, 5.0]], dtype=torch.float64)
points = centres[torch.arange(30) % 3] + 0.6 * torch.stack((torch.sin(3 * t), torch.cos(5 * t)), -1)

means = points[:3].clone()
for _ in range(10):
    distances = torch.cdist(points, means)
    nearest, cluster = distances.min(dim=1)
    sums = torch.zeros_like(means).index_add_(0, cluster, points)
    counts = torch.bincount(cluster, minlength=3).unsqueeze(1)
    moved = sums / counts.clamp(min=1)
    if torch.allclose(moved, means):
        break
    means = moved

print(means)
print(cluster)
print(counts.flatten().tolist())
for k in range(3):
    members = points[cluster == k]
    print(k, members.shape, members.mean(0), members.std(dim=0, correction=0))
RESULTS = {"means": means, "cluster": cluster, "inertia": nearest.square().sum()}
