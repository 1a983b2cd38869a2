"""Which methods of the library's layers have a form in the language: a function written for it, or a text made of
a layer's options. All others are read as they stand, for whatever arguments they get.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import typing
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.jit.scripting.forms import Form
from tensorlab.jit.scripting.functional import form_of_function
from tensorlab.jit.scripting.names import OPS, Names
from tensorlab.jit.scripting.source import Source, parse, split_lines
from tensorlab.nn import Module, functional
from tensorlab.nn.layers import activation, convolution, dropout, loss, normalisation, pooling, recurrent, transformer

_OLD = ("size_average", "reduce")  # torch's older words for a reduction


def form_of(module: Module, function: FunctionType) -> Form | None:
    """The form of a method of one of the library's layers; `None` for a user's own."""
    if not function.__module__.startswith("tensorlab."):
        return None
    text = _TEXTS.get(function)
    if text is not None:
        return _form_of_text(type_name(module), text(module))
    name = _FORMS.get(function)
    if name is not None:
        from tensorlab.jit.scripting import layer_forms

        return form_of_function(getattr(layer_forms, name))
    return form_of_function(function)


def type_name(module: Module) -> str:
    """The name of the class that a module was written as."""
    return str(getattr(module, "original_name", type(module).__name__))


@cache
def _form_of_text(name: str, text: str) -> Form:
    filename = f"<{name}.forward>"
    if filename in linecache.cache and linecache.getlines(filename) != list(split_lines(text)):
        filename = f"<{name}.forward of {sum(k.startswith(f'<{name}.forward') for k in linecache.cache)}>"
    lines = split_lines(text)
    linecache.cache[filename] = (len(text), None, list(lines), filename)  # so that errors can show its lines
    (node,) = parse(text, filename).body
    made = cast("ast.FunctionDef", node)
    return Form("forward", made, Source(filename, lines, "forward"), Names(_NAMES), _signature(made))


def _signature(node: ast.FunctionDef) -> inspect.Signature:
    kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    args = node.args.args
    defaults: list[Any] = [empty] * (len(args) - len(node.args.defaults))
    defaults += [ast.literal_eval(d) for d in node.args.defaults]
    return inspect.Signature([inspect.Parameter(a.arg, kind, default=d) for a, d in zip(args, defaults, strict=True)])


_NAMES: Mapping[str, Any] = {
    "F": functional,
    "Tensor": Tensor,
    "Optional": typing.Optional,
    "Tuple": typing.Tuple,  # noqa: UP006 - what scripts write
    "ops": OPS,
}


def _options(module: Any) -> dict[str, Any]:
    options: dict[str, Any] = getattr(module, "original_class", module.__class__).options
    return {name: value for name, value in options.items() if name not in _OLD}


def _of_options(module: Any) -> str:
    given = "".join(f", {name}=self.{name}" for name in _options(module))
    return f"def forward(self, input: Tensor):\n    return F.{module.function}(input{given})\n"


def _of_loss(module: Any) -> str:
    """A loss takes the tensors that its function takes without a default, and passes its options on."""
    options = _options(module)
    parameters = inspect.signature(getattr(functional, module.function)).parameters.values()
    tensors = [p.name for p in parameters if p.default is inspect.Parameter.empty and p.name not in options]
    given = "".join(f", {name}=self.{name}" for name in options)
    names = ", ".join(tensors)
    return f"def forward(self, {names}):\n    return F.{module.function}({names}{given})\n"


def _along_dim(module: Any) -> str:
    return (
        "def forward(self, input: Tensor):\n"
        "    if self.dim is not None:\n"
        f"        return F.{module.function}(input, self.dim)\n"
        "    if input.dim() == 0 or input.dim() == 1 or input.dim() == 3:\n"
        f"        return F.{module.function}(input, 0)\n"
        f"    return F.{module.function}(input, 1)\n"
    )


def _dropout(module: Any) -> str:
    return (
        f"def forward(self, input: Tensor):\n    return F.{module.function}(input, self.p, self.training, "
        "self.inplace)\n"
    )


def _max_pool(module: Any) -> str:
    sizes = "self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices"
    return f"def forward(self, input: Tensor):\n    return F.{module.function}(input, {sizes})\n"


def _adaptive(module: Any) -> str:
    more = ", self.return_indices" if "max" in module.function else ""
    return f"def forward(self, input: Tensor):\n    return F.{module.function}(input, self.output_size{more})\n"


def _recurrent(module: Any) -> str:
    """All layers and directions of a recurrent network, one after the other."""
    lstm, gru = isinstance_of(module, recurrent.LSTM), isinstance_of(module, recurrent.GRU)
    kind = "lstm" if lstm else "gru" if gru else module.nonlinearity
    state = "Tuple[Tensor, Tensor]" if lstm else "Tensor"
    both = 2 if module.bidirectional else 1
    shape = f"[{module.num_layers * both}, x.size(1), {module.hidden_size}]"
    names = ("h", "c") if lstm else ("h",)
    lines = [
        f"def forward(self, input: Tensor, hx: Optional[{state}] = None):",
        f"    if (input.dim() != 2 and input.dim() != 3) or input.size(-1) != {module.input_size}:",
        f'        raise ValueError("{type_name(module)}: expected input of shape [L, N, {module.input_size}], got {{}}"'
        ".format(input.shape))",
        "    alone = input.dim() == 2",
        f"    x = input.unsqueeze(1) if alone else input{'.transpose(0, 1)' if module.batch_first else ''}",
        "    if hx is None:",
        *(f"        {n} = ops.aten.zeros({shape}, dtype=x.dtype)" for n in names),
        "    else:",
        f"        {', '.join(names)} = hx",
        "        if alone:",
        *(f"            {n} = {n}.unsqueeze(1)" for n in names),
        *(
            line
            for n in names
            for line in (
                f"    if {n}.shape != {shape}:",
                f'        raise ValueError("{type_name(module)}: expected hidden size {{}}, got {{}}".format({shape}, '
                f"{n}.shape))",
            )
        ),
    ]
    for layer in range(module.num_layers):
        if layer and module.dropout:
            lines.append("    x = F.dropout(x, self.dropout, self.training)")
        sides: list[str] = []
        for side, suffix in enumerate((f"l{layer}", f"l{layer}_reverse")[:both]):
            at = layer * both + side
            biases = [f"self.bias_{k}_{suffix}" if module.bias else "None" for k in ("ih", "hh")]
            cell = f"c[{at}]" if lstm else "None"
            lines += [
                f"    gates = F.linear(x, self.weight_ih_{suffix}, {biases[0]})",
                f"    y{at}, z{at}, kept = ops.tensorlab.recurrent_steps(gates, h[{at}], {cell}, "
                f'self.weight_hh_{suffix}, {biases[1]}, "{kind}", {bool(side)})',
            ]
            sides.append(f"y{at}")
        lines.append(f"    x = {sides[0] if both == 1 else f'ops.aten.cat([{sides[0]}, {sides[1]}], 2)'}")
    ends: list[str] = []
    for name, letter in zip(names, "yz", strict=False):
        last = [f"{letter}{at}[{-(1 - at % both) if both > 1 else -1}]" for at in range(module.num_layers * both)]
        lines.append(f"    {name} = ops.aten.stack([{', '.join(last)}], 0)")
        ends.append(name)
    lines += ["    if alone:", "        x = x.squeeze(1)", *(f"        {n} = {n}.squeeze(1)" for n in ends)]
    if module.batch_first:
        lines += ["    else:", "        x = x.transpose(0, 1)"]
    lines.append(f"    return x, {'(h, c)' if lstm else 'h'}")
    return "\n".join(lines) + "\n"


def isinstance_of(module: Any, kind: type) -> bool:
    """Whether a module, or the one that it was scripted from, is of a class."""
    return issubclass(getattr(module, "original_class", module.__class__), kind)


_TEXTS: dict[Any, Callable[[Any], str]] = {
    activation.Activation.forward: _of_options,
    activation._AlongDim.forward: _along_dim,  # pyright: ignore[reportPrivateUsage]
    loss.Loss.forward: _of_loss,
    dropout.Dropout.forward: _dropout,
    pooling._MaxPool.forward: _max_pool,  # pyright: ignore[reportPrivateUsage]
    pooling._Adaptive.forward: _adaptive,  # pyright: ignore[reportPrivateUsage]
    pooling._AdaptiveMaxPool.forward: _adaptive,  # pyright: ignore[reportPrivateUsage]
    recurrent.RNN.forward: _recurrent,
    recurrent.LSTM.forward: _recurrent,
    recurrent.GRU.forward: _recurrent,
}
_FORMS: dict[Any, str] = {
    normalisation.BatchNorm1d.forward: "batch_norm",
    normalisation.InstanceNorm1d.forward: "instance_norm",
    convolution.Conv1d.forward: "conv1d",
    convolution.Conv2d.forward: "conv2d",
    convolution.ConvTranspose1d.forward: "conv_transpose1d",
    convolution.ConvTranspose2d.forward: "conv_transpose2d",
    recurrent.RNNCell.forward: "rnn_cell",
    recurrent.LSTMCell.forward: "lstm_cell",
    recurrent.GRUCell.forward: "gru_cell",
    transformer.MultiheadAttention.forward: "multihead_attention",
}
