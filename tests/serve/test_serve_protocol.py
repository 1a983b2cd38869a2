"""The table against the stubs that a real client ships, in one process."""

import pytest

from tensorlab.serve import protocol

service_pb2 = pytest.importorskip("tritonclient.grpc.service_pb2", reason="needs the extra `test`: tritonclient[grpc]")
model_config_pb2 = pytest.importorskip("tritonclient.grpc.model_config_pb2")


def theirs(path):
    outer, _, name = path.partition(".")
    module = service_pb2 if hasattr(service_pb2, outer) else model_config_pb2
    descriptor = getattr(module, outer).DESCRIPTOR
    return descriptor.nested_types_by_name[name] if name else descriptor


def field_kind(field):
    holder = field.containing_oneof.name if field.containing_oneof else None
    message = field.message_type and field.message_type.full_name
    return field.number, field.type, field.is_repeated, message, field.enum_type and field.enum_type.full_name, holder


@pytest.mark.parametrize("path", protocol.MESSAGES)
def test_every_field_is_the_one_that_clients_know(path):
    known = theirs(path).fields_by_name
    ours = protocol.message(path).DESCRIPTOR
    assert {field.name: field_kind(field) for field in ours.fields} == {
        field.name: field_kind(known[field.name]) for field in ours.fields
    }


def test_enum_and_service_are_the_ones_that_clients_know():
    enum = model_config_pb2.DESCRIPTOR.enum_types_by_name["DataType"]
    ours = protocol.POOL.FindEnumTypeByName("inference.DataType")
    assert {v.name: v.number for v in ours.values} == {v.name: v.number for v in enum.values}
    assert service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name == protocol.SERVICE


def test_the_same_names_live_side_by_side_in_one_process():
    ours, other = protocol.message("ModelInferRequest"), service_pb2.ModelInferRequest
    assert ours.DESCRIPTOR.full_name == other.DESCRIPTOR.full_name
    assert ours.DESCRIPTOR.file.pool is not other.DESCRIPTOR.file.pool
    request = ours(model_name="m", id="7", raw_input_contents=[b"ab"])
    request.inputs.add(name="x", datatype="UINT8", shape=[2])
    request.parameters["timeout"].int64_param = 5
    read = other.FromString(request.SerializeToString())
    assert (read.model_name, read.id, list(read.raw_input_contents)) == ("m", "7", [b"ab"])
    assert (read.inputs[0].shape[0], read.parameters["timeout"].int64_param) == (2, 5)
    assert ours.FromString(read.SerializeToString()) == request
