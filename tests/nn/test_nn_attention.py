"""Attention in several heads, and the transformer's encoder, with torch's weights."""

import math

import numpy as np
import pytest
from torch_twin import near, pair, same_run, torch

import tensorlab as tl

PADDING = np.array([[False, False, False, True, True], [False, False, False, False, True]])
CAUSAL = np.triu(np.ones((4, 5), bool), 2)
BIAS = np.linspace(-1, 1, 20).reshape(4, 5)
PER_HEAD = np.linspace(-1, 1, 80).reshape(4, 4, 5)  # two heads in a batch of two

MASKS = {
    "none": {},
    "padding": {"key_padding_mask": PADDING},
    "bool": {"attn_mask": CAUSAL},
    "added": {"attn_mask": BIAS},
    "a head": {"attn_mask": PER_HEAD},
    "both bool": {"attn_mask": CAUSAL, "key_padding_mask": PADDING},
    "both added": {"attn_mask": BIAS, "key_padding_mask": np.where(PADDING, -math.inf, 0.5)},
}
BUILDS = {
    "plain": {},
    "other sizes": {"kdim": 3, "vdim": 5},
    "without bias": {"bias": False},
    "other sizes without bias": {"kdim": 3, "bias": False},
}


def cast(options, dtype):
    return {k: v.astype(dtype) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for k, v in options.items()}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weights", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
def test_attention(masks, build, first, weights, dtype):
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 2, batch_first=first, **build), dtype)
    k, v = build.get("kdim", 6), build.get("vdim", 6)
    shapes = [(2, 4, 6), (2, 5, k), (2, 5, v)] if first else [(4, 2, 6), (5, 2, k), (5, 2, v)]
    same_run(ours, theirs, shapes, dtype, cast({**masks, **weights}, dtype))


@pytest.mark.torch
@pytest.mark.parametrize("weights", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
@pytest.mark.parametrize("masks", [{}, {"attn_mask": CAUSAL}, {"key_padding_mask": PADDING[0]}], ids=["", "m", "p"])
def test_attention_alone(masks, weights):
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 2), "float64", train=False)
    same_run(ours, theirs, [(4, 6), (5, 6), (5, 6)], "float64", {**masks, **weights})


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
def test_attention_of_a_tensor_to_itself(need_weights, train):
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 3, batch_first=True), "float64", train=train)
    x = np.random.default_rng(0).standard_normal((2, 4, 6))
    a, b = tl.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()
    mine, yours = ours(a, a, a, need_weights=need_weights), theirs(b, b, b, need_weights=need_weights)
    near(mine[0], yours[0], 1e-12)
    near(mine[1], yours[1], 1e-12)
    (mine[0] ** 2).sum().backward()
    (yours[0] ** 2).sum().backward()
    near(a.grad, b.grad, 1e-10)
    near(ours.in_proj_weight.grad, theirs.in_proj_weight.grad, 1e-10)


@pytest.mark.torch
def test_attention_where_all_is_masked_is_nan_as_in_torch():
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 2, batch_first=True), "float64")
    x = np.random.default_rng(0).standard_normal((2, 3, 6))
    all_masked = np.array([[True, True, True], [False, False, True]])
    a, b = tl.from_numpy(x), torch.from_numpy(x)
    mine = ours(a, a, a, key_padding_mask=tl.from_numpy(all_masked))
    yours = theirs(b, b, b, key_padding_mask=torch.from_numpy(all_masked))
    near(mine[0], yours[0], 1e-12)
    near(mine[1], yours[1], 1e-12)


@pytest.mark.torch
def test_causal_attention():
    ours, theirs = pair(lambda nn: nn.MultiheadAttention(6, 2, batch_first=True), "float64")
    x = np.random.default_rng(0).standard_normal((2, 4, 6))
    a, b = tl.from_numpy(x), torch.from_numpy(x)
    for need_weights in (True, False):
        mask = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
        own = tl.from_numpy(mask.numpy())
        mine = ours(a, a, a, attn_mask=own, is_causal=True, need_weights=need_weights)
        yours = theirs(b, b, b, attn_mask=mask, is_causal=True, need_weights=need_weights)
        near(mine[0], yours[0], 1e-12)


ENCODERS = {
    "plain": {},
    "first": {"norm_first": True},
    "gelu": {"activation": "gelu", "layer_norm_eps": 1e-3},
    "batch first": {"batch_first": True},
    "without bias": {"bias": False},
    "all": {"batch_first": True, "norm_first": True, "activation": "gelu"},
}
SOURCE_MASKS = {
    "none": {},
    "causal": {"src_mask": np.triu(np.ones((4, 4), bool), 1)},
    "added": {"src_mask": np.linspace(-1, 1, 16).reshape(4, 4)},
    "padding": {"src_key_padding_mask": np.array([[False, False, True, True], [False, False, False, True]])},
}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("masks", SOURCE_MASKS.values(), ids=SOURCE_MASKS)
@pytest.mark.parametrize("options", ENCODERS.values(), ids=ENCODERS)
def test_an_encoder_layer(options, masks, dtype):
    ours, theirs = pair(lambda nn: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, **options), dtype)
    shape = (2, 4, 6) if options.get("batch_first") else (4, 2, 6)
    same_run(ours, theirs, [shape], dtype, cast(masks, dtype))


@pytest.mark.torch
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("norm", [True, False])
def test_an_encoder(norm, train):
    def build(nn):
        layer = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0 if train else 0.3, batch_first=True)
        return nn.TransformerEncoder(layer, 3, nn.LayerNorm(6) if norm else None, enable_nested_tensor=False)

    ours, theirs = pair(build, "float64", train=train)
    mask = np.triu(np.ones((4, 4), bool), 1)
    same_run(ours, theirs, [(2, 4, 6)], "float64", {"mask": mask})


@pytest.mark.torch
def test_an_encoder_layer_alone_and_with_a_function_for_activation():
    ours = tl.nn.TransformerEncoderLayer(6, 2, 8, 0.0, tl.nn.functional.silu, dtype=tl.float64)
    theirs = torch.nn.TransformerEncoderLayer(6, 2, 8, 0.0, torch.nn.functional.silu, dtype=torch.float64)
    theirs.load_state_dict({k: torch.from_numpy(v.numpy()) for k, v in ours.state_dict().items()})
    same_run(ours, theirs, [(4, 6)], "float64")


def test_an_encoders_layers_are_copies():
    layer = tl.nn.TransformerEncoderLayer(6, 2, 8)
    encoder = tl.nn.TransformerEncoder(layer, 2)
    assert encoder.layers[0] is not layer
    assert tl.equal(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight)
    encoder.layers[0].linear1.weight.data.zero_()
    assert not tl.equal(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight)
    assert len(list(encoder.parameters())) == 24


REFUSED = {
    "heads": lambda lib: lib.nn.MultiheadAttention(6, 4),
    "no heads": lambda lib: lib.nn.MultiheadAttention(6, 0),
    "rank": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(2, 3, 4, 6)] * 3),
    "width": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(3, 4, 5)] * 3),
    "ranks": lambda lib: lib.nn.MultiheadAttention(6, 2)(lib.zeros(3, 4, 6), lib.zeros(3, 6), lib.zeros(3, 6)),
    "lengths": lambda lib: lib.nn.MultiheadAttention(6, 2)(lib.zeros(3, 4, 6), lib.zeros(3, 4, 6), lib.zeros(5, 4, 6)),
    "batches": lambda lib: lib.nn.MultiheadAttention(6, 2)(lib.zeros(3, 4, 6), lib.zeros(3, 2, 6), lib.zeros(3, 2, 6)),
    "mask": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(3, 4, 6)] * 3, attn_mask=lib.zeros(4, 4)),
    "mask of heads": lambda lib: lib.nn.MultiheadAttention(6, 2)(
        *[lib.zeros(3, 4, 6)] * 3, attn_mask=lib.zeros(4, 3, 3)
    ),
    "mask's rank": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(3, 4, 6)] * 3, attn_mask=lib.zeros(3)),
    "mask's dtype": lambda lib: lib.nn.MultiheadAttention(6, 2)(
        *[lib.zeros(3, 4, 6)] * 3, attn_mask=lib.zeros(3, 3, dtype=lib.int64)
    ),
    "padding": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(3, 4, 6)] * 3, key_padding_mask=lib.zeros(3, 4)),
    "activation": lambda lib: lib.nn.TransformerEncoderLayer(6, 2, activation="silu"),
    "causal without mask": lambda lib: lib.nn.MultiheadAttention(6, 2)(*[lib.zeros(3, 4, 6)] * 3, is_causal=True),
}


@pytest.mark.torch
@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_torch_refuses_is_refused(call):
    with pytest.raises((RuntimeError, TypeError, ValueError, AssertionError)):
        call(torch)
    with pytest.raises(tl.TensorlabError):
        call(tl)
