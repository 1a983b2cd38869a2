"""A small network from nn, fed in batches by a DataLoader, with an optimiser and a scheduler."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x = torch.sin(torch.arange(60.0) * 0.37).view(30, 2)
y = (x[:, 0] * x[:, 1] > 0).float().unsqueeze(1)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=False, drop_last=False)
print(len(loader), [len(batch) for batch, _ in loader])

model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
with torch.no_grad():
    for p in model.parameters():
        p.copy_(torch.cos(torch.arange(p.numel(), dtype=p.dtype) * 1.9).view_as(p))
print(model)
print([(name, tuple(p.shape)) for name, p in model.named_parameters()])
optimiser = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=5, gamma=0.5)
for epoch in range(10):
    total = 0.0
    for inputs, targets in loader:
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        total += loss.item() * len(inputs)
    scheduler.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch}: loss {total / 30:.3f}, rate {scheduler.get_last_lr()}")
model.eval()
with torch.inference_mode():
    predicted = torch.sigmoid(model(x))
print(((predicted > 0.5) == y.bool()).float().mean().item())
print(loss)
copy = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
print(copy.load_state_dict(model.state_dict()))
RESULTS = {"predicted": predicted.clone(), "first": model[0].weight}
