"""Grids over bytes: each element's place by its strides, its value by its bytes, bounded however large the tensor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlab.core import dtype
from tensorlab.core.contents import contents
from tensorlab.core.grid import MOST_CELLS, MOST_SLOTS, GridRecord, grid
from tensorlab.core.tensor import empty


def grid_of(value: object) -> GridRecord:
    ((name, holding),) = contents({"x": value}).holdings
    return grid(name, holding)


def test_a_crop_has_its_places_in_the_storage() -> None:
    record = grid_of(np.arange(20, dtype=np.int64).reshape(4, 5)[1:3, 1:4])
    assert (record.offset, record.strides, record.in_bytes) == (6, (5, 1), False)
    assert [(c.index, c.slot, c.value) for c in record.cells] == [
        ((0, 0), 6, "6"), ((0, 1), 7, "7"), ((0, 2), 8, "8"),
        ((1, 0), 11, "11"), ((1, 1), 12, "12"), ((1, 2), 13, "13"),
    ]  # fmt: skip
    assert [(s.position, s.value, s.holds) for s in record.slots[3:6]] == [
        (5, "5", ()),
        (6, "6", ((0, 0),)),
        (7, "7", ((0, 1),)),
    ]


def test_an_expanded_dimension_has_one_place_for_all() -> None:
    record = grid_of(np.broadcast_to(np.array([1.5, 2.5]), (3, 2)))
    assert [slot.holds for slot in record.slots] == [((0, 0), (1, 0), (2, 0)), ((0, 1), (1, 1), (2, 1))]


def test_bfloat16_is_read() -> None:
    tensor = empty(dtype.bfloat16, (3,))
    tensor.numpy()[:] = [0.5, 1, -2]
    assert [cell.value for cell in grid_of(tensor).cells] == ["0.5", "1", "-2"]


def test_values_without_a_word_in_numpy_are_not_guessed() -> None:
    objects = np.array([None, "text"], dtype=object)
    assert [cell.value for cell in grid_of(objects).cells] == ["?", "?"]


def test_elements_at_no_whole_number_of_elements_are_placed_in_bytes() -> None:
    record = grid_of(np.zeros(4, np.dtype([("tag", np.uint8), ("v", np.float64)]))["v"])
    assert (record.in_bytes, record.offset, record.strides, record.slots) == (True, 1, (9,), ())


def test_a_large_tensor_shows_its_corners() -> None:
    record = grid_of(np.zeros((100, 3, 480, 640), np.uint8))
    assert record.shown[-2:] == ((0, 1, 2, 479), (0, 1, 2, 639))
    assert len(record.cells) <= MOST_CELLS
    assert not record.is_whole
    assert record.slots == ()


def test_no_elements_are_no_cells() -> None:
    record = grid_of(np.zeros((0, 3)))
    assert (record.cells, record.slots, record.is_whole) == ((), (), True)


def test_data_has_an_address_only_where_asked() -> None:
    array = np.arange(3.0)
    record = grid_of(array)
    assert "address" not in record.to_dict()
    assert record.to_dict(addresses=True)["address"] == array.__array_interface__["data"][0]
    assert record.to_dict()["cells"][2] == {"index": [2], "slot": 2, "value": "2"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_value_is_the_element_at_its_place(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4).map(tuple))
    whole = np.arange(max(math.prod(shape), 1), dtype=np.int32)[: math.prod(shape)].reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    view = whole.transpose(order)[tuple(slice(None, None, data.draw(st.sampled_from([1, 2, -1]))) for _ in shape)]
    record = grid_of(view)
    for cell in record.cells:
        assert cell.value == str(view[cell.index])
        assert cell.value == str(whole.ravel()[cell.slot])
    assert len(record.cells) <= MOST_CELLS
    assert len(record.slots) <= MOST_SLOTS
    if record.slots:
        assert sum(len(slot.holds) for slot in record.slots) == view.size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([True]), "True"),
        (np.array([1.23456789e-7]), "1.235e-07"),
        (np.array([1 + 2j]), "1+2j"),
        (np.array(["a long text"]), "a long …"),
        (np.array(["2026-01-01"], "datetime64[D]"), "2026-01…"),
    ],
    ids=["bool", "float", "complex", "text", "date"],
)
def test_values_as_text(value: np.ndarray, text: str) -> None:
    assert grid_of(value).cells[0].value == text
