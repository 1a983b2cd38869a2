"""The messages of the Open Inference Protocol (version 2, gRPC), as one table.

The classes are made from the table at import and live in a descriptor pool of their own. Every package that
ships generated stubs for this protocol registers the same names in protobuf's default pool, where a second
registration is an error; a private pool lets this server and any such client share a process.

Source: KServe, "Open Inference Protocol (V2)", gRPC; `ModelConfig` as NVIDIA's clients read it.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = "inference.GRPCInferenceService"

# Field of a message: (name, number, type). A type is a scalar, a message of this table, "repeated T" or
# "map<string, T>"; "one of NAME: T" puts the field into that oneof.
Field = tuple[str, int, str]

_TENSOR_PARAMETERS = ("parameters", 4, "map<string, InferParameter>")
_NAME_AND_VERSION = (("name", 1, "string"), ("version", 2, "string"))

MESSAGES: dict[str, tuple[Field, ...]] = {
    "ServerLiveRequest": (),
    "ServerLiveResponse": (("live", 1, "bool"),),
    "ServerReadyRequest": (),
    "ServerReadyResponse": (("ready", 1, "bool"),),
    "ModelReadyRequest": _NAME_AND_VERSION,
    "ModelReadyResponse": (("ready", 1, "bool"),),
    "ServerMetadataRequest": (),
    "ServerMetadataResponse": (("name", 1, "string"), ("version", 2, "string"), ("extensions", 3, "repeated string")),
    "ModelMetadataRequest": _NAME_AND_VERSION,
    "ModelMetadataResponse": (
        ("name", 1, "string"),
        ("versions", 2, "repeated string"),
        ("platform", 3, "string"),
        ("inputs", 4, "repeated ModelMetadataResponse.TensorMetadata"),
        ("outputs", 5, "repeated ModelMetadataResponse.TensorMetadata"),
    ),
    "ModelMetadataResponse.TensorMetadata": (
        ("name", 1, "string"),
        ("datatype", 2, "string"),
        ("shape", 3, "repeated int64"),
    ),
    "ModelConfigRequest": _NAME_AND_VERSION,
    "ModelConfigResponse": (("config", 1, "ModelConfig"),),
    "ModelConfig": (
        ("name", 1, "string"),
        ("platform", 2, "string"),
        ("max_batch_size", 4, "int32"),
        ("input", 5, "repeated ModelInput"),
        ("output", 6, "repeated ModelOutput"),
        ("dynamic_batching", 11, "one of scheduling_choice: ModelDynamicBatching"),
        ("backend", 17, "string"),
    ),
    "ModelInput": (("name", 1, "string"), ("data_type", 2, "DataType"), ("dims", 4, "repeated int64")),
    "ModelOutput": (("name", 1, "string"), ("data_type", 2, "DataType"), ("dims", 3, "repeated int64")),
    "ModelDynamicBatching": (
        ("preferred_batch_size", 1, "repeated int32"),
        ("max_queue_delay_microseconds", 2, "uint64"),
    ),
    "InferParameter": (
        ("bool_param", 1, "one of parameter_choice: bool"),
        ("int64_param", 2, "one of parameter_choice: int64"),
        ("string_param", 3, "one of parameter_choice: string"),
        ("double_param", 4, "one of parameter_choice: double"),
        ("uint64_param", 5, "one of parameter_choice: uint64"),
    ),
    "InferTensorContents": (
        ("bool_contents", 1, "repeated bool"),
        ("int_contents", 2, "repeated int32"),
        ("int64_contents", 3, "repeated int64"),
        ("uint_contents", 4, "repeated uint32"),
        ("uint64_contents", 5, "repeated uint64"),
        ("fp32_contents", 6, "repeated float"),
        ("fp64_contents", 7, "repeated double"),
        ("bytes_contents", 8, "repeated bytes"),
    ),
    "ModelInferRequest": (
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        _TENSOR_PARAMETERS,
        ("inputs", 5, "repeated ModelInferRequest.InferInputTensor"),
        ("outputs", 6, "repeated ModelInferRequest.InferRequestedOutputTensor"),
        ("raw_input_contents", 7, "repeated bytes"),
    ),
    "ModelInferRequest.InferInputTensor": (
        ("name", 1, "string"),
        ("datatype", 2, "string"),
        ("shape", 3, "repeated int64"),
        _TENSOR_PARAMETERS,
        ("contents", 5, "InferTensorContents"),
    ),
    "ModelInferRequest.InferRequestedOutputTensor": (
        ("name", 1, "string"),
        ("parameters", 2, "map<string, InferParameter>"),
    ),
    "ModelInferResponse": (
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        _TENSOR_PARAMETERS,
        ("outputs", 5, "repeated ModelInferResponse.InferOutputTensor"),
        ("raw_output_contents", 6, "repeated bytes"),
    ),
    "ModelInferResponse.InferOutputTensor": (
        ("name", 1, "string"),
        ("datatype", 2, "string"),
        ("shape", 3, "repeated int64"),
        _TENSOR_PARAMETERS,
        ("contents", 5, "InferTensorContents"),
    ),
}

# The one enum: `DataType` of ModelConfig, in the order of its numbers. FP32 is TYPE_FP32 = 11, and so on.
DATA_TYPES = (
    "INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
    "FP16", "FP32", "FP64", "STRING", "BF16",
)  # fmt: skip

METHODS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelConfig", "ModelInfer")

_FieldProto = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _FieldProto.TYPE_BOOL,
    "int32": _FieldProto.TYPE_INT32,
    "int64": _FieldProto.TYPE_INT64,
    "uint32": _FieldProto.TYPE_UINT32,
    "uint64": _FieldProto.TYPE_UINT64,
    "float": _FieldProto.TYPE_FLOAT,
    "double": _FieldProto.TYPE_DOUBLE,
    "string": _FieldProto.TYPE_STRING,
    "bytes": _FieldProto.TYPE_BYTES,
}


def file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    """The table as protobuf describes a .proto file."""
    file = descriptor_pb2.FileDescriptorProto(
        name="tensorlab/serve/open_inference.proto", package=PACKAGE, syntax="proto3"
    )
    data_type = file.enum_type.add(name="DataType")
    for number, name in enumerate(DATA_TYPES):
        data_type.value.add(name=f"TYPE_{name}", number=number)
    made: dict[str, descriptor_pb2.DescriptorProto] = {}
    for path, fields in MESSAGES.items():
        outer, _, name = path.rpartition(".")
        made[path] = message = made[outer].nested_type.add(name=name) if outer else file.message_type.add(name=name)
        for field in fields:
            _add_field(message, path, field)
    service = file.service.add(name=SERVICE.rpartition(".")[2])
    for method in METHODS:
        service.method.add(
            name=method, input_type=f".{PACKAGE}.{method}Request", output_type=f".{PACKAGE}.{method}Response"
        )
    return file


def _add_field(message: descriptor_pb2.DescriptorProto, path: str, field: Field) -> None:
    name, number, kind = field
    added = message.field.add(name=name, number=number, label=_FieldProto.LABEL_OPTIONAL)
    if kind.startswith("one of "):
        choice, kind = kind.removeprefix("one of ").split(": ")
        if choice not in [known.name for known in message.oneof_decl]:
            message.oneof_decl.add(name=choice)
        added.oneof_index = [known.name for known in message.oneof_decl].index(choice)
    if kind.startswith("map<string, "):
        # On the wire a map is a repeated message of key and value; protobuf derives its name from the field's.
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, path, ("key", 1, "string"))
        _add_field(entry, path, ("value", 2, kind.removeprefix("map<string, ").removesuffix(">")))
        kind = f"repeated {path}.{entry.name}"
    if kind.startswith("repeated "):
        kind = kind.removeprefix("repeated ")
        added.label = _FieldProto.LABEL_REPEATED
    if kind in _SCALARS:
        added.type = _SCALARS[kind]
    else:
        added.type = _FieldProto.TYPE_ENUM if kind == "DataType" else _FieldProto.TYPE_MESSAGE
        added.type_name = f".{PACKAGE}.{kind}"


POOL = descriptor_pool.DescriptorPool()
POOL.Add(file_descriptor())
_CLASSES: dict[str, Any] = {
    path: message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{path}")) for path in MESSAGES
}


def message(path: str) -> Any:
    """The class of one message, by its name in the table; its attributes are known to protobuf only."""
    return _CLASSES[path]
