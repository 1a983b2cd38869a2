"""The outermost layer of a protobuf message: tags, lengths and varints, walked without copying.

Source: protobuf, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlab.serve.errors import WireError

# Fields are walked in Python, about 1 us each: the bound keeps a message of tiny fields from stalling a server.
MAX_FIELDS = 4096

# The wire types that messages use today; 3 and 4 were groups, 6 and 7 never were.
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5


def walk(data: memoryview) -> Iterator[tuple[int, int, int, int, int]]:
    """The top-level fields of a message: number, wire type, and where field, payload and next field begin.

    Raises: `WireError` for a cut or overlong varint, an unknown wire type, a number or a length out of range,
            and more than `MAX_FIELDS` fields.
    """
    position, count = 0, 0
    while position < len(data):
        start = position
        count += 1
        if count > MAX_FIELDS:
            raise WireError(f"more than {MAX_FIELDS} fields in one message")
        tag, position = decode_varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if not 1 <= number < 1 << 29:
            raise WireError(f"field number {number} at byte {start}; numbers are 1 to {(1 << 29) - 1}")
        payload = position
        if wire_type == VARINT:
            _, position = decode_varint(data, position)
        elif wire_type == FIXED64:
            position += 8
        elif wire_type == FIXED32:
            position += 4
        elif wire_type == DELIMITED:
            size, payload = decode_varint(data, position)
            position = payload + size
        else:
            raise WireError(f"wire type {wire_type} of field {number} at byte {start}; takes 0, 1, 2 and 5")
        if position > len(data):
            raise WireError(
                f"field {number} at byte {start} takes {position - payload} bytes; {len(data) - payload} are left"
            )
        yield number, wire_type, start, payload, position


def encode_varint(value: int) -> bytes:
    """An unsigned integer, seven bits a byte, lowest first.

    >>> encode_varint(300).hex()
    'ac02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode_varint(data: memoryview, position: int) -> tuple[int, int]:
    """The integer at `position` and where it ends.

    Raises: `WireError` if it is cut short, longer than 10 bytes, or wider than 64 bits.
    """
    value = 0
    for index in range(10):
        if position + index >= len(data):
            raise WireError(f"varint at byte {position} is cut short")
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if value >= 1 << 64:
                raise WireError(f"varint at byte {position} is wider than 64 bits")
            return value, position + index + 1
    raise WireError(f"varint at byte {position} is longer than 10 bytes")
