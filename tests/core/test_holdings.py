"""The bytes behind foreign objects: where they are, whose they are, never a copy."""

from __future__ import annotations

import array
import ctypes
import mmap
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tensorlab.core.holding import Holding, Unseen
from tensorlab.core.holdings import Holdings
from tensorlab.core.sharing import describe


def pieces(value: object) -> list[Holding]:
    found = Holdings().of(value)
    assert all(isinstance(piece, Holding) for piece in found)
    return list(found)


def reason(value: object) -> tuple[str, str]:
    (found,) = Holdings().of(value)
    assert isinstance(found, Unseen)
    return found.kind, found.reason


def together(**names: object) -> list[set[str]]:
    return [{name.name for name in storage.names} for storage in describe(names).storages]


@pytest.mark.parametrize(
    "value",
    [1, 2.5, None, "text", np.float64(3), np.dtype("f4"), np, len, int, [1], {"a": 1}, object()],
    ids=lambda v: type(v).__name__,
)
def test_plain_values_hold_nothing(value: object) -> None:
    assert Holdings().of(value) == ()


@pytest.mark.parametrize(
    ("value", "kind", "dtype", "shape", "readonly"),
    [
        (bytearray(6), "bytearray", "uint8", (6,), False),
        (b"abc", "bytes", "uint8", (3,), True),
        (array.array("i", [1, 2, 3]), "array.array", "int32", (3,), False),
        ((ctypes.c_double * 4)(), "c_double_Array_4", "float64", (4,), False),
        (memoryview(bytearray(12)).cast("i")[1:], "memoryview", "int32", (2,), False),
        (memoryview(bytearray(12))[::3], "memoryview", "uint8", (4,), False),
        (bytearray(), "bytearray", "uint8", (0,), False),
    ],
    ids=["bytearray", "bytes", "array", "ctypes", "cast", "strided", "empty"],
)
def test_buffers(value: object, kind: str, dtype: str, shape: tuple[int, ...], readonly: bool) -> None:
    (piece,) = pieces(value)
    assert (piece.kind.split(".")[-1], piece.dtype, piece.shape) == (kind.split(".")[-1], dtype, shape)
    assert piece.readonly is readonly


def test_a_view_of_a_buffer_is_with_the_buffer() -> None:
    data = bytearray(64)
    part = memoryview(data)[16:32]
    report = describe({"data": data, "part": part, "array": np.frombuffer(data, np.int16)[20:]})
    (storage,) = report.storages
    assert (storage.nbytes, storage.origin) == (64, "buffer of a bytearray")
    assert [name.footprint.start for name in storage.names] == [0, 16, 40]
    assert storage.names[1].overlaps == ("data",)


def test_mapped_files_and_released_views() -> None:
    with mmap.mmap(-1, 4096) as pages:
        view = memoryview(pages)[100:200]
        assert together(pages=pages, view=view) == [{"pages", "view"}]
        view.release()
        assert reason(view) == ("memoryview", "operation forbidden on released memoryview object")


def test_looking_at_a_bytearray_leaves_it_free_to_grow() -> None:
    data = bytearray(8)
    describe({"data": data})
    data.extend(b"more")
    assert len(data) == 12


class Interface:
    """What describes an ndarray's memory and no more."""

    def __init__(self, source: np.ndarray, data: object = ...) -> None:
        self.source = source
        self.__array_interface__ = dict(source.__array_interface__)
        if data is not ...:
            self.__array_interface__["data"] = data


def test_an_array_interface_of_an_instance() -> None:
    source = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    (piece,) = pieces(Interface(source))
    assert (piece.kind, piece.shape, piece.steps, piece.address) == (
        "test_holdings.Interface", (3, 2), (16, 8), source.__array_interface__["data"][0],
    )  # fmt: skip
    assert together(source=source, other=Interface(source)) == [{"source", "other"}]


def test_an_array_interface_that_copies() -> None:
    copies = Interface(np.zeros(3), np.zeros(3).tobytes())
    assert reason(copies) == ("test_holdings.Interface", "its array interface gives the values as a copy")


class Exporter:
    """DLPack and nothing else."""

    def __init__(self, source: np.ndarray, *, old: bool = False, device: tuple[int, int] = (1, 0)) -> None:
        self.source, self.old, self.device = source, old, device

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **options: Any) -> object:
        if self.old and options:
            raise TypeError("no options")
        return self.source.__dlpack__(**options)


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_dlpack(old: bool) -> None:
    source = np.arange(6.0)
    assert together(source=source, other=Exporter(source[2:], old=old)) == [{"source", "other"}]


def test_dlpack_elsewhere() -> None:
    assert reason(Exporter(np.zeros(2), device=(2, 0)))[1] == "its bytes are on device 2:0"


def test_memory_of_another_device_is_apart() -> None:
    class OnGpu:
        def __init__(self, source: np.ndarray) -> None:
            self.__cuda_array_interface__ = source.__array_interface__

    source = np.zeros(4)
    gpu = type("Gpu", (), {"__cuda_array_interface__": source.__array_interface__})()
    report = describe({"host": source, "gpu": gpu})
    assert [(s.place, [n.name for n in s.names]) for s in report.storages] == [("cpu", ["host"]), ("cuda", ["gpu"])]
    assert OnGpu(source).__cuda_array_interface__


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    array_ = np.arange(12.0).reshape(3, 4)
    tensor = torch.from_numpy(array_)
    tensor[:, 1].add_(1)
    report = describe({"array": array_, "tensor": tensor, "row": tensor[1], "weight": torch.nn.Parameter(tensor)})
    (storage,) = report.storages
    assert (storage.nbytes, storage.origin) == (96, "NumPy array")
    assert [(n.kind, n.offset, n.strides, n.version) for n in storage.names] == [
        ("ndarray", 0, (4, 1), None),
        ("torch.Tensor", 0, (4, 1), 1),
        ("torch.Tensor", 4, (1,), 1),
        ("torch.Parameter", 0, (4, 1), 1),
    ]
    half = torch.zeros(4, dtype=torch.bfloat16)[2:]
    (piece,) = pieces(half)
    assert (piece.dtype, piece.root.nbytes, piece.address - piece.base) == ("bfloat16", 8, 4)
    assert together(a=half.float().numpy(), b=half) == [{"a"}, {"b"}]


def test_torch_without_plain_bytes() -> None:
    torch = pytest.importorskip("torch")
    assert reason(torch.empty(3, device="meta")) == ("torch.Tensor", "a meta tensor has a shape and no bytes")
    parts = [piece.part for piece in pieces(torch.eye(3).to_sparse())]
    assert parts == [".indices()", ".values()"]
    with torch.inference_mode():
        (piece,) = pieces(torch.zeros(2))
    assert piece.version is None


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    value = jax.numpy.arange(4)
    (piece,) = pieces(value)
    assert (piece.kind, piece.readonly, piece.address) == ("jax.Array", True, value.unsafe_buffer_pointer())
    assert together(value=value, seen=np.from_dlpack(value)) == [{"value", "seen"}]
    value.delete()
    assert reason(value) == ("jax.Array", "deleted: its buffer was given away")
    seen = []
    jax.jit(lambda x: seen.append(reason(x)) or x)(jax.numpy.zeros(2))
    assert seen == [("jax.Array", "a value of a trace: it has no bytes yet")]


def test_pandas_columns_of_one_block() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.zeros((3, 2)), columns=["x", "y"])
    report = describe({"frame": frame, "series": frame["x"]})
    (storage,) = report.storages
    assert [(n.name, n.kind, n.shape) for n in storage.names] == [
        ("frame['x']", "pandas column", (3,)),
        ("frame['y']", "pandas column", (3,)),
        ("series", "pandas.Series", (3,)),
    ]
    assert [n.overlaps for n in storage.names] == [("series",), (), ("frame['x']",)]
    (kept,) = pieces(frame["x"])
    assert np.shares_memory(frame["x"].array.to_numpy(), np.ndarray(3, "f8", _at(kept), 0, kept.steps))


def _at(piece: Holding) -> Any:
    return (ctypes.c_char * piece.root.nbytes).from_address(piece.address)


def test_pandas_in_several_pieces() -> None:
    pandas = pytest.importorskip("pandas")
    masked = pandas.Series(pandas.array([1, None, 3], dtype="Int64"))
    assert [(p.part, p.dtype) for p in pieces(masked)] == [(".values", "int64"), (".mask", "bool")]
    letters = pandas.Series(pandas.Categorical([7, 8, 7]))
    assert [p.part for p in pieces(letters)] == [".codes", ".categories"]
    dates = pandas.Series(pandas.to_datetime(["2026-01-01", "2026-01-02"]))
    (piece,) = pieces(dates)
    assert piece.dtype.startswith("datetime64")
    assert reason(pandas.RangeIndex(4))[1] == "a range: three numbers, and no bytes for its values"
    levels = pandas.MultiIndex.from_arrays([[1, 1, 2], [3, 4, 3]])
    assert [p.part for p in pieces(levels)] == [".codes[0]", ".levels[0]", ".codes[1]", ".levels[1]"]


def test_arrow_buffers() -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"n": arrow.array([1, None, 3, 4]), "s": ["a", "bb", "", "dddd"]})
    names = describe({"t": table, "later": table.slice(1, 2)})
    by_name = {name.name: name for name in names.names}
    assert set(by_name) == {
        f"{t}{part}"
        for t in ("t", "later")
        for part in ("['n'].validity", "['n'].values", "['s'].offsets", "['s'].text")
    }
    assert (by_name["later['n'].values"].shape, by_name["later['n'].values"].footprint.start) == ((2,), 8)
    assert (by_name["later['s'].text"].footprint.start, by_name["later['s'].text"].nbytes) == (1, 2)
    assert by_name["t['s'].text"].overlaps == ("later['s'].text",)
    assert by_name["t['n'].validity"].dtype == "4 bits"


def test_arrow_shares_with_numpy() -> None:
    arrow = pytest.importorskip("pyarrow")
    numbers = np.arange(5.0)
    column = arrow.array(numbers)
    chunks = arrow.chunked_array([column, column[2:]])
    assert [p.part for p in pieces(chunks)] == [".chunk(0).values", ".chunk(1).values"]
    assert together(numbers=numbers, column=column) == [{"numbers", "column.values"}]
    words = arrow.array(["x", "y", "x"]).dictionary_encode()
    assert [p.part for p in pieces(words)] == [".indices.values", ".dictionary.offsets", ".dictionary.text"]
    nested = arrow.array([[1, 2], [3]])
    assert [p.part for p in pieces(nested)] == [".buffer 1", ".buffer 3"]
    assert [p.dtype for p in pieces(arrow.array([True, False, True]))] == ["3 bits"]


def test_looking_imports_nothing() -> None:
    program = (
        "import sys, numpy as np\n"
        "from tensorlab.core.sharing import describe\n"
        "describe({'a': np.zeros(2), 'b': bytearray(3), 'c': [np.ones(1)]})\n"
        "print(sorted({'torch', 'jax', 'pandas', 'pyarrow', 'numba', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == "[]"
