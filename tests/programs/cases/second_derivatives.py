"""Newton's method, Hessians, products of Hessians and vectors, and a penalty on the gradient."""

import torch


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


point = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
for step in range(8):
    value = rosenbrock(point)
    (gradient,) = torch.autograd.grad(value, point, create_graph=True)
    hessian = torch.stack([torch.autograd.grad(g, point, retain_graph=True)[0] for g in gradient])
    with torch.no_grad():
        point -= torch.linalg.solve(hessian, gradient)
    print(step, f"{value.item():.6f}")
print(point)
print(hessian)

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x.prod() * x.sin()).sum()
(g,) = torch.autograd.grad(y, x, create_graph=True)
print(g)
v = torch.tensor([1.0, 0.0, -1.0])
(product,) = torch.autograd.grad(g, x, grad_outputs=v, retain_graph=True)
print(product)
dot = (g * v).sum()
dot.backward()
print(torch.equal(product, x.grad))

w = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
data = torch.tensor([[1.0, 2.0], [-1.0, 0.5]], requires_grad=True)
score = torch.tanh(data @ w).sum()
(slope,) = torch.autograd.grad(score, data, create_graph=True)
penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
(score + 10 * penalty).backward()
print(penalty)
print(w.grad)
RESULTS = {"point": point, "hessian": hessian, "product": product, "w_grad": w.grad}
