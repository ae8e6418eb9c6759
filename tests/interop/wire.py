# SPDX-License-Identifier: Apache-2.0
"""Protobuf and gRPC bytes by hand: what no generated code would write."""
import struct


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def nested(number, depth):
    """@depth messages inside each other, each the field @number of the one outside."""
    # From the inside out, in one go: sizes first.
    key, sizes = varint(number << 3 | 2), [0]
    for _ in range(depth):
        sizes.append(len(key) + len(varint(sizes[-1])) + sizes[-1])
    return b"".join(key + varint(size) for size in reversed(sizes[:-1]))


def groups(number, depth):
    """The same with groups, which have no lengths."""
    return varint(number << 3 | 3) * depth + varint(number << 3 | 4) * depth


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def fields(message):
    """The fields of a message as {number: last value}."""
    out, i = {}, 0

    def number():
        nonlocal i
        value = shift = 0
        while True:
            byte = message[i]
            i += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while i < len(message):
        key = number()
        if key & 7 == 0:
            out[key >> 3] = number()
        else:
            size = number()
            out[key >> 3] = message[i:i + size]
            i += size
    return out


def frame(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message
