"""Reads the bytes of published lists, see docs/formats/published-lists.md."""

import io
import struct


def number(stream: io.BytesIO) -> int:
    byte = stream.read(1)[0]
    return byte if byte < 128 else byte - 128 + 128 * number(stream)


def decode_list(data: bytes) -> dict:
    """The items of a user, best first, and their scores if these were published."""
    stream = io.BytesIO(data)
    header = stream.read(1)[0]
    count = number(stream)
    one = (lambda: str(number(stream))) if header & 2 else (lambda: stream.read(number(stream)).decode())
    items = [one() for _ in range(count)]
    return {"items": items, "scores": list(struct.unpack(f"<{count}d", stream.read()))} if header & 1 else {"items": items}


def find_in_bucket(data: bytes, user: str) -> dict | None:
    """The list of a user in the file of its bucket."""
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        name = stream.read(number(stream)).decode()
        found = stream.read(number(stream))
        if name == user:
            return decode_list(found)
    return None
