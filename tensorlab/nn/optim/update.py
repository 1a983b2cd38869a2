"""One update of many parameters: an optimiser's rule for one element, inside one loop over all of them.

An optimiser that is made of tensor operations reads and writes its parameters and their states ten times over, and each
operation costs a call. Here a step is one native call a group and dtype: a table tells the loop where everything lies.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tensorlab.autograd import Tensor, no_grad
from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, float32
from tensorlab.core.layout import Layout, layout
from tensorlab.core.place import user_place
from tensorlab.core.pointwise import dense_like
from tensorlab.core.tensor import empty
from tensorlab.errors import ArgumentError, ShapeError

STEP = "step"
STEP_FORM = layout(float32, ())


@dataclass(frozen=True, slots=True)
class Update:
    """A rule: what becomes of a parameter ``w`` with the gradient ``g``, and of its ``states``.

    ``states`` are the names of tensors in the optimiser's state, with the variable that ``body`` calls each element.
    ``head`` is worked out once a parameter, in float64 from the ``numbers`` and ``t``: the count of steps with this
    one, or, for a rule that is not ``counted``, whether its states are new (1) or not (0). ``casts`` are the numbers
    and the variables of ``head`` that ``body`` uses, there in the precision of the elements.
    """

    name: str
    states: tuple[tuple[str, str], ...]
    numbers: tuple[str, ...]
    body: tuple[str, ...]
    head: tuple[str, ...] = ()
    casts: tuple[str, ...] = ()
    counted: bool = True

    @property
    def width(self) -> int:
        """Columns of the table: elements, the parameter, its gradient, the step, the states."""
        return 4 + len(self.states)


@lru_cache(maxsize=256)
def update_loop(update: Update, dtype: DType) -> Loop:
    """The loop of a rule; it takes ``(count, table, sign, *numbers)``, where ``sign`` is -1 to maximise."""
    element = "float32" if dtype.is_half else dtype.name
    up, down = (f"{dtype.name}_up", f"{dtype.name}_down") if dtype.is_half else ("", "")
    imports = sorted({"int64_at", "float32_at", f"{dtype.name}_at", "maximum", *filter(None, (up, down))})
    arrays = {"w": "p", **{variable: f"a{k}" for k, (_, variable) in enumerate(update.states)}}
    lines = [f'"""{update.name}: all parameters of {dtype.name} in one go."""', "", "import math", ""]
    lines += ["import numpy as np", "", f"from tensorlab.core.intrinsics import {', '.join(imports)}", "", ""]
    lines += [f"def loop({', '.join(['count', 'table_at', 'sign', *update.numbers])}):"]
    lines += ["    table = int64_at(table_at)", f"    direction = np.{element}(sign)"]
    lines += ["    for k in range(count):", f"        row = k * {update.width}", "        n = table[row]"]
    lines += [f"        p = {dtype.name}_at(table[row + 1])", f"        d = {dtype.name}_at(table[row + 2])"]
    if update.counted:
        lines += ["        clock = float32_at(table[row + 3])", "        t = np.float64(clock[0]) + 1.0"]
        lines += ["        clock[0] = np.float32(t)"]
    else:
        lines += ["        t = np.float64(table[row + 3])"]
    lines += [f"        a{k} = {dtype.name}_at(table[row + {4 + k}])" for k in range(len(update.states))]
    lines += [f"        {line}" for line in update.head]
    lines += [f"        {name}_ = np.{element}({name})" for name in update.casts]
    lines += ["        for i in range(n):", f"            g = direction * {up}(d[i])"]
    lines += [f"            {variable} = {up}({at}[i])" for variable, at in arrays.items()]
    lines += [f"            {line}" for line in update.body]
    lines += [f"            {at}[i] = {down}({variable})" for variable, at in arrays.items()]
    numbers = ["float64"] * (1 + len(update.numbers))
    return compile_loop(
        "\n".join(lines) + "\n", f"void(int64, int64, {', '.join(numbers)})", label=f"{update.name.lower()}_step"
    )


@dataclass(slots=True)
class _Batch:
    """What one call of a loop updates: the table's rows, and what has to be told of the write."""

    table: array[int] = field(default_factory=lambda: array("q"))
    written: list[Tensor] = field(default_factory=list[Tensor])


def run_update(
    update: Update,
    params: Sequence[Tensor],
    state: MutableMapping[Any, dict[str, Any]],
    numbers: Mapping[str, float],
    *,
    maximize: bool,
) -> None:
    """Update the parameters that have a gradient, in place; states that are not there yet start with 0.

    Every check comes before the first write.
    Raises: `AliasError` for a read-only parameter, `ShapeError` or `ArgumentError` for a state that does not fit.
    """
    batches: dict[DType, _Batch] = {}
    copies: list[tuple[Tensor, Tensor]] = []
    kept: list[Tensor] = []  # copies of gradients, alive until the loop has read them
    for p in params:
        gradient = p.grad
        if gradient is None:
            continue
        p.check_writable(f"{update.name}.step")
        form = p.layout
        dense = _dense(form)
        target = p
        if dense is not form:
            target = _laid_out(p, dense)
            copies.append((p, target))
        if gradient.layout is not dense:
            gradient = _laid_out(gradient, dense)
            kept.append(gradient)
        batch = batches.get(form.dtype)
        if batch is None:
            batch = batches[form.dtype] = _Batch()
        own = state[p]
        addresses, fresh = _state_addresses(update, own, dense, batch.written)
        step = _step_address(own, update.name) if update.counted else fresh
        batch.table.extend((form.numel, target.address, gradient.address, step, *addresses))
        batch.written.append(target)
    for dtype, batch in batches.items():
        loop = update_loop(update, dtype)
        table = batch.table
        count = len(table) // update.width
        sign = -1.0 if maximize else 1.0
        loop.entry(count, table.buffer_info()[0], sign, *[numbers[name] for name in update.numbers])
        place = user_place()
        for tensor in batch.written:
            tensor.storage().written(place)
    with no_grad():
        for p, target in copies:
            p.copy_(target)


@lru_cache(maxsize=4096)
def _dense(form: Layout) -> Layout:
    """The layout itself where its elements lie in one run, else one of the same shape where they do."""
    strides = dense_like(form)
    return form if strides == form.strides else layout(form.dtype, tuple(form.shape), strides)


def _laid_out(tensor: Tensor, form: Layout) -> Tensor:
    result = empty(form.dtype, tuple(form.shape), form.strides)
    with no_grad():
        result.copy_(tensor)
    return result


def _state_addresses(update: Update, own: dict[str, Any], form: Layout, written: list[Tensor]) -> tuple[list[int], int]:
    """Where a parameter's states lie, and whether one of them had to be made."""
    addresses: list[int] = []
    fresh = 0
    for name, _ in update.states:
        held = own.get(name)
        if held is None:
            held = own[name] = empty(form.dtype, tuple(form.shape), form.strides).zero_()
            fresh = 1
        elif held.layout is not form:
            if not isinstance(held, Tensor) or tuple(held.shape) != tuple(form.shape):
                raise ShapeError(
                    f"{update.name}.step: state {name!r} takes a Tensor of the parameter's shape {tuple(form.shape)}, "
                    f"got {tuple(held.shape) if isinstance(held, Tensor) else type(held).__name__}"
                )
            held = own[name] = _laid_out(held, form)
        written.append(held)
        addresses.append(held.address)
    return addresses, fresh


def new_step(value: float = 0.0) -> Tensor:
    """A count of steps."""
    return empty(float32, ()).fill_(value)


def _step_address(own: dict[str, Any], name: str) -> int:
    held = own.get(STEP)
    if held is None:
        held = own[STEP] = new_step()
    elif not isinstance(held, Tensor) or held.layout is not STEP_FORM:
        if isinstance(held, Tensor) and held.numel() != 1:
            raise ArgumentError(f"{name}.step: state 'step' takes a number, got a Tensor of shape {tuple(held.shape)}")
        held = own[STEP] = new_step(float(held))
    return held.address
