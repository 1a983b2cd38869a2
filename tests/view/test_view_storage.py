"""What the storage view says: the answer first, the words for footprints, the limits."""

from __future__ import annotations

import numpy as np
import pytest
import view_pages as pages
from view_samples import crowded, photograph, tensor_over

from tensorlab.core.footprint import Footprint, Run
from tensorlab.core.sharing import NameRecord, SharingReport, StorageRecord, describe
from tensorlab.view import storage_words as words
from tensorlab.view.storage import MOST_NAMES, StorageView


def first_line(**names: object) -> str:
    return words.answer(describe(names), {})


def test_the_answer_names_who_shares_and_who_does_not() -> None:
    array = np.zeros(1024, np.uint8)
    tensor = tensor_over(array)
    other = np.zeros(4, np.uint8)
    assert first_line(a=array, b=tensor) == "a and b share 1 KiB (storage A)."
    assert first_line(a=array, b=tensor, c=other) == "a and b share 1 KiB (storage A); c has its own 4 B (storage B)."
    assert first_line(c=other) == "c has its own 4 B (storage A)."
    assert first_line(a=array, c=other) == "a and c have storages of their own (1 KiB together)."
    assert first_line(a=array, same=array) == "a and same are one ndarray of 1 KiB (storage A)."
    assert first_line() == "No tensor and no NumPy array among these names."


def test_many_groups_are_counted() -> None:
    pairs = {
        f"{letter}{i}": array for letter, array in zip("abcdef", map(np.zeros, [8] * 6), strict=True) for i in (1, 2)
    }
    assert first_line(**pairs).endswith("d1 and d2 are one ndarray of 64 B (storage D); 2 more storages are shared.")


def storage(nbytes: int, *names: NameRecord) -> StorageRecord:
    return StorageRecord("A", nbytes, "NumPy array", None, names, 0)


def name(footprint: Footprint, **facts: object) -> NameRecord:
    base = {"name": "x", "kind": "Tensor", "shape": (2,), "strides": (1,), "offset": 0, "dtype": "uint8", "itemsize": 1}
    return NameRecord(**(base | {"footprint": footprint, "address": 0} | facts))


@pytest.mark.parametrize(
    ("footprint", "expected"),
    [
        (Footprint(0, (), 0), "no byte"),
        (Footprint(0, (), 2048), "all 2 KiB"),
        (Footprint(24, (), 1000), "bytes 24 to 1,023"),
        (Footprint(0, (Run(500, 3),), 1), "1 of every 3 bytes, 500 times"),
        (Footprint(0, (Run(10, 100), Run(4, 8)), 2), "2 of every 8 bytes, 4 times, in 10 places"),
        (Footprint(4, (Run(3, 7), Run(3, 5)), 4), "bytes 4 to 31, with gaps"),
    ],
)
def test_footprints_in_words(footprint: Footprint, expected: str) -> None:
    assert words.reach(name(footprint), storage(2048)) == expected


def test_what_a_name_is() -> None:
    array = np.zeros((4, 6), np.int32)
    array.flags.writeable = False
    record = describe({"a": array[1:, ::2], "b": np.zeros((), np.float64)})
    assert words.what(record.names[0]) == ["ndarray (3, 3) int32", "stride (6, 2)", "offset 6", "read-only"]
    assert words.what(record.names[1]) == ["ndarray () float64"]
    rows = describe({"v": np.zeros(3, np.dtype([("tag", np.uint8), ("v", np.float32)]))["v"]})
    assert words.what(rows.names[0]) == ["ndarray (3,) float32", "stride (5,) bytes", "offset 1 byte"]


def test_where_the_bytes_come_from() -> None:
    data = describe({"x": np.frombuffer(bytearray(8), np.uint8)}).storages[0]
    assert words.facts(data) == "8 B · in the buffer of a bytearray · kept alive by x"
    mask = photograph().storages[1]
    assert (
        words.facts(mask)
        == "2.81 KiB · from the caching allocator: a block and segment of 2.81 KiB · kept alive by mask"
    )


def test_consequences_are_told() -> None:
    assert words.notes(photograph(), 0) == [
        "A write to photo changes img, red, green and face.",
        "red and green share the storage but no byte.",
        "A write to weights changes column.",
        "A version counts the in-place writes that a storage has seen.",
    ]
    unsure = name(Footprint(0, (), 4), undecided=("y",))
    report = SharingReport((storage(8, unsure, name(Footprint(0, (), 4), name="y", undecided=("x",))),))
    assert "Whether x and y share a byte took too long to decide." in words.notes(report, 3)
    assert words.notes(report, 3)[-1] == "3 more names not shown."


def test_names_are_capped_and_the_rest_counted() -> None:
    view = StorageView(crowded(500))
    root = pages.parse(view.html())
    assert len([th for th in root.find("th") if th.attributes["scope"] == "row"]) == MOST_NAMES
    assert "470 more names not shown." in root.words
    assert "470 more names not shown." in view.text()
    assert len(view.to_dict()["storages"][0]["names"]) == 500


def test_the_picture_has_the_words_of_its_row() -> None:
    alts = [img.attributes["alt"] for img in pages.parse(StorageView(photograph()).html()).find("img")]
    assert alts[0] == "all 8.44 KiB of storage A"
    assert alts[2] == "1 of every 3 bytes, 2,880 times of storage A"
