"""What a trained module needs no more when it only predicts: dropout, and batch norms beside a product of weights.

`fold_norm` puts a batch norm with known statistics into the weights of the convolution or linear layer before it, whose
copies the graph then holds: what is learnt later is not seen. `drop_dropout` takes dropout out of a graph that was
traced in training mode, which changes what it gives on purpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.build import known
from tensorlab.jit.ir import Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter

NORM = "aten::native_batch_norm"
# By kind: how many dimensions a result with a batch has; channels are the second, and the weight's first.
LAYERS = {"aten::linear": 2, "aten::conv1d": 3, "aten::conv2d": 4}
TOLERANCE = 1e-4  # the weights are rounded once more


def fold(rewriter: Rewriter) -> None:
    """Put batch norms with known statistics into the weights before them."""
    alias = AliasInfo(rewriter.graph)
    for node in list(walk(rewriter.graph.block)):
        if node.kind != NORM:
            continue
        layer = node.inputs[0].producer
        obstacle = _why_not(node, layer, alias)
        if layer is None or obstacle is not None:
            reason, blocker = obstacle or ("", None)
            rewriter.refuse(node, rule="fold_norm", reason=reason, blocker=blocker)
            continue
        weight, bias = _folded(node, layer)
        builder = rewriter.builder_before(layer)
        inputs = [layer.inputs[0], builder.constant(weight), builder.constant(bias), *layer.inputs[3:]]
        made = builder.node(layer.kind, inputs, [node.outputs[0].type], op=layer.op).output
        reason = f"scale and shift of the batch norm are in the weights of {layer.kind}"
        rewriter.replace([layer, node], {node.outputs[0]: made}, rule="fold_norm", reason=reason)


def without_dropout(rewriter: Rewriter) -> None:
    """Leave out dropout that a trace in training mode has recorded."""
    for node in list(walk(rewriter.graph.block)):
        if node.kind == "aten::scaled_dot_product_attention" and known(node.inputs[4]) != 0:
            reason = "its dropout is inside it: decompose first"
            rewriter.refuse(node, rule="dropout", reason=reason, blocker=node.inputs[4])
        if node.kind != "aten::_kept":
            continue
        drawn = node.inputs[1].producer
        old = [node] if drawn is None or len(node.inputs[1].uses) > 1 else [drawn, node]
        if old[0].owner is not node.owner:
            old = [node]
        reason = "nothing is dropped where nothing is learnt"
        rewriter.replace(old, {node.output: node.inputs[0]}, rule="dropout", reason=reason)


fold_norm = Pass("fold_norm", fold, tolerance=TOLERANCE)
drop_dropout = Pass("drop_dropout", without_dropout)


def _why_not(node: Node, layer: Node | None, alias: AliasInfo) -> tuple[str, Node | Value | None] | None:
    if layer is None or layer.kind not in LAYERS:
        return f"what it normalises comes from {'outside' if layer is None else layer.kind}", node.inputs[0]
    if known(node.inputs[5]) is not False:
        return "in training the statistics are those of the batch", node.inputs[5]
    output = layer.output
    shape = output.type.shape if isinstance(output.type, TensorType) else None
    if shape is None or len(shape) != LAYERS[layer.kind]:
        return "the channels are not known to be those of the weight", output
    if layer.owner is not node.owner:
        return "the two stand in different blocks", layer
    for use in output.uses:
        if use.user is not node:
            return "something else takes what is normalised", use.user if isinstance(use.user, Node) else output
    for value in node.outputs[1:]:
        if value.uses:
            return "something takes the statistics", value
    for value in (*layer.inputs[1:3], *node.inputs[1:5], node.inputs[6]):
        if not value.is_constant:
            return "it is no constant: it may be another in the next call", value
        for writer in alias.writers(value) if isinstance(value.type, TensorType) else ():
            return f"{writer.kind} may write to its memory", writer
    return None


def _folded(node: Node, layer: Node) -> tuple[Tensor, Tensor]:
    """Weight and bias with the batch norm in them, worked out in double precision."""
    weight: Tensor = layer.inputs[1].constant
    channels = weight.shape[0]
    gamma, beta, mean, variance = (
        _doubles(v, channels, d) for v, d in zip(node.inputs[1:5], (1, 0, 0, 1), strict=True)
    )
    scale = gamma / np.sqrt(variance + known(node.inputs[6]))
    scaled = _doubles(layer.inputs[1], channels, 1) * scale.reshape(-1, *[1] * (len(weight.shape) - 1))
    shifted = (_doubles(layer.inputs[2], channels, 0) - mean) * scale + beta
    return _like(weight, scaled), _like(weight, shifted)


def _doubles(value: Value, channels: int, default: float) -> Any:
    if value.constant is None:
        return np.full(channels, default, np.float64)
    return value.constant.detached_numpy().astype(np.float64)


def _like(tensor: Tensor, numbers: Any) -> Tensor:
    made = empty(tensor.dtype, tuple(numbers.shape))
    array = made.detached_numpy()
    array[...] = numbers.astype(array.dtype)
    return made
