"""``%storage`` in a real shell."""

from __future__ import annotations

import pytest

from tensorlab.view.storage import StorageView


@pytest.fixture
def shared(lab):
    lab.value(
        "image = np.arange(6, dtype=np.float32)\nx = tl.from_numpy(image)\ny = x.view(2, 3)\nz = tl.ones(4)\nk = 3"
    )
    return lab


def groups(view: StorageView) -> list[set[str]]:
    return [{name.name for name in storage.names} for storage in view.report.storages]


def test_all_names(shared) -> None:
    view = shared.value("%storage")
    assert isinstance(view, StorageView)
    assert groups(view) == [{"x", "y", "image"}, {"z"}]
    assert "x, y and image share" in repr(view)


def test_some_names(shared) -> None:
    assert groups(shared.value("%storage y z")) == [{"y"}, {"z"}]


def test_names_that_share_and_were_not_asked_for_are_told(shared) -> None:
    view = shared.value("%storage y, z")
    assert view.others == {"A": ["x", "image"]}
    text = view.text()
    assert text.startswith(
        "y shares 24 B (storage A) with x and image, not drawn here; z has its own 16 B (storage B)."
    )
    assert "A  24 B · in a NumPy array · kept alive by y, x and image" in text
    assert view.to_dict()["others"] == {"A": ["x", "image"]}
    assert shared.value("%storage x y image").others == {}
    assert repr(shared.value("%storage x y")).startswith("x and y share 24 B (storage A) with image, not drawn here.")


def test_bound_to_a_name(shared) -> None:
    shared.run("%storage x -o seen")
    assert groups(shared.names["seen"]) == [{"x"}]


def test_results_under_underscores_are_left_out(shared) -> None:
    shared.names["_hidden"] = shared.names["x"]
    assert "_hidden" not in groups(shared.value("%storage"))[0]
    assert groups(shared.value("%storage _hidden")) == [{"_hidden"}]


def test_an_empty_notebook(lab) -> None:
    assert repr(lab.value("%storage")) == "No tensor and no NumPy array among these names."


def test_errors(shared) -> None:
    assert shared.error("%storage imag") == (
        "MagicError: %storage: nothing is named 'imag'; tensors and arrays here: x, y, z, image\n"
        "  nearest: image\n"
        "  see %storage?"
    )
    assert shared.error("%storage k") == (
        "MagicError: %storage: k is an int; tensors and arrays here: x, y, z, image\n  see %storage?"
    )
    assert shared.error("%storage --ouput seen").splitlines()[:2] == [
        "MagicError: %storage: no option --ouput",
        "  nearest: --output",
    ]


def test_help(shared, capsys: pytest.CaptureFixture[str]) -> None:
    assert shared.value("%storage --help") is None
    assert capsys.readouterr().out.startswith("%storage [-h] [-o NAME] [--addresses]")


def test_completion(shared) -> None:
    assert shared.completions("%storage ") == ["x", "y", "z", "image"]
    assert shared.completions("%storage x im") == ["image"]
    assert {"--help", "--output", "--addresses", "--grid"} <= set(shared.completions("%storage --"))
    assert shared.completions("%storage --grid im") == ["image"]
    shared.value("batch = [z, image]")
    assert shared.completions("%storage ba") == ["batch", "batch[0]", "batch[1]"]


def test_things_inside_of_others(shared) -> None:
    shared.value("cfg = {'w': [z[1:], k]}\nbatch = [z, image]")
    assert groups(shared.value("%storage")) == [{"x", "y", "image", "batch[1]"}, {"z", "cfg['w'][0]", "batch[0]"}]
    assert groups(shared.value("%storage cfg")) == [{"cfg['w'][0]"}]
    assert groups(shared.value("%storage cfg['w'] batch[1]")) == [{"cfg['w'][0]"}, {"batch[1]"}]
    assert shared.value("%storage batch[0]").others == {"A": ["z", "cfg['w'][0]"]}
    assert shared.error("%storage batch[4]") == (
        "MagicError: %storage: batch has no [4]\n  nearest: batch[1]\n  see %storage?"
    )


def test_addresses(shared) -> None:
    address = shared.names["image"].__array_interface__["data"][0]
    text = repr(shared.value("%storage image --addresses"))
    assert f"at {address:#x}" in text
    assert "0x" not in repr(shared.value("%storage image"))


def test_what_has_no_bytes(shared) -> None:
    pytest.importorskip("pandas")
    shared.value("import pandas\nrows = pandas.RangeIndex(4)")
    assert "rows (pandas.RangeIndex) has no bytes of its own to show: a range" in repr(shared.value("%storage"))
    assert repr(shared.value("%storage rows")).startswith("rows: no bytes of their own to show.")
    assert shared.error("%storage --grid rows").splitlines()[0] == (
        "MagicError: %storage: --grid: rows has no bytes of its own to show: a range: three numbers, and no bytes for "
        "its values"
    )


def test_grid(shared) -> None:
    view = shared.value("%storage --grid y -o drawn")
    assert view is shared.names["drawn"]
    assert repr(view).startswith("y[i, j] is element 3·i + j of its storage.")
    assert [cell["value"] for cell in view.to_dict()["cells"]] == list("012345")
    address = shared.names["y"].address
    assert f"The first element is at {address:#x}." in repr(shared.value("%storage --grid y --addresses"))


def test_grid_errors(shared) -> None:
    assert shared.error("%storage --grid yy") == (
        "MagicError: %storage: --grid: nothing is named 'yy'; tensors and arrays here: x, y, z, image\n"
        "  nearest: y\n"
        "  see %storage?"
    )
    assert shared.error("%storage --grid y z").splitlines()[0] == (
        "MagicError: %storage: --grid takes one name, and 'z' is another"
    )
    shared.value("batch = [z, image]")
    assert shared.error("%storage --grid batch").splitlines()[:2] == [
        "MagicError: %storage: --grid: batch holds 2 things: batch[0], batch[1]",
        "  take one of them",
    ]
