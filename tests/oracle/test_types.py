"""Every op call that the rows make, seen on its way: types come out as the type rules say, and schemas tell the truth.

What shares memory with an argument is marked so in the schema, and so is what was written to: graphs believe them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

import tensorlab as tl
from oracle.case import Call, Case, Maker, tl_dtype
from oracle.compare import ours
from oracle.families import CASES
from tensorlab.core.dispatch import pushed
from tensorlab.core.op import Op, all_ops, infer
from tensorlab.core.types import TENSOR, ListType, OptionalType, TensorType, Type, accepts
from tensorlab.core.value_types import value_type
from tensorlab.errors import TensorlabError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:An output with one or more elements was resized"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]
BY_LABEL = {c.label: c for c in CASES}

# How large the results are, the values decide.
OF_VALUES = {
    *("nonzero", "masked_select", "index.Tensor", "_unique2", "unique_dim", "unique_consecutive"),
    *("bincount", "one_hot"),
}
SEEN: defaultdict[str, set[str]] = defaultdict(set)  # by row: the ops that it called


def tensors_in(value: Any) -> Iterator[tl.Tensor]:
    if isinstance(value, tl.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors_in(part)


def types_in(value: Any) -> Any:
    """What `infer` is given for an argument."""
    if isinstance(value, tl.Tensor):
        return value.type
    return tuple(map(types_in, value)) if isinstance(value, (list, tuple)) else value


def is_of(value: Any, type_: Type) -> bool:
    """Whether a value that came out is of the type that was said; a size may be left open."""
    match type_:
        case TensorType():
            return isinstance(value, tl.Tensor) and accepts(type_, value.type)
        case ListType(element):
            return isinstance(value, (list, tuple)) and all(is_of(v, element) for v in value)
        case OptionalType(element):
            return value is None or is_of(value, element)
        case _:
            return accepts(type_, value_type(value))


def memory(tensor: tl.Tensor) -> int:
    """The address of a storage; 0 for one without bytes, which nothing shares."""
    return tensor.untyped_storage().data_ptr()


class Watcher:
    """The mode that checks each call, those inside of other ops too."""

    def __init__(self, seen: set[str]) -> None:
        self.seen = seen
        self.wrong: list[str] = []

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        types = list(map(types_in, args))
        before = [[(t, t._version) for t in tensors_in(a)] for a in args]
        result = op.record(args)
        results = result if isinstance(result, tuple) else (result,) if op.schema.results else ()
        self.seen.add(op.name)
        self.check_types(op, types, results)
        self.check_marks(op, before, results)
        return result

    def check_types(self, op: Op, types: Sequence[Any], results: Sequence[Any]) -> None:
        given = ", ".join(map(str, types))
        try:
            found = infer(op, types)
        except TensorlabError as error:
            self.wrong.append(f"{op.name}({given}): ran, but its type rule says {error}")
            return
        if len(found) != len(results) or len(found) != len(op.schema.results):
            self.wrong.append(f"{op.name}({given}): {len(found)} types for {len(results)} results")
            return
        for type_, value in zip(found, results, strict=True):
            if not is_of(value, type_):
                self.wrong.append(f"{op.name}({given}): gave {types_in(value)}, its type rule says {type_}")
            elif isinstance(type_, TensorType) and not type_.is_complete and op.name not in OF_VALUES:
                self.wrong.append(f"{op.name}({given}): its type rule says no more than {type_}")

    def check_marks(self, op: Op, before: Sequence[Sequence[tuple[tl.Tensor, int]]], results: Sequence[Any]) -> None:
        for param, noted in zip(op.schema.params, before, strict=True):
            for tensor, version in noted:
                if tensor._version != version and not (param.alias and param.alias.writes):
                    self.wrong.append(f"{op.schema}: wrote to {param.name}, which is not marked")
                for declared, value in zip(op.schema.results, results, strict=True):
                    shares = any(memory(t) == memory(tensor) for t in tensors_in(value)) and memory(tensor)
                    marked = param.alias and declared.alias and param.alias.name == declared.alias.name
                    if shares and not marked:
                        self.wrong.append(f"{op.schema}: a result shares memory with {param.name}, and is not marked")


def dtypes(case: Case) -> list[str]:
    """One floating dtype and one other, where the row has them."""
    floating = [d for d in case.dtypes if tl_dtype(d).is_floating_point]
    other = [d for d in case.dtypes if not tl_dtype(d).is_floating_point]
    numbers = [d for d in other if d != "bool"]
    return [*floating[:1], *(numbers or other)[-1:]]


def made(found: Call) -> tuple[list[Any], dict[str, Any]]:
    return ours(list(found.args)), {k: ours(v) for k, v in found.kwargs.items()}


def watched(watcher: Watcher, function: Callable[..., Any], found: Call) -> None:
    args, kwargs = made(found)
    try:
        with pushed(watcher):
            function(*args, **kwargs)
    except TensorlabError:
        return  # what is refused is the other tests' subject


def differentiated(watcher: Watcher, case: Case, found: Call) -> None:
    """The formulas of the derivatives, and what they call."""
    args, kwargs = made(found)
    given = [v for name, v in (*enumerate(args), *kwargs.items()) if name not in case.constant]
    inputs = [t for t in tensors_in(given) if t.dtype.is_floating_point]
    for leaf in inputs:
        leaf.requires_grad_()
    try:
        results = [r for r in tensors_in(case.function(tl)(*args, **kwargs)) if r.requires_grad]
        if results:
            with pushed(watcher):
                tl.autograd.grad([r.sum() for r in results], inputs, allow_unused=True)
    except TensorlabError:
        return


@pytest.mark.parametrize("label", BY_LABEL)
def test_what_the_schema_and_the_type_rule_say_is_what_happens(label: str) -> None:
    case = BY_LABEL[label]
    watcher = Watcher(SEEN[label])
    for dtype in dtypes(case):
        for found in case.samples(Maker(dtype, special=case.special)):
            watched(watcher, case.function(tl), found)
            if case.inplace:
                watched(watcher, case.function(tl, "_"), found)
    if case.grad:
        for found in islice(case.samples(Maker("float64", seed=5)), 3):
            differentiated(watcher, case, found)
    assert sorted(set(watcher.wrong)) == []


def op(name: str) -> Op:
    return next(o for o in all_ops() if o.name == name)


def more() -> dict[str, Callable[[], Any]]:
    """Calls of what no row calls: random numbers, other overloads, derivatives that are called by other names."""
    x, p, n = tl.tensor([[0.5, -1.0], [2.0, 3.0]]), tl.tensor([0.25, 0.75]), tl.tensor([6, 3])
    row, image, kernel = tl.arange(8.0).reshape(1, 8), tl.ones(1, 2, 4, 4), tl.ones(3, 2, 2, 2)
    twos = ([1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    state, weights = tl.ones(3, 2), tl.ones(8, 2)

    def recurrent() -> Any:
        given = (tl.ones(4, 3, 8), state, state, weights, tl.ones(8))
        made = op("recurrent_steps")(*given, "lstm", False)
        return made, op("recurrent_steps_backward")(tl.ones(4, 3, 2), None, *made, *given, "lstm", False)

    return {
        "recurrent": recurrent,
        "rand": lambda: (tl.rand(2, 3), tl.randn(4), tl.randint(3, (2,)), tl.randperm(5), tl.rand_like(x)),
        "drawn": lambda: (tl.bernoulli(p), tl.bernoulli(p, 0.5), tl.poisson(p), tl.multinomial(p, 2, replacement=True)),
        "normal": lambda: tl.normal(p, p),
        "in place": lambda: (x.clone().uniform_(), x.clone().normal_(), x.clone().random_(), x.clone().exponential_()),
        "in place, too": lambda: (x.clone().bernoulli_(0.5), x.clone().bernoulli_(p), x.clone().random_(2, 5)),
        "turned": lambda: (x.mT, x.mH, x.H, x.T, tl.ones(2, 3, 4).T, x.adjoint(), x.view(tl.int32), op("alias")(x)),
        "moved": lambda: [op(f"{name}.int")(x, 0, 1) for name in ("movedim", "moveaxis")],
        "bits": lambda: [op(f"bitwise_{name}.Scalar_Tensor")(5, n) for name in ("and", "or", "xor")],
        "filled": lambda: (op("fill_.Scalar")(x.clone(), 2), op("fill_diagonal")(x, 3.0), op("tensor")(3)),
        "norms": lambda: (op("norm.Scalar")(x), op("frobenius_norm.dim")(x, [0]), op("max_pool1d")(row, [2])),
        "counts": lambda: op("count_nonzero.dim_IntList")(x, [0]),
        "windows": lambda: (
            op("window")(x, [2, 1], [2], [2], 1),
            op("with_window")(x, p, [2, 1], [2], [2], 1),
            op("_running_mean")(p, p, 0.1),
            op("_running_var")(p, p, 0.1, 1e-5, 1.0),
            op("_kept")(p, p, 0.5, 2.0),
        ),
        "derivatives": lambda: (
            op("convolution_backward")(tl.ones(1, 3, 3, 3), image, kernel, [3], *twos, [True, True, True]),
            op("convolution_backward")(tl.ones(1, 3, 3, 3), image, kernel, None, *twos, [True, False, False]),
        ),
        "of graphs": lambda: (
            *(op(name)(x[0, 0]) for name in ("Int.Tensor", "Float.Tensor", "Bool")),
            *(op(name)(x) for name in ("size", "dim", "numel", "len.Tensor", "dtype", "device")),
            *(op(name)(x, None) for name in ("__is__.Tensor", "__isnot__.Tensor")),
            (op("size.int")(x, 0), op("len.t_list")([x, p])),
        ),
    }


@pytest.mark.parametrize("name", more())
def test_so_it_is_for_what_no_row_calls(name: str) -> None:
    watcher = Watcher(SEEN[f"more: {name}"])
    with pushed(watcher):
        more()[name]()
    assert watcher.wrong == []


# The element itself, and the value itself: the analysis of aliases knows both kinds of node.
PASSED_ON = {"__getitem__.t", "unchecked_unwrap_optional.Tensor"}
# What only scripts ask of a tensor: tests/jit/scripting compares the answers with PyTorch's.
ASKED_BY_SCRIPTS = {
    *("item", "is_floating_point", "is_complex", "is_signed", "is_contiguous", "is_same_size", "element_size"),
    *("storage_offset", "stride", "stride.int", "requires_grad", "itemsize", "nbytes"),
}


def of_tensors(op: Op) -> bool:
    return bool(op.tensors or op.tensor_lists or any(r.type == TENSOR for r in op.schema.results))


def test_every_op_is_seen() -> None:
    if len(SEEN) < len(BY_LABEL) + len(more()):
        pytest.skip("asked once all rows have run")
    seen = set().union(*SEEN.values())
    assert {op.name for op in all_ops() if of_tensors(op)} - seen - PASSED_ON - ASKED_BY_SCRIPTS == set()


def test_every_op_of_tensors_has_a_type_rule() -> None:
    lacking = [op.name for op in all_ops() if op.tensors and op.schema.results and "type" not in op.rules]
    asks = {"Int.Tensor", "Float.Tensor", "Bool", "size.int", "size", "dim", "numel", "len.Tensor", "dtype", "device"}
    found = {name for name in lacking if not name.startswith(("__is", "unchecked"))}
    assert asks <= found <= asks | ASKED_BY_SCRIPTS  # those of scripts are declared with the compiler
