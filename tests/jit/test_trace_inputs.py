"""Tracing with keywords and nested arguments, of functions and bound methods."""

from __future__ import annotations

import inspect
from typing import NamedTuple

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, TraceError, TracerWarning

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
ONE = tl.tensor([1.0, 2.0])


class Pair(NamedTuple):
    first: tl.Tensor
    second: tl.Tensor


def scaled(x: tl.Tensor, scale: tl.Tensor | None = None, *, shift: tl.Tensor | None = None) -> tl.Tensor:
    y = x if scale is None else x * scale
    return y if shift is None else y + shift


def test_keywords_are_inputs_by_their_names() -> None:
    traced = tl.jit.trace(scaled, example_kwarg_inputs={"shift": ONE, "x": ONE})
    assert [v.name for v in traced.graph.inputs] == ["shift", "x"]
    assert traced(x=ONE, shift=ONE * 2).tolist() == [3.0, 6.0]
    assert traced.interpret(ONE * 2, ONE).tolist() == [3.0, 6.0]


def test_positional_and_keyword_examples_go_together() -> None:
    traced = tl.jit.trace(scaled, ONE, example_kwarg_inputs={"shift": ONE})
    assert traced(ONE, shift=ONE * 3).tolist() == [4.0, 8.0]
    with pytest.raises(ArgumentError) as caught:
        traced(ONE, scale=ONE)
    assert str(caught.value) == "scaled: has no parameter 'scale'; takes (Tensor x, Tensor shift)"


def test_check_inputs_may_be_keywords_too() -> None:
    calls = []

    def f(x: tl.Tensor) -> tl.Tensor:
        calls.append(tuple(x.shape))
        return x + 1

    tl.jit.trace(f, example_kwarg_inputs={"x": ONE}, check_inputs=[{"x": tl.ones(3)}])
    assert calls == [(2,), (2,), (3,)]


def test_an_example_is_needed() -> None:
    with pytest.raises(ArgumentError) as caught:
        tl.jit.trace(scaled)
    assert str(caught.value) == "trace: takes example_inputs, example_kwarg_inputs, or both, got neither"
    with pytest.raises(ArgumentError) as wrong:
        tl.jit.trace(scaled, example_kwarg_inputs=[ONE])  # type: ignore[arg-type]
    assert str(wrong.value) == "trace: example_kwarg_inputs takes a dict, got list"


def nested(batch: dict[str, tl.Tensor], pair: tuple[tl.Tensor, list[tl.Tensor]]) -> tl.Tensor:
    return batch["image"] * batch["weight"] + pair[0] - pair[1][0] * pair[1][1]


def test_nested_arguments_lie_flat_in_the_graph() -> None:
    batch, pair = {"image": ONE, "weight": ONE * 2}, (ONE * 3, [ONE, ONE * 4])
    traced = tl.jit.trace(nested, (batch, pair))
    names = ["batch_image", "batch_weight", "pair_0", "pair_1_0", "pair_1_1"]
    assert [v.name for v in traced.graph.inputs] == names
    assert list(inspect.signature(traced).parameters) == ["batch", "pair"]
    other = {"weight": ONE, "image": ONE * 5}, [ONE, (ONE, ONE)]  # keys in another order, a list for a tuple
    assert traced(*other).tolist() == nested(*other).tolist()
    assert traced.interpret(pair=pair, batch=batch).tolist() == nested(batch, pair).tolist()
    assert traced.graph_for(batch, pair) is traced.latest.graph


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ({"image": ONE}, (ONE, [ONE, ONE])),
            "argument 'batch' takes a dict with keys 'image', 'weight', got one with keys 'image'",
        ),
        ((ONE, (ONE, [ONE, ONE])), "argument 'batch' takes a dict with keys 'image', 'weight', got Tensor"),
        (
            ({"image": ONE, "weight": ONE}, (ONE, [ONE])),
            "argument 'pair[1]' takes a list of 2, got one with 1 elements",
        ),
        (({"image": ONE, "weight": 3}, (ONE, [ONE, ONE])), "argument \"batch['weight']\" takes Tensor, got int"),
        (
            ({"image": ONE, "weight": ONE},),
            "argument 'pair' is missing; takes (a dict with keys 'image', 'weight' batch, a tuple of 2 pair)",
        ),
    ],
    ids=["keys", "kind", "length", "no tensor", "missing"],
)
def test_arguments_of_another_structure_are_refused(args: tuple[object, ...], message: str) -> None:
    traced = tl.jit.trace(nested, ({"image": ONE, "weight": ONE}, (ONE, [ONE, ONE])))
    with pytest.raises(ArgumentError) as caught:
        traced(*args)
    assert str(caught.value) == f"nested: {message}"


def test_a_dict_and_a_named_tuple_come_back_as_they_are() -> None:
    traced = tl.jit.trace(lambda x: {"y": x + 1, "pair": Pair(x, x * 2)}, ONE, strict=False)
    result = traced(ONE)
    assert list(result) == ["y", "pair"]
    assert type(result["pair"]) is Pair
    assert result["pair"].second.tolist() == [2.0, 4.0]
    named = tl.jit.trace(lambda x: Pair(x, x * 2), ONE)  # strict takes named tuples: they cannot grow
    assert type(named(ONE)) is Pair


def test_strict_warns_of_a_list_and_refuses_a_dict_as_torch_does() -> None:
    torch = pytest.importorskip("torch")
    with pytest.warns(TracerWarning, match="The function gives a list: a trace is only right for it if") as caught:
        tl.jit.trace(lambda x: [x, x], ONE)
    assert [w.filename for w in caught] == [__file__]
    with pytest.warns(torch.jit.TracerWarning, match="Encountering a list at the output"):
        torch.jit.trace(lambda x: [x, x], torch.ones(1))
    with pytest.raises(TraceError, match="traced gives a dict: a trace is only right for it if"):
        tl.jit.trace(lambda x: {"a": x}, ONE)
    with pytest.raises(RuntimeError, match="Encountering a dict at the output"):
        torch.jit.trace(lambda x: {"a": x}, torch.ones(1))


def test_one_dict_as_the_example_is_one_argument() -> None:
    traced = tl.jit.trace(lambda batch: batch["a"] * 2, {"a": ONE})
    assert traced({"a": ONE * 3}).tolist() == [6.0, 12.0]


def test_a_bound_method_is_traced_under_its_own_name() -> None:
    class Model:
        def __init__(self) -> None:
            self.factor = ONE * 2

        def apply(self, x: tl.Tensor) -> tl.Tensor:
            return x * self.factor

    traced = tl.jit.trace(Model().apply, ONE)
    assert (traced.name, [v.name for v in traced.graph.inputs]) == ("apply", ["x"])
    assert traced(ONE).tolist() == [2.0, 8.0]


def test_a_nested_function_is_called_from_another_trace() -> None:
    inner = tl.jit.trace(lambda batch: {"sum": batch["a"] + batch["b"]}, {"a": ONE, "b": ONE}, strict=False)
    outer = tl.jit.trace(lambda x: inner({"a": x, "b": x * 2})["sum"] * x, ONE)
    assert outer(ONE).tolist() == [3.0, 12.0]
