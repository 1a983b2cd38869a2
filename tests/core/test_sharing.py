"""Which names share bytes: by intervals of whole buffers, exact on elements, stable as data."""

from __future__ import annotations

import mmap

import numpy as np
import pytest

from tensorlab import memory
from tensorlab.core import dtype
from tensorlab.core.layout import layout
from tensorlab.core.sharing import SharingReport, describe
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, empty
from tensorlab.errors import ArgumentError
from tensorlab.memory import CachingAllocator, DataPtr, HostAllocator, use_allocator

TAKES = "tensors, arrays, columns and buffers, and lists, tuples, dicts, dataclasses and modules of them"


def over(array: np.ndarray) -> Tensor:
    """A tensor over an ndarray's bytes, whose storage begins at the array's own first byte."""
    address = array.__array_interface__["data"][0]
    found = dtype.from_numpy_dtype(array.dtype, "over")
    strides = tuple(s // array.itemsize for s in array.strides)
    storage = Storage(DataPtr(address, array.nbytes, array, None), array.nbytes)
    return Tensor(storage, layout(found, array.shape, strides))


def groups(report: SharingReport) -> list[tuple[str, int, list[str]]]:
    return [(s.letter, s.nbytes, [n.name for n in s.names]) for s in report.storages]


def test_a_tensor_over_the_tail_of_an_array_is_with_the_array() -> None:
    array = np.zeros(100, np.float32)
    report = describe({"array": array, "tail": over(array[90:]), "own": empty(dtype.float32, (3,))})
    assert groups(report) == [("A", 400, ["array", "tail"]), ("B", 12, ["own"])]
    tail = report.storages[0].names[1]
    assert (tail.footprint.start, tail.footprint.stop, tail.overlaps) == (360, 400, ("array",))


def test_letters_follow_the_first_names() -> None:
    a, b = np.zeros(4), np.zeros(4)
    assert groups(describe({"y": b, "x": a, "z": b[1:]})) == [("A", 32, ["y", "z"]), ("B", 32, ["x"])]


def test_letters_go_on_after_z() -> None:
    report = describe({f"n{i}": np.zeros(1) for i in range(28)})
    assert [s.letter for s in report.storages[24:]] == ["Y", "Z", "AA", "AB"]


def test_views_of_one_buffer_share_it_even_where_they_do_not_overlap() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    (storage,) = describe({"red": image[..., 0], "green": image[..., 1], "all": image[1:]}).storages
    red, green, rest = storage.names
    assert (red.overlaps, green.overlaps, rest.overlaps) == (("all",), ("all",), ("red", "green"))
    assert (green.offset, green.strides, green.in_bytes) == (1, (12, 3), False)


def test_neighbours_in_memory_do_not_share() -> None:
    raw = np.zeros(8, np.uint8)
    address = raw.__array_interface__["data"][0]
    form = layout(dtype.uint8, (4,))
    first = Tensor(Storage(DataPtr(address, 4, None, None), 4), form)
    second = Tensor(Storage(DataPtr(address + 4, 4, None, None), 4), form)
    assert [s.names[0].name for s in describe({"first": first, "second": second}).storages] == ["first", "second"]


def test_a_tensor_and_its_numpy_array_are_one_storage_from_the_allocator() -> None:
    with use_allocator(CachingAllocator(HostAllocator())):
        tensor = empty(dtype.float32, (10, 30))
    tensor.written()
    (storage,) = describe({"array": tensor.numpy()[2:], "tensor": tensor}).storages
    assert (storage.nbytes, storage.origin, storage.block_nbytes) == (1200, "caching allocator", 1216)
    array, own = storage.names
    assert (array.kind, array.version, own.kind, own.version) == ("ndarray", None, "Tensor", 1)
    assert array.footprint.start == 240


def test_an_allocator_without_a_cache_is_named() -> None:
    with use_allocator(HostAllocator()):
        tensor = empty(dtype.uint8, (5,))
    (storage,) = describe({"t": tensor}).storages
    assert (storage.origin, storage.block_nbytes) == (f"allocator {HostAllocator().name}", 64)


def test_one_object_under_two_names_is_said_to_be_one() -> None:
    array = np.zeros(3)
    report = describe({"a": array, "b": array, "c": array[:]})
    assert [name.same_as for name in report.names] == [None, "a", None]


def test_empty_views_stay_with_their_buffer() -> None:
    array = np.zeros(3)
    report = describe({"nothing": array[:0], "array": array, "other": np.zeros(0)})
    assert groups(report) == [("A", 24, ["nothing", "array"]), ("B", 0, ["other"])]
    assert report.names[0].overlaps == ()


def test_an_array_over_foreign_bytes_names_its_owner() -> None:
    data = bytearray(64)
    view = np.frombuffer(memoryview(data), np.int32, count=4, offset=8)
    (storage,) = describe({"view": view, "rest": np.frombuffer(data, np.uint8)[40:]}).storages
    assert (storage.nbytes, storage.origin) == (64, "buffer of a bytearray")
    assert storage.names[0].offset == 2
    with mmap.mmap(-1, 4096) as pages:
        mapped = np.frombuffer(pages, np.uint8)[100:]
        (storage,) = describe({"mapped": mapped}).storages
        assert (storage.nbytes, storage.origin) == (4096, "buffer of an mmap")
        del mapped


def test_strides_that_are_no_whole_elements_are_in_bytes() -> None:
    record = np.zeros(4, np.dtype([("tag", np.uint8), ("value", np.float64)]))
    (storage,) = describe({"value": record["value"]}).storages
    (value,) = storage.names
    assert (value.in_bytes, value.strides, value.offset, value.nbytes) == (True, (9,), 1, 32)


def test_read_only_bytes_are_marked() -> None:
    frozen = np.frombuffer(b"\0" * 8, np.uint8)
    storage = Storage(DataPtr(frozen.__array_interface__["data"][0], 8, frozen, None), 8, readonly=True)
    report = describe({"frozen": frozen, "tensor": Tensor(storage, layout(dtype.uint8, (8,)))})
    assert [name.readonly for name in report.names] == [True, True]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], f"storage: x is a list; takes {TAKES}"),
        (None, f"storage: x is a NoneType; takes {TAKES}"),
    ],
)
def test_other_values_are_refused(value: object, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        describe({"x": value})
    assert str(caught.value) == message


def test_to_dict_has_no_addresses_unless_asked() -> None:
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    report = describe({"a": array, "column": array[:, 1]})
    assert report.to_dict() == {
        "storages": [
            {
                "letter": "A",
                "nbytes": 12,
                "origin": "NumPy array",
                "block_nbytes": None,
                "segment": None,
                "place": "cpu",
                "uncompared": 0,
                "kept_by": [],
                "names": [
                    {
                        "name": "a",
                        "kind": "ndarray",
                        "shape": [2, 3],
                        "strides": [3, 1],
                        "offset": 0,
                        "unit": "element",
                        "dtype": "int16",
                        "version": None,
                        "readonly": False,
                        "same_as": None,
                        "footprint": {"start": 0, "runs": [], "width": 12},
                        "overlaps": ["column"],
                        "undecided": [],
                    },
                    {
                        "name": "column",
                        "kind": "ndarray",
                        "shape": [2],
                        "strides": [3],
                        "offset": 1,
                        "unit": "element",
                        "dtype": "int16",
                        "version": None,
                        "readonly": False,
                        "same_as": None,
                        "footprint": {"start": 2, "runs": [[2, 6]], "width": 2},
                        "overlaps": ["a"],
                        "undecided": [],
                    },
                ],
            }
        ],
        "unseen": [],
        "left_out": 0,
    }
    (storage,) = report.to_dict(addresses=True)["storages"]
    assert storage["address"] == array.__array_interface__["data"][0] == storage["names"][0]["address"]


def test_nothing_to_describe_is_an_empty_report() -> None:
    assert describe({}) == SharingReport(())


def test_the_default_allocator_is_the_cache() -> None:
    assert memory.describe(empty(dtype.uint8, (1,)).storage().pointer) is not None
    (storage,) = describe({"t": empty(dtype.uint8, (1,))}).storages
    assert storage.origin == "caching allocator"
