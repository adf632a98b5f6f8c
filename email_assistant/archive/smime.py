"""Opens S/MIME messages that are signed and not encrypted, whose text is inside of the signature (RFC 8551, 3.5.2)."""

from collections.abc import Iterator

# Tags of ASN.1, as S/MIME uses them.
INTEGER, OCTETS, OID, SEQUENCE, SET, EXPLICIT = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0
CONSTRUCTED_OCTETS = 0x24
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
MAX_DEPTH = 20


def signed_content(data: bytes) -> bytes | None:
    """The message inside of a signed one; None if it is encrypted, or no S/MIME."""
    try:
        content_type, content = _values(_inside(data, SEQUENCE))[:2]
        if content_type != (OID, SIGNED_DATA):
            return None
        signed = _values(_inside(content[1], SEQUENCE))
        inner = next(value for tag, value in signed if tag == SEQUENCE)
        wrapped = next(value for tag, value in _values(inner) if tag == EXPLICIT)
        return b"".join(_octets(wrapped, 0))
    except (ValueError, IndexError, StopIteration):
        return None


def _inside(data: bytes, wanted: int) -> bytes:
    tag, value = _values(data)[0]
    if tag != wanted:
        raise ValueError(f"tag {tag}, not {wanted}")
    return value


def _octets(data: bytes, depth: int) -> Iterator[bytes]:
    """The bytes of octet strings, which may be in pieces."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    for tag, value in _values(data):
        if tag == OCTETS:
            yield value
        elif tag == CONSTRUCTED_OCTETS:
            yield from _octets(value, depth + 1)


def _values(data: bytes) -> list[tuple[int, bytes]]:
    """The values of a sequence with their tags, in the basic encoding rules; up to the end mark, if there is one."""
    values, position = [], 0
    while position < len(data):
        tag, start, end, after = _bounds(data, position, 0)
        if tag == 0:
            break
        values.append((tag, data[start:end]))
        position = after
    return values


def _bounds(data: bytes, position: int, depth: int) -> tuple[int, int, int, int]:
    """The tag of a value, where it begins and ends, and where the next one begins."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    tag, length = data[position], data[position + 1]
    start = position + 2
    if length == 0x80:
        # Values up to an end mark of two NULs.
        inner = start
        while data[inner : inner + 2] != b"\0\0":
            inner = _bounds(data, inner, depth + 1)[3]
        return tag, start, inner, inner + 2
    if length > 0x80:
        size = length - 0x80
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return tag, start, start + length, start + length
