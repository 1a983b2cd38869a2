"""Random statements about gradients, and the end of a program, which asks for them."""

from __future__ import annotations

from typing import Any

from programs.statements import Scene


def autograd(s: Scene) -> str:
    a = s.floating()
    needs = s.floating(lambda t: t.requires_grad)
    small = f"({needs} * {needs}).sum()"
    return s.pick(
        (
            f"{a}.requires_grad_()",
            f"{a} = {a}.detach()",
            f"{a}.detach_()",
            f"{needs}.retain_grad()",
            f"{needs}.register_hook(lambda g: g * 2)",
            f"{needs}.register_hook(lambda g: None)",
            f"{small}.backward()",
            f"{needs}.sum().backward(retain_graph=True)",
            f"{needs}.backward(torch.ones_like({needs}), retain_graph=True)",
            f"{needs}.grad = None",
            f"{needs}.grad.zero_()",
            f"{a}.requires_grad_(False)",
            f"g{a} = torch.autograd.grad({small}, {s.any()}, allow_unused=True)[0]",
            f"g{a} = torch.autograd.grad({small}, {needs}, create_graph=True)[0]",
            f"g{a} = {needs}.detach().clone().requires_grad_()",
        )
    )


def observe(s: Scene) -> str:
    """What a program learns of a tensor besides its elements."""
    a = s.any()
    one = s.any(lambda t: t.numel() == 1)
    return s.pick(
        (
            f"{one}.item()",
            f"{a}.tolist()" if not s.of(a).is_floating_point() else f"{a}.shape",
            f"{a}.size()",
            f"{a}.stride()",
            f"{a}.numel()",
            f"{a}.element_size()",
            f"len({a})",
            f"{a}.dtype == torch.float32",
            f"bool({one})",
            f"torch.equal({a}, {s.any()})",
            f"torch.result_type({a}, {s.operand(a)})",
            f"{a}.is_leaf",
            f"str({a}.shape)",
            f"{a}.nbytes",
            "torch.is_grad_enabled()",
            f"str({a}.size(-1))",
        )
    )


def ending(tensors: dict[str, Any]) -> list[str]:
    """Lines that give every leaf its gradient, by all ways on which it was used."""
    wanted = [n for n, t in tensors.items() if t.requires_grad and t.numel() and t.dtype.itemsize > 2]
    if not wanted:
        return []
    terms = [f"({n}.double() * torch.arange(1, {tensors[n].numel()} + 1).view({n}.shape)).sum()" for n in wanted]
    return [f"total = {' + '.join(terms)}", "total.backward()"]
