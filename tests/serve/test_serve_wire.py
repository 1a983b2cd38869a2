"""Framing by hand against protobuf's own parser, and refusals in full."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tensorlab.errors import DTypeError
from tensorlab.serve import WireError
from tensorlab.serve.datatypes import DATATYPES, datatype_of, decode_tensor
from tensorlab.serve.framing import decode_varint, encode_varint, walk
from tensorlab.serve.protocol import message
from tensorlab.serve.wire import decode_request, decode_response, encode_request, encode_response

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
TAKES = ", ".join(DATATYPES)

arrays = st.sampled_from(sorted(DATATYPES)).flatmap(
    # Hypothesis knows no bfloat16: its bits come as integers.
    lambda name: hnp.arrays(
        "u2" if name == "BF16" else DATATYPES[name], hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    ).map(lambda array: array.view(DATATYPES[name]))
)
tensors = st.dictionaries(st.text("xyz", min_size=1, max_size=3), arrays, max_size=3)


def request(*inputs, raw=(), **fields):
    made = message("ModelInferRequest")(raw_input_contents=raw, **fields)
    for name, datatype, shape in inputs:
        made.inputs.add(name=name, datatype=datatype, shape=shape)
    return made


def refusal(data, decode=decode_request):
    with pytest.raises(WireError) as caught:
        decode(data)
    return str(caught.value)


def same(left, right):
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


@given(tensors, st.text(max_size=5), st.lists(st.text("yz", min_size=1, max_size=2), max_size=2))
@QUICK
def test_protobuf_reads_what_is_framed_by_hand(given_tensors, request_id, outputs):
    data = encode_request("m", given_tensors, request_id=request_id, outputs=outputs, timeout_seconds=0.25)
    read = message("ModelInferRequest").FromString(data)
    assert (read.model_name, read.id, [o.name for o in read.outputs]) == ("m", request_id, outputs)
    assert read.parameters["timeout"].int64_param == 250_000
    assert [(i.name, i.datatype, tuple(i.shape)) for i in read.inputs] == [
        (name, datatype_of(array.dtype), array.shape) for name, array in given_tensors.items()
    ]
    assert list(read.raw_input_contents) == [array.tobytes() for array in given_tensors.values()]


@given(tensors, st.text(max_size=5))
@QUICK
def test_what_protobuf_writes_is_read_by_hand(given_tensors, request_id):
    made = request(
        *((name, datatype_of(array.dtype), array.shape) for name, array in given_tensors.items()),
        raw=[array.tobytes() for array in given_tensors.values()],
        model_name="m",
        model_version="1",
        id=request_id,
    )
    read = decode_request(made.SerializeToString())
    assert (read.model, read.version, read.id) == ("m", "1", request_id)
    assert list(read.tensors) == list(given_tensors)
    assert all(same(read.tensors[name], array) for name, array in given_tensors.items())


@given(tensors)
@QUICK
def test_a_response_comes_back(given_tensors):
    data = encode_response("m", "1", "id", given_tensors)
    assert list(message("ModelInferResponse").FromString(data).raw_output_contents) == [
        array.tobytes() for array in given_tensors.values()
    ]
    read = decode_response(data)
    assert (read.model, read.version, read.id) == ("m", "1", "id")
    assert all(same(read.tensors[name], array) for name, array in given_tensors.items())


SEED = encode_request("m", {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}, outputs=["y"])


@given(
    st.one_of(
        st.binary(max_size=64),
        st.builds(lambda cut, tail: SEED[:cut] + tail, st.integers(0, 80), st.binary(max_size=24)),
    )
)
@settings(max_examples=400, deadline=None, derandomize=True)
@example(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(b"\x2a\x02\x0a\xff")
@example(b"")
def test_arbitrary_bytes_are_read_or_refused(data):
    for decode in (decode_request, decode_response):
        try:
            read = decode(data)
        except WireError as error:
            assert str(error)
        else:
            assert all(isinstance(array, np.ndarray) for array in read.tensors.values())


@given(st.integers(0, len(SEED) - 1), st.integers(0, 255))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_one_changed_byte_is_read_or_refused(position, byte):
    data = bytearray(SEED)
    data[position] = byte
    try:
        read = decode_request(bytes(data))
    except WireError as error:
        assert str(error)
    else:
        assert sum(array.nbytes for array in read.tensors.values()) <= len(SEED)


@given(st.integers(0, 2**64 - 1))
@QUICK
def test_varints_come_back(value):
    encoded = encode_varint(value)
    assert decode_varint(memoryview(encoded), 0) == (value, len(encoded))


def test_raw_contents_are_views_unless_they_lie_badly():
    payload = np.arange(4, dtype=np.float64)
    aligned = 0
    for size in range(8):  # the header's length decides where the payload lies
        data = encode_request("m" * (size + 1), {"x": payload})
        array = decode_request(data).tensors["x"]
        assert same(array, payload)
        assert array.flags.aligned
        assert not array.flags.writeable
        aligned += np.shares_memory(array, np.frombuffer(data, np.uint8))
    assert aligned == 1


@pytest.mark.parametrize("array", [np.zeros((3, 4))[:, ::-2], np.arange(6).reshape(2, 3).T, np.arange(3).astype(">i4")])
def test_strided_and_foreign_arrays_go_out_row_major_and_little_endian(array):
    read = decode_request(encode_request("m", {"x": array})).tensors["x"]
    assert read.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("datatype", "field", "values"),
    [
        ("BOOL", "bool_contents", [True, False]),
        ("INT8", "int_contents", [-128, 127]),
        ("INT64", "int64_contents", [-(2**63), 1]),
        ("UINT16", "uint_contents", [0, 65535]),
        ("UINT64", "uint64_contents", [2**64 - 1, 0]),
        ("FP32", "fp32_contents", [0.5, -2.0]),
        ("FP64", "fp64_contents", [0.1, 2.0]),
    ],
)
def test_typed_contents(datatype, field, values):
    made = request(("x", datatype, [2]))
    getattr(made.inputs[0].contents, field).extend(values)
    array = decode_request(made.SerializeToString()).tensors["x"]
    assert array.dtype == DATATYPES[datatype]
    assert array.tolist() == values


def test_typed_contents_that_do_not_fit():
    made = request(("x", "INT8", [2]))
    made.inputs[0].contents.int_contents.extend([1, 128])
    assert refusal(made.SerializeToString()) == "input 'x' has a value outside INT8, which takes -128 to 127"
    made = request(("x", "FP32", [1]))
    made.inputs[0].contents.int_contents.append(1)
    assert refusal(made.SerializeToString()) == "input 'x' has int_contents; datatype FP32 takes fp32_contents"
    assert (
        refusal(request(("x", "FP16", [1])).SerializeToString())
        == "input 'x' has no raw contents; datatype 'FP16' comes raw only"
    )
    made = request(("x", "FP32", [1]), raw=[b"\0\0\0\0"])
    made.inputs[0].contents.fp32_contents.append(1.0)
    assert (
        refusal(made.SerializeToString()) == "input 'x' has typed contents next to raw ones; a message takes one kind"
    )


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x3a\x64ab", "field 7 at byte 0 takes 100 bytes; 2 are left"),
        (b"\x3a", "varint at byte 1 is cut short"),
        (b"\x3a" + b"\xff" * 11, "varint at byte 1 is longer than 10 bytes"),
        (b"\x3a" + b"\xff" * 9 + b"\x02", "varint at byte 1 is wider than 64 bits"),
        (b"\x3b", "wire type 3 of field 7 at byte 0; takes 0, 1, 2 and 5"),
        (b"\x3e", "wire type 6 of field 7 at byte 0; takes 0, 1, 2 and 5"),
        (b"\x02\x00", "field number 0 at byte 0; numbers are 1 to 536870911"),
        (b"\x0a\x01m\x38\x01", "ModelInferRequest: field 7 at byte 3 has wire type 0; it takes 2"),
        (b"\x09abc", "field 1 at byte 0 takes 8 bytes; 3 are left"),
        (b"\x0a\x01\xff", "ModelInferRequest: protobuf cannot read the header"),
        (b"\x0a\x00" * 4097, "more than 4096 fields in one message"),
    ],
)
def test_broken_framing(data, text):
    assert refusal(data) == text


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            request(("x", "FP32", [1, 4]), raw=[b"\0" * 8]),
            "input 'x' has 8 bytes; FP32 [1, 4] takes 16",
        ),
        (
            request(("x", "FP32", [1]), raw=[b"\0" * 4, b""]),
            "2 raw contents for 1 inputs; each input takes one, in the same order",
        ),
        (request(("x", "FP32", [-1]), raw=[b""]), "input 'x' has shape [-1]; sizes are at least 0"),
        (request(("x", "FP32", [1] * 33), raw=[b"\0" * 4]), "input 'x' has rank 33; takes at most 32"),
        (
            request(("x", "FP32", [2**62, 4]), raw=[b""]),
            "input 'x' has shape [4611686018427387904, 4], which is more than memory can address",
        ),
        (
            request(("x", "FP32", [0, 2**62]), raw=[b""]),
            "input 'x' has shape [0, 4611686018427387904], which is more than memory can address",
        ),
        (request(("x", "BYTES", [1]), raw=[b"\0" * 4]), f"input 'x' has datatype 'BYTES'; takes {TAKES}"),
        (request(("x", "BYTES", [1])), f"input 'x' has no raw contents; datatype 'BYTES' is not one of {TAKES}"),
        (request(("x", "BF16", [1])), "input 'x' has no raw contents; datatype 'BF16' comes raw only"),
        (request(("x", "BOOL", [2]), raw=[b"\1\2"]), "input 'x' has a BOOL byte that is neither 0 nor 1"),
        (request(("x", "UINT8", [1]), ("x", "UINT8", [1]), raw=[b"a", b"b"]), "input 'x' comes twice"),
        (
            request(("n" * 100, "UINT8", [1]), raw=[b""]),
            f"input '{'n' * 64}'... has 0 bytes; UINT8 [1] takes 1",
        ),
    ],
)
def test_messages_that_contradict_themselves(made, text):
    assert refusal(made.SerializeToString()) == text


def test_parameters_of_tensors_are_refused_since_they_change_their_meaning():
    made = request(("x", "UINT8", [1]), raw=[b"a"])
    made.inputs[0].parameters["shared_memory_region"].string_param = "r"
    text = "input 'x' has parameter 'shared_memory_region'; this server takes none there"
    assert refusal(made.SerializeToString()) == text
    made = request()
    made.outputs.add(name="y").parameters["classification"].int64_param = 3
    text = "requested output 'y' has parameter 'classification'; this server takes none there"
    assert refusal(made.SerializeToString()) == text


def test_unknown_fields_are_passed_over():
    data = encode_request("m", {"x": np.ones(1, np.uint8)})
    extra = b"\xa0\x06\x01" + b"\xa1\x06" + b"8bytes.." + b"\xa5\x06" + b"four" + b"\xa2\x06\x02hi"
    assert [field[0] for field in walk(memoryview(extra))] == [100] * 4
    assert decode_request(extra + data).tensors["x"].tolist() == [1]


def test_arrays_without_a_datatype():
    with pytest.raises(DTypeError) as caught:
        encode_request("m", {"x": np.array(["a"])})
    assert (
        str(caught.value)
        == f"serve: no datatype of the protocol for <U1; takes {', '.join(map(str, DATATYPES.values()))}"
    )


def test_zero_d_and_empty_tensors():
    assert decode_tensor("x", "FP32", (), memoryview(np.float32(2).tobytes())).shape == ()
    assert decode_tensor("x", "FP32", (0, 3), memoryview(b"")).shape == (0, 3)
