"""What an online store is: an ordered map from bytes to bytes, read a batch at a time and written all or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from interlock.errors import ConfigError

Entry = tuple[bytes, bytes]
STORES = {
    "lmdb": "interlock.features.stores.lmdb",
    "redis": "interlock.features.stores.redis",
    "memory": "interlock.features.stores.memory",
}


@dataclass
class Reads:
    """One batch of reads: the first entry at or after each of `seeks`, the entries in each of `scans`, the values of `gets`."""

    seeks: list[bytes] = field(default_factory=list)
    scans: list[tuple[bytes, bytes]] = field(default_factory=list)
    gets: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """What a batch of reads found, in the order asked; None where there is nothing."""

    seeks: Sequence[Entry | None]
    scans: Sequence[list[Entry]]
    gets: Sequence[bytes | None]


class Store(Protocol):
    """An ordered map. One `read` sees one state; one `write` is seen whole or not at all, and is durable when it returns."""

    def read(self, reads: Reads) -> Found: ...

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), ranges: Iterable[tuple[bytes, bytes]] = ()) -> None: ...

    def close(self) -> None: ...


def connect(place: str) -> Store:
    """The store at `place`: `lmdb:FOLDER`, `redis://HOST:PORT/N`, or `memory:`; raises ConfigError for any other."""
    kind, _, rest = place.partition(":")
    if kind not in STORES:
        raise ConfigError(f"{place} names no online store", "write lmdb:FOLDER, redis://HOST:PORT/0 or memory:")
    store: Store = import_module(STORES[kind]).connect(place if rest.startswith("//") else rest)
    return store
