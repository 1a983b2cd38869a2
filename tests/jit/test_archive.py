"""The archive: what is in the file, what comes back, and everything that is refused."""

import hashlib
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import Tensor
from tensorlab.errors import ArchiveError, RunError
from tensorlab.jit import archive, container
from tensorlab.jit.archive import load, save
from tensorlab.jit.interpret import run
from tensorlab.jit.scripting import compile_function, compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.text import format_graph


def model(x: Tensor) -> Tensor:
    table = tl.tensor([[1.0, 2.0], [3.0, 4.0]])
    return tl.tanh(x @ table) if x.ndim == 2 else x


CODE = b"""\
op_version_set = 0
def forward(self, x: Tensor) -> Tensor:
    table = tensorlab.clone(self.c0)
    _0 = x.ndim
    _1 = _0 == 2
    if _1:
        _3 = tensorlab.matmul(x, table)
        _2 = tensorlab.tanh(_3)
    else:
        _2 = x
    return _2
"""


@pytest.fixture
def path(tmp_path):
    """An archive of `model`."""
    save(tmp_path / "model.pt", "model", compile_function(model))
    return tmp_path / "model.pt"


def with_tensors(path, tensors, expression="x"):
    """An archive of a function that uses tensors by name."""
    source = f"def forward(self, x: Tensor) -> Tensor:\n    return {expression}\n"
    save(path, "m", compile_source(source, "forward", text_namespace(tensors)), tensors)
    return load(path)


# What is written ------------------------------------------------------------------------------------------------------


def test_the_file_is_the_talks_zip(path):
    with zipfile.ZipFile(path) as opened:
        assert opened.namelist() == ["model/version", "model/code/model.py", "model/tensors/0", "model/model.json"]
        assert opened.testzip() is None
        assert all(i.compress_type == zipfile.ZIP_STORED for i in opened.infolist())
        assert opened.read("model/version") == b"1\n"
        assert opened.read("model/code/model.py") == CODE
        assert opened.read("model/tensors/0") == np.array([1, 2, 3, 4], np.float32).tobytes()
        described = json.loads(opened.read("model/model.json"))
        hashes = {n: hashlib.sha256(opened.read(f"model/{n}")).hexdigest() for n in described["files"]}
    assert described == {
        "parameters": [{"isBuffer": True, "tensorId": "0", "name": "c0"}],
        "name": "model",
        "optimize": True,
        "tensors": [
            {"dataType": "FLOAT", "dims": [2, 2], "strides": [2, 1], "offset": 0, "data": {"key": "tensors/0"}}
        ],
        "files": {n: {"sha256": digest} for n, digest in hashes.items()},
    }
    assert set(hashes) == {"version", "code/model.py", "tensors/0"}


def test_every_entry_begins_at_a_multiple_of_64(path):
    mapped = container.map_file(path)
    for entry in container.read_entries(path, mapped).values():
        assert entry.start % 64 == 0


def test_unzip_finds_no_fault(path):
    found = subprocess.run(
        [sys.executable, "-m", "zipfile", "-t", str(path)], capture_output=True, text=True, check=True
    )
    assert found.stdout == "Done testing\n"


def test_equal_models_give_equal_files(path, tmp_path):
    save(tmp_path / "again.pt", "model", compile_function(model))
    assert (tmp_path / "again.pt").read_bytes() == path.read_bytes()


# What comes back ------------------------------------------------------------------------------------------------------


def test_a_loaded_graph_computes_the_same(path):
    loaded = load(path)
    x = tl.tensor([[0.5, -1.0], [2.0, 0.25]])
    assert run(loaded.graph, [x])[0].tolist() == model(x).tolist()
    assert (loaded.name, loaded.graph.name) == ("model", "model")
    assert format_graph(loaded.graph, spans=False).count("aten::") == 5
    assert list(loaded.tensors) == ["c0"]


def test_the_tensors_are_the_file_until_they_are_written(path):
    before = path.read_bytes()
    table = load(path).tensors["c0"]
    assert table.data_ptr() % 64 == 0
    assert table.storage().allocator is None  # imported: no bytes of our own
    table += 1
    assert table.tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert path.read_bytes() == before
    assert load(path).tensors["c0"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_tensors_of_one_storage_still_share_it(tmp_path):
    base = tl.arange(12).reshape(3, 4)
    views = {"whole.weight": base, "rows": base[1:], "turned": base.t()[1:, ::2], "copy": base.clone()}
    loaded = with_tensors(tmp_path / "m.pt", views, "x + self.rows + self.whole.weight")
    with zipfile.ZipFile(tmp_path / "m.pt") as opened:
        assert [n for n in opened.namelist() if "tensors" in n] == ["m/tensors/0", "m/tensors/1"]
    for name, view in views.items():
        found = loaded.tensors[name]
        assert found.tolist() == view.tolist()
        assert (found.strides, found.offset, found.dtype) == (view.strides, view.offset, view.dtype)
    loaded.tensors["whole.weight"][1, 2] = 100
    assert loaded.tensors["rows"][0, 2].item() == 100
    assert loaded.tensors["turned"].tolist()[1][0] == 2
    assert loaded.tensors["copy"][1, 2].item() == 6


@pytest.mark.parametrize(
    "tensor",
    [
        tl.tensor(3.5),
        tl.zeros(0, 3),
        tl.tensor([True, False]),
        tl.tensor([1, 2, 255], dtype=tl.uint8),
        tl.tensor([-1, 2], dtype=tl.int32),
        tl.tensor([1 << 40]),
        tl.tensor([1.5], dtype=tl.float64),
        tl.from_numpy(np.arange(6.0).reshape(2, 3)[::-1, ::-2]),
        tl.ones(1).expand(3, 1),
    ],
    ids=lambda t: f"{t.dtype.name} {tuple(t.shape)}",
)
def test_every_kind_of_tensor(tmp_path, tensor):
    found = with_tensors(tmp_path / "m.pt", {"t": tensor}).tensors["t"]
    assert (found.dtype, found.shape, found.strides) == (tensor.dtype, tensor.shape, tensor.strides)
    assert found.tolist() == tensor.tolist()


def divide(n: int) -> int:
    return 1 // n


def test_an_error_shows_the_line_of_the_code_in_the_archive(tmp_path):
    save(tmp_path / "d.pt", "divide", compile_function(divide))
    with pytest.raises(RunError) as caught:
        run(load(tmp_path / "d.pt").graph, [0])
    assert str(caught.value) == (
        "integer division or modulo by zero\n"
        f"  {tmp_path}/d.pt/divide/code/divide.py, line 3, column 10\n"
        "      _0 = 1 // n\n"
        "           ^^^^^^"
    )


# Writing that fails ---------------------------------------------------------------------------------------------------


def test_bad_names(tmp_path):
    graph = compile_function(divide)
    for name in ("", "..", ".hidden", "a/b", "x" * 65, "ü"):
        with pytest.raises(ArchiveError) as caught:
            save(tmp_path / "x.pt", name, graph)
        assert str(caught.value) == f"{name!r} is no name for an archive; takes up to 64 of A-Z a-z 0-9 _ . -"
    with pytest.raises(ArchiveError) as caught:
        save(tmp_path / "x.pt", "x", graph, {"a-b": tl.ones(1)})
    assert str(caught.value) == "'a-b' is no name for a tensor; takes names like conv1.weight"
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(ArchiveError) as caught:
        save(tmp_path / "no" / "x.pt", "x", compile_function(divide))
    assert str(caught.value) == f"{tmp_path}/no/x.pt: cannot be written: No such file or directory"


def test_what_was_there_stays_when_writing_fails(path, monkeypatch):
    before = path.read_bytes()

    def broken(self, name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container.Writer, "add", broken)
    with pytest.raises(ArchiveError) as caught:
        save(path, "model", compile_function(divide))
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_function_is_saved_under_a_name_that_a_file_can_have(tmp_path):
    function = tl.jit.script(model)
    function.save(tmp_path / "f.pt")
    loaded = tl.jit.load(tmp_path / "f.pt")
    assert (loaded.name, loaded.kind) == ("model", "loaded")
    assert loaded(tl.ones(2, 2)).tolist() == function(tl.ones(2, 2)).tolist()
    function.graph.name = "<lambda>"
    function.name = "<lambda>"
    function.save(tmp_path / "f.pt")
    assert archive.load(tmp_path / "f.pt").name == "model"
