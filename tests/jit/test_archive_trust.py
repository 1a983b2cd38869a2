"""What an archive is refused for: cuts, changes, and everything that is made to harm."""

import hashlib
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

import tensorlab as tl
from tensorlab import Tensor
from tensorlab.errors import ArchiveError
from tensorlab.jit import container
from tensorlab.jit.archive import load, save
from tensorlab.jit.scripting import compile_function
from tensorlab.jit.text import format_graph


def model(x: Tensor) -> Tensor:
    return tl.tanh(x @ tl.tensor([[1.0, 2.0], [3.0, 4.0]]))


@pytest.fixture
def path(tmp_path):
    """An archive of `model`."""
    save(tmp_path / "model.pt", "model", compile_function(model))
    return tmp_path / "model.pt"


# Files that are no archive --------------------------------------------------------------------------------------------


def refusal(path) -> str:
    """The message, without the path."""
    with pytest.raises(ArchiveError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_what_is_no_file(tmp_path):
    assert refusal(tmp_path / "missing.pt") == "cannot be read: No such file or directory"
    assert refusal(tmp_path) == "cannot be read: Is a directory"
    (tmp_path / "empty.pt").write_bytes(b"")
    assert refusal(tmp_path / "empty.pt") == "is empty"
    (tmp_path / "text.pt").write_bytes(b"text" * 100)
    assert refusal(tmp_path / "text.pt") == "is no archive, or cut short (File is not a zip file)"
    assert refusal(Path(os.devnull)) == "is no regular file"


def test_every_cut_is_noticed(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 13):
        path.write_bytes(whole[:length])
        refusal(path)


def state(loaded):
    """All that a loaded archive says."""
    tensors = {n: (t.dtype, t.shape, t.strides, t.offset, t.tolist()) for n, t in loaded.tensors.items()}
    return loaded.name, format_graph(loaded.graph, spans=False), tensors


def test_a_changed_byte_is_noticed_or_changes_nothing(path):
    whole = path.read_bytes()
    expected = state(load(path))
    kept = 0
    for position in range(0, len(whole), 5):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        try:
            found = load(path)
        except ArchiveError:
            continue
        assert state(found) == expected, position
        kept += 1
    assert kept < len(whole) / 5  # times, versions and padding say nothing about the contents


# Archives made to harm ------------------------------------------------------------------------------------------------


class Forgery:
    """Entries like those of a good archive, to be changed; written with headers as wished."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as opened:
            self.entries = {i.filename: opened.read(i) for i in opened.infolist()}
        self.json = json.loads(self.entries.pop("model/model.json"))

    def write(self, path, *, infos=(), rehash=True, folder="model"):
        if rehash:
            for key in self.json["files"]:
                content = self.entries.get(f"{folder}/{key}")
                if content is not None:
                    self.json["files"][key] = {"sha256": hashlib.sha256(content).hexdigest()}
        with open(path, "wb") as file:
            writer = container.Writer(file)
            for name, content in self.entries.items():
                writer.add(name, content)
            for info, content in infos:
                writer._zip.writestr(info, content)
            writer.add(f"{folder}/model.json", json.dumps(self.json).encode())
            writer.close()


@pytest.fixture
def forgery(path):
    return Forgery(path)


def test_a_forgery_without_a_change_is_good(forgery, path):
    forgery.write(path)
    assert state(load(path))[2]["c0"][4] == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "name", ["model/../x", "../x", "/etc/x", "model\\x", "model/./x", "model//x", "model/ü", "C:/x"]
)
def test_dangerous_names(forgery, path, name):
    forgery.entries[name] = b""
    forgery.write(path)
    assert refusal(path) == f"the entry name {name!r} is not taken"


def test_a_compressed_entry(forgery, path):
    content = forgery.entries.pop("model/tensors/0")
    info = zipfile.ZipInfo("model/tensors/0")
    info.compress_type = zipfile.ZIP_DEFLATED
    forgery.write(path, infos=[(info, content)])
    assert refusal(path) == "model/tensors/0 is compressed; takes stored entries only"


def test_a_link(forgery, path):
    content = forgery.entries.pop("model/tensors/0")
    info = zipfile.ZipInfo("model/tensors/0")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    forgery.write(path, infos=[(info, content)])
    assert refusal(path) == "model/tensors/0 is no regular file"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(forgery, path):
    with open(path, "wb") as file:
        writer = container.Writer(file)
        for name, content in [*forgery.entries.items(), ("model/tensors/0", bytes(16))]:
            writer.add(name, content)
        writer.close()
    assert refusal(path) == "model/tensors/0 is there twice"


def test_an_entry_that_is_not_aligned(forgery, path):
    content = forgery.entries.pop("model/tensors/0")
    forgery.write(path, infos=[(zipfile.ZipInfo("model/tensors/0"), content)])
    assert refusal(path).startswith("model/tensors/0 begins at byte ")
    assert refusal(path).endswith(", which is no multiple of 64")


def edited(path, name, offset, value, *, central):
    """Overwrite a part of the header in front of an entry, or of its line in the directory."""
    data = bytearray(path.read_bytes())
    at = data.rindex(name.encode()) - 46 if central else data.index(name.encode()) - 30
    data[at + offset : at + offset + len(value)] = value
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("offset", "value", "central", "expected"),
    [
        (8, b"\x01\x00", True, "model/version has flags 0x1: it is encrypted, or written as a stream"),
        (8, b"\x08\x00", True, "model/version has flags 0x8: it is encrypted, or written as a stream"),
        (24, b"\x03\x00\x00\x00", True, "model/version is compressed; takes stored entries only"),
        (20, b"\xff\xff\x00\x00\xff\xff\x00\x00", True, "model/version lies outside of the file"),
        (20, b"\x03\x00\x00\x00\x03\x00\x00\x00", True, "model/version is not what the directory says"),
        (42, b"\xf0\xff\x00\x00", True, "model/version lies outside of the file"),
        (8, b"\x08\x00", False, "model/version is not what the directory says"),
        (22, b"\x03\x00\x00\x00", False, "model/version is not what the directory says"),
        (30, b"x", False, "model/version is not what the directory says"),
        (0, b"XX", False, "model/version lies outside of the file"),
        (28, b"\xff\xff", False, "model/version lies outside of the file"),
    ],
)
def test_headers_that_lie(path, offset, value, central, expected):
    edited(path, "model/version", offset, value, central=central)
    assert refusal(path) == expected


def test_entries_that_lie_over_each_other(path):
    # Both lines of the directory say that their bytes are those of version.
    with zipfile.ZipFile(path) as opened:
        offset = opened.getinfo("model/version").header_offset
        opened.close()
    size = path.read_bytes()
    edited(path, "model/tensors/0", 42, offset.to_bytes(4, "little"), central=True)
    assert refusal(path) == "model/tensors/0 is not what the directory says"
    assert len(size) == path.stat().st_size
    # A header inside of another entry's bytes, where everything but the place is right.
    inner = b"model/tensors/0"
    header = b"PK\3\4" + bytes([20]) + bytes(21) + len(inner).to_bytes(2, "little") + bytes(2) + inner
    with open(path, "wb") as file:
        writer = container.Writer(file)
        writer.add("model/tensors/1", bytes(64 - len(header)) + header + bytes(64))
        writer.add("model/tensors/0", b"")
        writer.close()
    edited(path, "model/tensors/0", 42, (128 - len(header)).to_bytes(4, "little"), central=True)
    assert refusal(path) == "model/tensors/0 lies over another entry"


def test_too_many_entries(forgery, path, monkeypatch):
    monkeypatch.setattr(container, "MOST_ENTRIES", 3)
    assert refusal(path) == "holds 4 entries; takes up to 3"


def test_contents_that_do_not_fit_their_hash(forgery, path):
    forgery.entries["model/tensors/0"] = bytes(16)
    forgery.write(path, rehash=False)
    assert refusal(path) == "model/tensors/0 was changed: its hash is not the one in model.json"


def test_entries_that_are_missing_or_too_many(forgery, path):
    forgery.entries["model/extra"] = b""
    forgery.write(path)
    assert refusal(path) == "extra is missing, or is no part of an archive"
    del forgery.entries["model/extra"], forgery.entries["model/version"]
    forgery.write(path)
    assert refusal(path) == "version is missing, or is no part of an archive"


def test_two_folders(forgery, path):
    forgery.entries["other/version"] = b""
    forgery.write(path)
    assert refusal(path) == "holds 2 folders at the top; takes one"


def test_a_folder_of_another_name(forgery, path):
    forgery.entries = {name.replace("model/", "mode/"): content for name, content in forgery.entries.items()}
    forgery.write(path, folder="mode")
    assert refusal(path) == "the folder is called mode, the model model"


def test_an_archive_that_was_not_written_to_its_end(forgery, path):
    with open(path, "wb") as file:
        writer = container.Writer(file)
        writer.add("model/version", b"1\n")
        writer.close()
    assert refusal(path) == "model.json is missing; it is written last, so the archive is not whole"


def test_another_version(forgery, path):
    forgery.entries["model/version"] = b"2\n"
    forgery.write(path)
    assert refusal(path) == "is of a version that this tensorlab does not read"


def test_a_model_json_that_is_too_large(path, monkeypatch):
    monkeypatch.setattr("tensorlab.jit.manifest.LARGEST", 100)
    size = len(zipfile.ZipFile(path).read("model/model.json"))
    assert refusal(path) == f"model.json has {size} bytes; takes up to 100"


def altered(data, keys, value):
    """Set a part of the JSON, deep inside."""
    *above, last = keys
    for key in above:
        data = data[key]
    data[last] = value


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("name",), 3, "model.json: name is not a str"),
        (("tensors",), {}, "model.json: tensors is not a list"),
        (("parameters",), None, "model.json: parameters is not a list"),
        (("parameters", 0), [], "model.json: parameters[0].name is not a str"),
        (("parameters", 0, "isBuffer"), 1, "model.json: parameters[0].isBuffer is not a bool"),
        (("parameters", 0, "tensorId"), "1", "model.json: parameters[0].tensorId is not one of 1 tensors"),
        (("parameters", 0, "tensorId"), "-1", "model.json: parameters[0].tensorId is not one of 1 tensors"),
        (("files",), [], "model.json: files is not a dict"),
        (("files", "version"), "abc", "model.json: files.version is not a dict"),
        (("files", "version"), {}, "model.json: files.version.sha256 is not a str"),
        (
            ("tensors", 0, "dataType"),
            "COMPLEX",
            "model.json: tensors[0].dataType is not one of BOOL, BYTE, CHAR, SHORT, INT, LONG, HALF, BFLOAT16, FLOAT, "
            "DOUBLE",
        ),
        (("tensors", 0, "dims"), [2], "model.json: tensors[0].dims is not up to 32 sizes, with as many strides"),
        (("tensors", 0, "dims"), [2, -2], "model.json: tensors[0].dims is not up to 32 sizes, with as many strides"),
        (("tensors", 0, "dims"), [2, 2.0], "model.json: tensors[0].dims is not a list of integers"),
        (("tensors", 0, "dims"), [2, True], "model.json: tensors[0].dims is not a list of integers"),
        (("tensors", 0, "strides"), [2, 1 << 63], "model.json: tensors[0].strides is not a list of integers"),
        (("tensors", 0, "offset"), "0", "model.json: tensors[0].offset is not a int"),
        (("tensors", 0, "data"), {}, "model.json: tensors[0].data.key is not a str"),
        (("tensors", 0, "dims"), [2, 3], "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "dims"), [1 << 62, 1 << 62], "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "strides"), [-2, 1], "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "offset"), 1, "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "offset"), -1, "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "dataType"), "DOUBLE", "tensor c0 reaches outside of its 16 bytes"),
        (("tensors", 0, "data", "key"), "version", "tensors/0 is missing, or is no part of an archive"),
        (("tensors", 0, "data", "key"), "tensors/1", "tensors/0 is missing, or is no part of an archive"),
    ],
)
def test_a_model_json_that_says_what_cannot_be(forgery, path, keys, value, expected):
    altered(forgery.json, keys, value)
    forgery.write(path, rehash=keys[0] != "files")
    assert refusal(path) == expected


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "nonsense", "\ud800"])
def test_a_model_json_that_is_no_json(forgery, path, text):
    with open(path, "wb") as file:
        writer = container.Writer(file)
        writer.add("model/model.json", text.encode(errors="surrogatepass"))
        writer.close()
    assert refusal(path).startswith("model.json is no JSON (")


CODES = {
    "def forward(self, x):\n    return x\n": "the code does not begin with 'op_version_set = 0'",
    "op_version_set = 0\nimport os\n": (
        "the code cannot be read\n{path}/model/code/model.py defines no function forward"
    ),
    "op_version_set = 0\ndef forward(self, x):\n    return __import__('os').system('id')\n": (
        "the code cannot be read\n__import__ cannot be called in a script\n"
        "  {path}/model/code/model.py, line 3, column 12\n"
        "      return __import__('os').system('id')\n"
        "             ^^^^^^^^^^"
    ),
    "op_version_set = 0\ndef forward(self, x):\n    return self.c1\n": (
        "the code cannot be read\nself has no attribute 'c1' that can be scripted\n"
        "  {path}/model/code/model.py, line 3, column 12\n"
        "      return self.c1\n"
        "             ^^^^^^^"
    ),
    "op_version_set = 0\ndef forward(self, x):\n    return open('/etc/passwd')\n": (
        "the code cannot be read\nopen cannot be called in a script\n"
        "  {path}/model/code/model.py, line 3, column 12\n"
        "      return open('/etc/passwd')\n"
        "             ^^^^"
    ),
}


@pytest.mark.parametrize("code", CODES, ids=range(len(CODES)))
def test_code_is_read_and_never_run(forgery, path, code):
    forgery.entries["model/code/model.py"] = code.encode()
    forgery.write(path)
    assert refusal(path) == CODES[code].format(path=path)


@pytest.mark.parametrize(
    "code",
    [
        b"op_version_set = 0\n\xff",
        b"op_version_set = 0\ndef forward(self, x):\n    return " + b"-" * 5000 + b"x\n",
        b"op_version_set = 0\ndef forward(self, x):\n    return " + b"+".join([b"x"] * 5000) + b"\n",
        b"op_version_set = 0\ndef forward(self, x):\n    return " + b"(" * 5000 + b"\n",
        b"op_version_set = 0\ndef forward(self, x):\n    return x\0\n",
        b"op_version_set = 0\n" + b"\n".join(b" " * i + b"if x:" for i in range(200)),
    ],
    ids=range(6),
)
def test_code_that_is_too_much_for_the_parser(forgery, path, code):
    forgery.entries["model/code/model.py"] = code
    forgery.write(path)
    refusal(path)
