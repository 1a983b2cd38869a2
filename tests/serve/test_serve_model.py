"""Declarations that contradict themselves, and requests that a model does not take."""

import numpy as np
import pytest
from serve_rig import row_model, rows

from tensorlab.errors import RangeError, ShapeError
from tensorlab.serve import RequestError, ServedModel, TensorSpec
from tensorlab.serve.datatypes import DATATYPES


def text_of(kind, call, *args, **options):
    with pytest.raises(kind) as caught:
        call(*args, **options)
    return str(caught.value)


def test_specs():
    takes = ", ".join(DATATYPES)
    assert text_of(RangeError, TensorSpec, "x", "F32", (1,)) == f"TensorSpec 'x': datatype 'F32'; takes {takes}"
    assert text_of(RangeError, TensorSpec, "", "FP32", (1,)) == "TensorSpec: name '' has 0 characters; takes 1 to 64"
    assert (
        text_of(ShapeError, TensorSpec, "x", "FP32", (-2,))
        == "TensorSpec 'x': shape [-2]; takes at most 32 sizes, -1 or more each"
    )
    spec = TensorSpec("x", "FP32", (-1, 3))
    assert spec.takes(np.zeros((7, 3), np.float32))
    assert not spec.takes(np.zeros((7, 3), np.float64))
    assert not spec.takes(np.zeros((7, 4), np.float32))
    assert not spec.takes(np.zeros(3, np.float32))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "a" * 65, "a\n"])
def test_names_of_models(name):
    shown = f"{name[:64]!r}..." if len(name) > 64 else repr(name)
    assert text_of(RangeError, row_model, name=name) == f"ServedModel: name {shown}; takes 1 to 64 of A-Z a-z 0-9 _ . -"


def test_models():
    one = (TensorSpec("x", "FP32", (3,)),)
    run = lambda arrays: arrays
    assert text_of(ShapeError, ServedModel, "m", one, one, run, max_batch_size=4) == (
        "model 'm': input 'x' has shape [3]; with max_batch_size 4 it must begin with -1, the batch"
    )
    assert text_of(RangeError, ServedModel, "m", (), one, run, 0) == "model 'm' has no input; takes at least 1"
    assert text_of(RangeError, ServedModel, "m", one, one * 2, run, 0) == (
        "model 'm' has two outputs of one name: ['x', 'x']"
    )
    assert text_of(RangeError, row_model, max_batch_size=-1) == "model 'double': max_batch_size -1; takes 0 or more"
    assert text_of(RangeError, row_model, batch_delay_seconds=61) == (
        "model 'double': batch_delay_seconds 61; takes 0 to 60"
    )


def test_every_limit_follows_from_one_number():
    assert (row_model(max_batch_size=8).max_rows, row_model(max_batch_size=8).max_queued_rows) == (8, 512)
    whole = ServedModel("m", (TensorSpec("x", "FP32", ()),), (TensorSpec("y", "FP32", ()),), list, max_batch_size=0)
    assert (whole.max_rows, whole.max_queued_rows, whole.rows([np.zeros(())])) == (1, 64, 1)


def test_requests_that_the_model_does_not_take():
    model = row_model()

    def refusal(**tensors):
        return text_of(RequestError, model.arrange, tensors)

    assert refusal() == "model 'double': input 'x' is missing; takes x"
    assert refusal(x=rows(1), z=rows(1)) == "model 'double' has no input 'z'; takes x"
    assert refusal(x=rows(1, width=3)) == "model 'double': input 'x' got FP32 [1, 3]; takes FP32 [-1, 2]"
    assert refusal(x=rows(1, dtype=np.int64)) == "model 'double': input 'x' got INT64 [1, 2]; takes FP32 [-1, 2]"
    assert refusal(x=rows()) == "model 'double': got 0 rows; takes 1 to 8"
    assert refusal(x=rows(*range(9))) == "model 'double': got 9 rows; takes 1 to 8"
    pair = (TensorSpec("a", "FP32", (-1,)), TensorSpec("b", "FP32", (-1,)))
    two = ServedModel("two", pair, pair, list, max_batch_size=4)
    assert text_of(RequestError, two.arrange, {"b": np.zeros(2, "f4"), "a": np.zeros(1, "f4")}) == (
        "model 'two': inputs differ in rows ('a' 1, 'b' 2); takes one number of rows"
    )
    assert [a.tolist() for a in two.arrange({"b": np.ones(1, "f4"), "a": np.zeros(1, "f4")})] == [[0.0], [1.0]]


def test_outputs_that_a_request_chooses():
    model = row_model()
    assert model.choose(()) == model.choose(("y",)) == ("y",)
    assert text_of(RequestError, model.choose, ("w",)) == "model 'double' has no output 'w'; gives y"
    assert text_of(RequestError, model.choose, ("y", "y")) == "model 'double': output 'y' is asked for twice"
