"""A gated recurrent unit over a sequence, trained to remember the first element."""

import torch


def make(*shape, scale=0.3):
    count = torch.Size(shape).numel()
    return (scale * torch.sin(torch.arange(1.0, count + 1) * 1.7)).view(shape).requires_grad_()


hidden, length = 6, 5
w_x, w_h, b = make(3 * hidden, 1), make(3 * hidden, hidden), make(3 * hidden)
out = make(1, hidden)
parameters = [w_x, w_h, b, out]
sequence = torch.cos(torch.arange(length * 8.0)).view(length, 8, 1)
target = sequence[0]


def run(inputs):
    h = inputs.new_zeros(inputs.size(1), hidden)
    states = []
    for x in inputs.unbind(0):
        reset_x, update_x, new_x = (x @ w_x.t() + b).chunk(3, dim=1)
        reset_h, update_h, new_h = (h @ w_h.t()).chunk(3, dim=1)
        reset, update = torch.sigmoid(reset_x + reset_h), torch.sigmoid(update_x + update_h)
        new = torch.tanh(new_x + reset * new_h)
        h = torch.lerp(new, h, update)
        states.append(h)
    return torch.stack(states), h


losses = []
for _ in range(30):
    states, last = run(sequence)
    loss = (last @ out.T - target).square().mean()
    for p in parameters:
        p.grad = None
    loss.backward()
    norm = torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in parameters]))
    with torch.no_grad():
        for p in parameters:
            p.sub_(p.grad, alpha=0.3)
    losses.append(loss.detach())
print(states.shape, states.requires_grad)
print(torch.stack(losses)[::10])
print(norm)
RESULTS = {"losses": torch.stack(losses), "states": states, "w_h": w_h}
