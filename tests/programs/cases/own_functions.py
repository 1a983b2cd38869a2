"""Functions with derivatives of one's own: rounding with a gradient, a clipped square root, a gradient turned round."""

import torch


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


class SafeRoot(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, eps):
        root = x.clamp(min=eps).sqrt()
        ctx.save_for_backward(root)
        ctx.eps = eps
        return root

    @staticmethod
    def backward(ctx, grad):
        (root,) = ctx.saved_tensors
        return grad / (2 * root), None


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return grad.neg()


x = torch.tensor([-0.6, 0.2, 1.7, 2.5], requires_grad=True)
rounded = Rounded.apply(x)
print(rounded)
(rounded * torch.arange(4.0)).sum().backward()
print(x.grad)

y = torch.tensor([0.0, 0.25, 4.0], dtype=torch.float64, requires_grad=True)
root = SafeRoot.apply(y, 0.01)
root.sum().backward()
print(root, y.grad)
print(root.requires_grad, root.is_leaf)

z = torch.ones(2, 2, requires_grad=True)
(Reversed.apply(z) * 3).sum().backward()
print(z.grad)
points = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(lambda t: SafeRoot.apply(t, 0.01), (points,)))
RESULTS = {"x": x.grad, "y": y.grad, "z": z.grad}
