"""Random statements that look at, place, join, choose and write elements."""

from __future__ import annotations

from typing import Any

from programs.statements import Scene, Unfit, literal


def view(s: Scene) -> str:
    a = s.any()
    t, d = s.of(a), s.dim(a)
    n, e = s.size(a, d), s.dim(a)
    start = s.integer(0, n)
    order = list(range(t.dim()))
    for i in range(len(order) - 1, 0, -1):
        j = s.integer(0, i)
        order[i], order[j] = order[j], order[i]
    return s.pick(
        (
            f"{a}.t()",
            f"{a}.T" if t.dim() == 2 else f"{a}.transpose({d}, {e})",
            f"{a}.mT",
            f"{a}.transpose({d}, {e})",
            f"{a}.permute({', '.join(map(str, order)) or '()'})",
            f"{a}.movedim({d}, {e})",
            f"{a}.unsqueeze({d})",
            f"{a}.squeeze()",
            f"{a}.squeeze({d})",
            f"{a}.flatten()",
            f"{a}.flatten({min(0, d)})",
            f"{a}.view(-1)",
            f"{a}.reshape(-1)",
            f"{a}.reshape({tuple(reversed(t.shape))})",
            f"{a}.view({tuple(reversed(t.shape))})",
            f"{a}.view({(1, *t.shape)})",
            f"{a}.narrow({d}, {start}, {s.integer(0, n - start)})",
            f"{a}.select({d}, {s.position(n)})",
            f"{a}.split({s.integer(1, 2)}, {d})[{s.integer(-1, 0)}]",
            f"{a}.chunk({s.integer(1, 3)}, {d})[{s.integer(-1, 0)}]",
            f"{a}.unbind({d})[{s.position(n)}]",
            f"torch.tensor_split({a}, {s.integer(1, 3)}, {d})[{s.integer(-1, 0)}]",
            f"{a}.diagonal()",
            f"{a}.diagonal({s.integer(-1, 1)}, {d}, {e})",
            f"{a}.expand({(s.integer(1, 3), *t.shape)})",
            f"{a}.expand_as({s.any()})",
            f"{a}.broadcast_to({(2, *t.shape)})",
            f"{a}.unfold({d}, {s.integer(1, max(n, 1))}, {s.integer(1, 2)})",
            f"{a}.as_strided({(2, 2)}, {(s.integer(0, 2), 1)})",
            f"{a}.as_strided({(2,)}, {(s.integer(0, 3),)}, {s.integer(0, 2)})",
            f"{a}.view(torch.{s.pick(('int32', 'uint8', 'int64', 'float32'))})"
            if t.dtype.itemsize < 0
            else f"{a}.ravel()",
            f"{a}.unflatten({d}, {(1, -1)})",
            f"{a}.swapaxes({d}, {e})",
            f"{a}.view_as({s.any()})",
            f"torch.atleast_2d({a})",
            f"{a}.detach()",
            f"{a}[{subscript(s, t)}]",
            f"{a}[{subscript(s, t)}]",
            f"{a}[{subscript(s, t)}]",
        )
    )


def rearrange(s: Scene) -> str:
    a = s.any()
    t, d = s.of(a), s.dim(a)
    return s.pick(
        (
            f"torch.flip({a}, ({d},))",
            f"torch.roll({a}, {s.integer(-2, 2)}, {d})",
            f"torch.roll({a}, 1)",
            f"torch.rot90({a}, {s.integer(1, 3)})",
            f"{a}.repeat({(s.integer(1, 2), *(1 for _ in t.shape))})",
            f"{a}.repeat_interleave({s.integer(1, 2)}, {d})" if t.dim() else f"{a}.repeat_interleave(2)",
            f"torch.tile({a}, (2,))",
            f"torch.tril({a}, {s.integer(-1, 1)})",
            f"torch.triu({a})",
            f"torch.diag({a})",
            f"torch.diag_embed({a})",
            f"torch.diff({a}, dim={d})",
            f"torch.trace({a})",
            f"F.pad({a}, ({s.integer(0, 2)}, {s.integer(-1, 1)}), value={s.integer(0, 2)})",
            f"torch.kron({a}, {s.any()})",
            f"torch.cov({a})",
            f"torch.meshgrid({a}, {s.any()}, indexing='ij')[0]",
            f"torch.combinations({a})",
        )
    )


def join(s: Scene) -> str:
    a = s.any()
    t, d = s.of(a), s.dim(a)
    b = s.any(lambda u: u.dim() == t.dim() and sum(x != y for x, y in zip(u.shape, t.shape, strict=True)) <= 1)
    if s.of(b).dim() and t.shape != s.of(b).shape and s.chance(90):
        d = next(i for i, (x, y) in enumerate(zip(t.shape, s.of(b).shape, strict=True)) if x != y)
    c = s.any(lambda u: u.shape == t.shape)
    return s.pick(
        (
            f"torch.cat([{a}, {b}], {d})",
            f"torch.cat(({b}, {a}, {a}), dim={d})",
            f"torch.stack([{a}, {c}], {d})",
            f"torch.hstack(({a}, {b}))",
            f"torch.vstack(({a}, {c}))",
            f"torch.column_stack(({a}, {c}))",
            f"torch.block_diag({a}, {b})",
        )
    )


# Indexing -------------------------------------------------------------------------------------------------------------


def subscript(s: Scene, t: Any) -> str:
    """What may stand in brackets after a tensor."""
    if not t.dim():
        return s.pick(("()", "...", "None", "True"))
    parts: list[str] = []
    rest = list(t.shape)
    wanted = s.integer(1, len(rest))
    while len(parts) < wanted:
        n = rest.pop(0)
        low = s.integer(-n - 1, n)
        many = [s.position(n) for _ in range(s.integer(1, 3))]
        names = [k for k, u in s.tensors.items() if str(u.dtype) in ("torch.int64",) and u.dim() <= 1 and _within(u, n)]
        masks = [k for k, u in s.tensors.items() if str(u.dtype) == "torch.bool" and tuple(u.shape) == (n,)]
        kinds = [
            *(str(s.position(n)), ":", f"{low}:", f":{low}", f"::{s.integer(1, 3)}", f"{low}:{s.integer(-1, n)}"),
            *(f"{low}::2", str(many), f"torch.tensor({many})", f"torch.tensor([{many}, {many[::-1]}])"),
            *(names or [":"]),
            *(masks or [str([bool(s.integer(0, 1)) for _ in range(n)])] if n else [":"]),
        ]
        parts.append(s.pick(kinds))
    if s.chance(15):
        parts.insert(s.integer(0, len(parts)), "None")
    if s.chance(15) and "..." not in parts:
        parts.append("...")
    if s.chance(5):
        parts.insert(0, "...")
    return ", ".join(parts) if len(parts) > 1 or not parts[0].startswith("(") else parts[0] + ","


def _within(u: Any, n: int) -> bool:
    return bool(u.numel()) and n > 0 and bool(((u >= -n) & (u < n)).all())


def mask(s: Scene) -> str:
    a = s.any()
    return s.pick(
        (
            f"{a}[{a} > 0]",
            f"{a}[({a} > 0).nonzero(as_tuple=True)]",
            f"torch.masked_select({a}, {a} != 0)",
            f"torch.nonzero({a})",
            f"torch.argwhere({a})",
            f"{a}.take(torch.tensor([0]))",
        )
    )


def gather(s: Scene) -> str:
    a = s.any(lambda t: t.dim() > 0 and t.numel() > 0)
    t = s.of(a)
    d = s.integer(0, t.dim() - 1)
    n = t.shape[d]
    size = tuple(s.integer(1, 4) if i == d else s.integer(1, m) for i, m in enumerate(t.shape))
    count = 1
    for m in size:
        count *= m
    from programs.statements import nested

    index = f"torch.tensor({nested([s.integer(0, n - 1) for _ in range(count)], size)})"
    flat = f"torch.tensor({[s.integer(0, n - 1) for _ in range(s.integer(1, 4))]})"
    reduce = s.pick(("sum", "amax", "amin", "prod", "mean"))
    one = f"torch.tensor({s.number(floating=False)}, dtype={a}.dtype)"
    src = s.any(lambda u: u.dim() == t.dim() and u.dtype == t.dtype)
    rows = f"{a}.index_select({d}, {flat})"
    whole = f"torch.tensor({[s.integer(0, n - 1) for _ in range(n)]})"
    return s.pick(
        (
            f"torch.gather({a}, {d}, {index})",
            f"{a}.take_along_dim({index}, {d})",
            rows,
            f"{a}.scatter({d}, {index}, {s.number(floating=False)})",
            f"{a}.scatter_add({d}, {index}, {src})",
            f"{a}.scatter_reduce({d}, {index}, {index}.to({a}.dtype), {reduce!r})",
            f"{a}.index_add({d}, {whole}, {src})",
            f"{a}.index_copy({d}, {whole[:-2].split(',')[0]}]), {a}.narrow({d}, 0, 1))",
            f"{a}.index_fill({d}, {flat}, {s.number(floating=False)})",
            f"{a}.index_put(({flat},), {one}, accumulate={s.chance(50)})",
            f"{a}.select_scatter({a}.select({d}, 0) * 2, {d}, {s.position(n)}).clone()",
            f"{a}.slice_scatter({a}.narrow({d}, 0, 1) + 1, {d}, 0, 1).clone()",
        )
    )


def order(s: Scene) -> str:
    a = s.any()
    d = s.dim(a)
    n = s.size(a, d)
    k = s.integer(1, max(n, 1))
    down = s.chance(50)
    return s.pick(
        (
            f"torch.sort({a}, dim={d}, descending={down}, stable=True)[{s.integer(0, 1)}]",
            f"torch.argsort({a}, dim={d}, stable=True)",
            f"torch.topk({a}, {k}, dim={d}, largest={down}).values",
            f"torch.kthvalue({a}, {k}, dim={d}).values",
            f"torch.unique({a})",
            f"torch.unique({a}, return_inverse=True, return_counts=True)[{s.integer(0, 2)}]",
            f"torch.unique_consecutive({a})",
            f"torch.searchsorted(torch.tensor([-1.0, 0.0, 1.0, 2.0]), {a})",
            f"torch.bucketize({a}, torch.tensor([0.0, 1.0]), right=True)",
            f"torch.isin({a}, torch.tensor([1, 2]))",
            f"torch.msort({a})",
            f"torch.quantile({a}, {s.pick((0.5, 0.25, 1.0))}, dim={d})",
            f"torch.bincount({a})",
            f"F.one_hot({a}.abs())" if not s.of(a).is_floating_point() else f"torch.histc({a}, 4, -2, 2)",
        )
    )


# Writes ---------------------------------------------------------------------------------------------------------------

UNARY_ = ("abs_", "neg_", "exp_", "sqrt_", "square_", "sin_", "tanh_", "sigmoid_", "relu_", "floor_", "round_", "zero_",
          "reciprocal_", "sign_", "logical_not_", "erf_", "nan_to_num_", "cos_", "trunc_", "bitwise_not_")  # fmt: skip


def write(s: Scene) -> str:
    a = s.any()
    t, d = s.of(a), s.dim(a)
    b, c = s.operand(a), s.operand(a)
    n = s.size(a, d)
    return s.pick(
        (
            f"{a}.{s.pick(UNARY_)}()",
            f"{a} {s.pick(('+=', '-=', '*=', '/='))} {b}",
            f"{a}.{s.pick(('add_', 'mul_', 'sub_', 'div_', 'pow_', 'eq_', 'gt_', 'copysign_', 'remainder_'))}({b})",
            f"{a}.fill_({s.number()})",
            f"{a}.copy_({b})",
            f"{a}.clamp_(-1, 1)",
            f"{a}.masked_fill_({a} > 0, {s.number()})",
            f"{a}.add_({b}, alpha=2)",
            f"{a}.addcmul_({b}, {c})",
            f"{a}.lerp_({b}, 0.5)",
            f"{a}.t().mul_(2)",
            f"{a}.view(-1)[{s.integer(0, 3)}:].add_(1)",
            f"{a}.select({d}, {s.position(n)}).mul_({s.number()})",
            f"{a}.unsqueeze(0).zero_()",
            f"{a}.diagonal().fill_({s.number()})",
            f"{a}.cumsum_({d})",
            f"{a}.index_fill_({d}, torch.tensor([0]), {s.number()})",
            f"{a}.fill_diagonal_({s.number()})",
            f"{a}.squeeze_()",
            f"{a}.unsqueeze_({d})",
            f"{a}.transpose_({d}, {s.dim(a)})",
            f"{a}.t_()",
            *(f"{a}[{subscript(s, t)}] = {value(s, a)}" for _ in range(4)),
            f"{a}[{subscript(s, t)}] += {s.number()}",
            f"{a}[{subscript(s, t)}] *= {b}",
            f"{a}[{a} > 0] = {s.number()}",
            f"{a}[{a} > 0] -= 1",
            f"{a}.detach().add_(1)",
        )
    )


def value(s: Scene, a: str) -> str:
    return s.pick((s.number(), s.any(lambda t: t.dim() == 0), s.any(lambda t: t.numel() == 1), s.any(), f"{a}[0]"))


def out(s: Scene) -> str:
    a = s.floating()
    b = s.operand(a)
    o = s.floating(lambda t: t.shape == s.of(a).shape and t.dtype == s.of(a).dtype)
    return s.pick(
        (
            f"torch.{s.pick(('exp', 'neg', 'sin', 'abs', 'floor'))}({a}, out={o})",
            f"torch.{s.pick(('add', 'mul', 'sub', 'maximum'))}({a}, {b}, out={o})",
            f"torch.cumsum({a}, 0, out={o})",
            f"torch.clamp({a}, 0, 1, out={o})",
        )
    )


# Products, matrices, layers -------------------------------------------------------------------------------------------


def product(s: Scene) -> str:
    a = s.floating(lambda t: t.dim() > 0)
    t = s.of(a)
    n = t.shape[-1]
    b = s.floating(lambda u: u.dtype == t.dtype and u.dim() > 0 and u.shape[-2 if u.dim() > 1 else -1] == n)
    same = s.floating(lambda u: u.dtype == t.dtype and u.shape == t.shape)
    return s.pick(
        (
            f"{a} @ {b}",
            f"torch.matmul({a}, {b})",
            f"torch.mm({a}, {b})",
            f"{a} @ {same}.mT",
            f"torch.dot({a}, {same})",
            f"torch.outer({a}, {b})",
            f"torch.mv({a}, {b})",
            f"torch.einsum('...i,...i->...', {a}, {same})",
            f"torch.einsum('ij,kj->ik', {a}, {same})",
            f"torch.tensordot({a}, {same}, {t.dim()})",
            f"F.linear({a}, {same})",
            f"torch.addmm({s.floating()}, {a}, {b})",
            f"torch.inner({a}, {same})",
            f"F.cosine_similarity({a}, {same}, dim=-1)",
            f"torch.cdist({a}, {same})",
            f"torch.linalg.norm({a})",
            f"torch.linalg.vector_norm({a}, ord=3, dim=-1)",
        )
    )


def matrix(s: Scene) -> str:
    a = s.floating(
        lambda t: t.dim() == 2 and t.numel() > 0 and bool(t.detach().isfinite().all()) and t.dtype.itemsize > 2
    )
    t = s.of(a)
    if t.detach().abs().max() > 50:
        raise Unfit
    n = t.shape[-2]
    good = f"({a} @ {a}.mT + {n} * torch.eye({n}, dtype={a}.dtype))"
    found = s.pick(
        (
            f"torch.linalg.inv{good}",
            f"torch.linalg.det{good}",
            f"torch.linalg.solve({good}, {a})",
            f"torch.linalg.cholesky{good}",
            f"torch.linalg.slogdet{good}[1]",
            f"torch.linalg.eigvalsh{good}",
            f"torch.linalg.svd({a}).S",
            f"torch.linalg.matrix_power({good} / {4 * n}, 2)",
            f"torch.linalg.qr({a}).R.abs()",
            f"torch.linalg.pinv{good}",
            f"torch.linalg.lstsq({good}, {a}).solution",
            f"torch.logdet{good}",
        )
    )
    return f"{found}.contiguous().clone()"  # torch's lie by columns


def layer(s: Scene) -> str:
    a = s.floating(lambda t: 2 <= t.dim() <= 4 and t.numel() > 0)
    t = s.of(a)
    k = s.integer(1, min(2, t.shape[-1]))
    dtype = str(t.dtype).removeprefix("torch.")
    w1 = literal(s, (2, t.shape[-2], k), dtype)
    w2 = literal(s, (2, t.shape[-3] if t.dim() > 2 else 1, k, 1), dtype)
    target = s.floating(lambda u: u.shape == t.shape)
    return s.pick(
        (
            f"F.conv1d({a}, {w1}, stride={s.integer(1, 2)}, padding={s.integer(0, 1)})",
            f"F.conv2d({a}, {w2}, padding={s.integer(0, 1)})",
            f"F.max_pool1d({a}, {k})",
            f"F.avg_pool1d({a}, {k})",
            f"F.max_pool2d({a}, {k})",
            f"F.adaptive_avg_pool1d({a}, 1)",
            f"F.layer_norm({a}, ({t.shape[-1]},))",
            f"F.batch_norm({a}, None, None, training=True)",
            f"F.group_norm({a}, 1)",
            f"F.softmax({a}, dim={s.dim(a)})",
            f"F.log_softmax({a}, dim={s.dim(a)})",
            f"F.mse_loss({a}, {target})",
            f"F.l1_loss({a}, {target}, reduction='sum')",
            f"F.huber_loss({a}, {target}, reduction='none')",
            f"F.smooth_l1_loss({a}, {target})",
            f"F.binary_cross_entropy_with_logits({a}, {target}.sigmoid())",
            f"F.cross_entropy({a}, torch.zeros({a}.shape[:1] + {a}.shape[2:], dtype=torch.int64))",
            f"F.interpolate({a}, scale_factor=2)",
            f"F.interpolate({a}, scale_factor=2, mode='linear')",
            f"F.scaled_dot_product_attention({a}, {a}, {a})",
            f"F.glu({a}, dim={s.dim(a)})",
            f"F.embedding(torch.tensor([0, {s.position(t.shape[0])}]), {a})",
            f"F.unfold({a}, {k})",
            f"F.dropout({a}, 0.5, training=False)",
            f"F.kl_div({a}, {target}.softmax(-1), reduction='batchmean')",
            f"F.prelu({a}, torch.tensor([0.25]))",
        )
    )
