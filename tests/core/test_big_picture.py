"""What stands behind a tensor's name, against what Python, NumPy and the allocator say."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.big_picture import big_picture
from tensorlab.errors import ArgumentError


def test_elements_are_read_where_they_lie() -> None:
    x = tl.arange(12.0).reshape(3, 4)[1:, 1::2]
    picture = big_picture({"x": x}, "x")
    assert [(e.index, e.value, e.place) for e in picture.elements] == [
        ((0, 0), 5.0, 20),
        ((0, 1), 7.0, 28),
        ((1, 0), 9.0, 36),
        ((1, 1), 11.0, 44),
    ]
    for element in picture.elements:
        assert struct.unpack("<f", bytes.fromhex(element.content)) == (element.value,)
    assert (picture.shape, picture.strides, picture.offset, picture.numel) == ((2, 2), (4, 2), 5, 4)


def test_at_most_four_elements_are_read() -> None:
    picture = big_picture({"x": tl.zeros(1000)}, "x")
    assert (len(picture.elements), picture.numel) == (4, 1000)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_without_dimensions_and_without_elements(shape: tuple[int, ...]) -> None:
    picture = big_picture({"x": tl.ones(shape)}, "x")
    assert len(picture.elements) == picture.numel
    assert [e.index for e in picture.elements] == ([()] if shape == () else [])


def test_references_are_those_of_others() -> None:
    names: dict[str, object] = {"x": tl.ones(2)}
    assert big_picture(names, "x").references == 1
    names["y"] = names["x"]
    kept = [names["x"]]
    assert big_picture(names, "x").references == 3
    del kept, names["y"]
    assert big_picture(names, "x").references == 1


def test_a_block_of_our_own() -> None:
    picture = big_picture({"x": tl.ones(5)}, "x")
    assert (picture.storage_nbytes, picture.block_nbytes, picture.lender) == (20, 64, None)
    names = [layer.class_name for layer in picture.allocators]
    assert names == ["StatisticsAllocator", "CachingAllocator", "BySizeAllocator", "HostAllocator"]
    assert all(layer.does.endswith(".") for layer in picture.allocators)
    assert not picture.huge_pages
    large = big_picture({"x": tl.ones(400_000)}, "x")  # less than a huge page, in a segment of several
    assert large.huge_pages
    assert [layer.class_name for layer in large.allocators][2:] == [
        "BySizeAllocator",
        "DeviceCachingAllocator",
        "HostAllocator",
    ]


def test_borrowed_memory_has_a_lender_and_no_allocator() -> None:
    array = np.arange(4.0)
    x = tl.from_numpy(array)
    picture = big_picture({"x": x}, "x")
    assert (picture.lender, picture.block_nbytes, picture.allocators) == ("ndarray", None, ())
    assert picture.address == array.ctypes.data


def test_who_else_is_over_the_storage() -> None:
    x = tl.ones(4)
    names = {"x": x, "half": x[:2], "_hidden": x, "other": tl.ones(4), "same": x}
    x.add_(1)
    picture = big_picture(names, "x")
    assert picture.sharers == ("half", "same")
    assert picture.version == 1
    assert big_picture(names, "half").footprint.nbytes == 8


def test_plain_values_without_addresses_unless_asked() -> None:
    picture = big_picture({"x": tl.ones(2, requires_grad=True)}, "x")
    facts = picture.to_dict()
    assert json.loads(json.dumps(facts))["elements"][0] == {
        "index": [0],
        "value": 1.0,
        "place": 0,
        "content": "00 00 80 3f",
    }
    assert "address" not in facts
    assert picture.to_dict(addresses=True)["address"] == picture.address


def test_takes_a_tensors_name() -> None:
    with pytest.raises(ArgumentError) as error:
        big_picture({"x": 3}, "x")
    assert str(error.value) == "big_picture: got x, a int; takes a tensor's name"
