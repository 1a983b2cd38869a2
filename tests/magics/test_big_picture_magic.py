"""``%bigpicture`` in a real shell."""

from __future__ import annotations

import json
import re

import pytest

from tensorlab.view.big_picture import BigPictureView


@pytest.fixture
def lab_with_x(lab):
    lab.value("x = tl.arange(6.0).reshape(2, 3)\ny = x[:, 1:]\nk = 3\na = np.ones(3)\nt = tl.from_numpy(a)")
    return lab


def test_from_the_name_to_the_bytes(lab_with_x) -> None:
    view = lab_with_x.value("%bigpicture y")
    assert isinstance(view, BigPictureView)
    text = view.text()
    assert text.startswith("y → tensor → storage → memory: it reads 16 B of the 24 B of its storage, in memory that")
    for fact in ("1 reference to it", "shape (2, 2)", "stride (3, 1)", "offset 1", "also of x", "00 00 80 3f"):
        assert fact in text
    assert "a block of 64 B: 24 B asked for, 40 B lost to rounding" in text
    assert "CachingAllocator" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "y[0, 0]" in view.html()


def test_a_numpy_arrays_memory(lab_with_x) -> None:
    text = lab_with_x.value("%bigpicture t").text()
    assert "the memory of an ndarray, used where it lies" in text
    assert "none: the bytes are not ours, the ndarray frees them" in text


def test_addresses_only_where_asked_for(lab_with_x) -> None:
    assert "0x" not in lab_with_x.value("%bigpicture x").text()
    view = lab_with_x.value("%bigpicture x --addresses")
    address = lab_with_x.value("x.data_ptr()")
    assert f"data_ptr {address:#x}" in view.text()
    assert json.loads(view.to_json())["address"] == address


def test_a_second_look_shows_the_same(lab_with_x) -> None:
    first, second = (lab_with_x.value("%bigpicture x -o seen").html() for _ in range(2))
    assert first == second
    assert lab_with_x.names["seen"].html() == first


def test_help(lab_with_x, capsys) -> None:
    assert lab_with_x.value("%bigpicture --help") is None
    assert re.search(r"the name of a tensor", capsys.readouterr().out)


def test_what_is_no_tensor(lab_with_x) -> None:
    assert lab_with_x.error("%bigpicture a") == (
        "MagicError: %bigpicture: tensor: a is an ndarray, not a tensor; tensors here: x, y, t\n"
        "  tensorlab.from_numpy(a) shares its memory\n"
        "  see %bigpicture?"
    )
    assert "nothing is named 'xx'" in lab_with_x.error("%bigpicture xx")
    assert "nearest: --addresses" in lab_with_x.error("%bigpicture x --adresses")
    assert lab_with_x.error("%bigpicture").startswith("MagicError: %bigpicture: tensor is missing")


def test_names_are_completed(lab_with_x) -> None:
    assert {"x", "y", "t"} <= set(lab_with_x.completions("%bigpicture "))
