"""The bytes of the online store's keys: an entity's rows lie together, the newest first.

key = list (2 bytes) ‖ entity ‖ inverted time (8 bytes) ‖ inverted id. Within an entity ascending keys are descending
(time, id), so the last row strictly before t is the first key at or after the one that `before(t)` makes.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlock.errors import ContractError

LIST = struct.Struct(">H")
LONGEST = 180
TOP = (1 << 63) - 1
INVERTED = bytes(255 - byte for byte in range(256))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def entity(values: Sequence[Any]) -> bytes:
    """Bytes that differ for different key values, whatever their concatenation; long ones are hashed."""
    parts = [_component(value) for value in values]
    joined = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return joined if len(joined) <= LONGEST else b"\xff" + blake2b(joined, digest_size=32).digest()


def before(times: NDArray[np.int64]) -> list[bytes]:
    """For each time (microseconds) the bytes at which the rows strictly before it begin."""
    return from_time(times - 1)


def from_time(times: NDArray[np.int64]) -> list[bytes]:
    """For each time the bytes at which the rows at or before it begin."""
    packed = (TOP - times).astype(">u8").tobytes()
    return [packed[at : at + 8] for at in range(0, len(packed), 8)]


def identity(value: Any) -> bytes:
    """The bytes of a row's id, ordered against the id itself; raises ContractError for one longer than a key can hold."""
    plain = _ordered(value)
    if len(plain) > LONGEST:
        raise ContractError(f"the id {str(value)[:60]!r}… has {len(plain)} bytes", f"use ids of at most {LONGEST} bytes")
    return plain.translate(INVERTED) + b"\xff"


def _component(value: Any) -> bytes:
    return _ordered(value)


def _ordered(value: Any) -> bytes:
    match value:
        case bool():
            return b"\x01" if value else b"\x00"
        case str():
            return value.encode()
        case int():
            return (value + (1 << 63)).to_bytes(9, "big")
        case datetime():
            return (((value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND + (1 << 63)).to_bytes(9, "big")
        case date():
            return (value.toordinal() + (1 << 63)).to_bytes(9, "big")
        case timedelta():
            return (value // MICROSECOND + (1 << 63)).to_bytes(9, "big")
        case float():
            bits = struct.unpack(">Q", struct.pack(">d", value + 0.0))[0]
            return (bits ^ ((1 << 64) - 1 if bits >> 63 else 1 << 63)).to_bytes(8, "big")
    raise ContractError(f"a key cannot be a {type(value).__name__}", "use text, whole numbers, dates or times as keys")
