"""Counting: one-hot codes, scatters, histograms, unique values, sorting out by groups."""

import torch
import torch.nn.functional as F

values = (torch.arange(40) * 7919) % 13
groups = values % 4
codes = F.one_hot(groups, num_classes=4)
print(codes[:5], codes.dtype)
by_code = codes.sum(0)
by_scatter = torch.zeros(4, dtype=torch.int64).scatter_add_(0, groups, torch.ones_like(groups))
print(by_code, torch.equal(by_code, by_scatter), torch.equal(by_code, torch.bincount(groups)))

totals = torch.zeros(4).index_add(0, groups, values.float())
means = totals / by_code
print(means)
largest = torch.full((4,), -1).scatter_reduce(0, groups, values, reduce="amax")
print(largest)
found, inverse, counts = torch.unique(values, return_inverse=True, return_counts=True)
print(found, counts)
print(torch.equal(found[inverse], values))
ordered, order = torch.sort(values, stable=True)
print(ordered[:10], order[:10])
edges = torch.tensor([0, 3, 6, 9, 13])
bins = torch.bucketize(values, edges, right=True) - 1
print(torch.bincount(bins, minlength=4))
print(torch.histc(values.float(), bins=4, min=0, max=12))
table = torch.zeros(4, 13, dtype=torch.int32)
table.index_put_((groups, values), torch.ones(40, dtype=torch.int32), accumulate=True)
print(table)
print(values.float().quantile(torch.tensor([0.25, 0.5, 0.75])), values.median(), values.mode().values)
print(torch.cumsum(by_code, 0), values.view(5, 8).max(dim=1))
RESULTS = {"means": means, "table": table, "largest": largest, "inverse": inverse}
