"""The bytes of the online store's keys: an entity's rows lie together, the newest first.

key = list (2 bytes) ‖ entity ‖ inverted time (8 bytes) ‖ inverted id. Within an entity ascending keys are descending
(time, id), so the last row strictly before t is the first key at or after the one that `before(t)` makes. No key is
longer than the 511 bytes that LMDB takes.
"""

import math
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ContractError

LIST = struct.Struct(">H")
LENGTH = struct.Struct(">I")
LONGEST_ENTITY, LONGEST_ID = 180, 300
HASHED, HASH = b"\xff", 32
NOBODY = b"\xfe"  # neither hashed nor of so great a length: the entity of a null key
TIME = 8
TOP, WRAP = (1 << 63) - 1, 1 << 64
INVERTED = bytes(255 - byte for byte in range(256))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
END, SPECIAL = b"\0", {b"\1": b"\1\2", b"\0": b"\1\1"}
WIDE = 16


def entity(values: Sequence[Any]) -> bytes:
    """Bytes that differ for different key values, whatever their concatenation; long ones are hashed."""
    return joined([part(value) for value in values])


def part(value: Any) -> bytes:
    """One key value, with its length before it."""
    plain_bytes = _bytes(value)
    return LENGTH.pack(len(plain_bytes)) + plain_bytes


def joined(parts: Sequence[bytes]) -> bytes:
    """The entity that has these parts."""
    whole = b"".join(parts)
    return whole if len(whole) <= LONGEST_ENTITY else HASHED + blake2b(whole, digest_size=HASH).digest()


def entity_end(key: bytes, values: int) -> int:
    """Where in a list's key the entity of so many `values` ends and the time begins."""
    at = LIST.size
    if values and key[at : at + 1] == HASHED:
        return at + 1 + HASH
    for _ in range(values):
        at += LENGTH.size + LENGTH.unpack_from(key, at)[0]
    return at


def before(time: int) -> bytes:
    """The bytes at which the rows strictly before a time (microseconds) begin."""
    return ((TOP + 1 - time) % WRAP).to_bytes(TIME, "big")


def from_time(times: NDArray[np.int64]) -> list[bytes]:
    """For each time the bytes at which the rows at or before it begin."""
    return _split(TOP - times)


def time_of(key: bytes, at: int) -> int:
    """The time that `from_time` put at the place `at` of a key."""
    return TOP - int.from_bytes(key[at : at + TIME], "big")


def micros(moment: datetime) -> int:
    """A moment as microseconds; one without a zone is in UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


def moment(time: int) -> datetime:
    """The moment at so many microseconds."""
    return EPOCH + time * MICROSECOND


def plain(values: pl.Series) -> list[Any]:
    """Key values as Python has them; what Python would round, as a whole number of its own unit."""
    fine = isinstance(values.dtype, pl.Datetime | pl.Duration) and values.dtype.time_unit == "ns"
    return (values.to_physical() if fine else values).to_list()


def fits(ids: pl.Series) -> pl.Series:
    """True for each id that is short enough to be part of a key."""
    if ids.dtype != pl.String:
        return pl.repeat(True, ids.len(), eager=True)
    return ids.str.len_bytes() + ids.str.count_matches("[\\x00\\x01]") < LONGEST_ID


def identities(ids: pl.Series) -> list[bytes]:
    """The bytes of rows' ids, ordered against the ids themselves; raises ContractError for one that no key can hold."""
    if ids.has_nulls():
        raise ContractError("a row has no id", "let every row of a history have an id of its own")
    if not fits(ids).all():
        first = ids.filter(~fits(ids))[0]
        raise ContractError(f"the id {first[:60]!r}… has {len(first.encode())} bytes", f"use ids of fewer than {LONGEST_ID} bytes")
    if ids.dtype == pl.String:
        return [_inverted(value) for value in ids.to_list()]
    if ids.dtype == pl.Int128:
        return [((1 << 127) - 1 - value).to_bytes(WIDE, "big") for value in ids.to_list()]
    return _split(_descending(ids))


def _inverted(text: str) -> bytes:
    plain_bytes = text.encode()
    if b"\0" in plain_bytes or b"\1" in plain_bytes:
        for byte, escaped in SPECIAL.items():
            plain_bytes = plain_bytes.replace(byte, escaped)
    return (plain_bytes + END).translate(INVERTED)


def _descending(ids: pl.Series) -> NDArray[Any]:
    """Whole numbers of 64 bits that, as bytes, are ordered against `ids`."""
    if ids.dtype.is_float():
        bits = (ids.cast(pl.Float64) + 0.0).fill_nan(math.nan).to_numpy().view(np.int64)
        return np.where(bits < 0, bits, TOP - bits)
    if ids.dtype.is_temporal():
        ids = ids.to_physical()
    if ids.dtype == pl.Boolean or ids.dtype.is_unsigned_integer():
        return ~ids.cast(pl.UInt64).to_numpy()
    return TOP - ids.cast(pl.Int64).to_numpy()


def _split(numbers: NDArray[Any]) -> list[bytes]:
    packed = numbers.astype(">u8").tobytes()
    return [packed[at : at + TIME] for at in range(0, len(packed), TIME)]


def _bytes(value: Any) -> bytes:
    match value:
        case str():
            return value.encode()
        case float():
            return struct.pack(">d", math.nan if math.isnan(value) else value + 0.0)
        case time():
            return value.isoformat().encode()
        case bool() | int() | datetime() | date() | timedelta():
            return _whole(_number(value))
    raise ContractError(f"a key cannot be a {type(value).__name__}", "use text, whole numbers, dates or times as keys")


def _number(value: int | datetime | date | timedelta) -> int:
    match value:
        case datetime():
            return micros(value)
        case date():
            return value.toordinal()
        case timedelta():
            return value // MICROSECOND
    return int(value)


def _whole(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
