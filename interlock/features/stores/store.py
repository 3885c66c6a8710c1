"""What an online store is: an ordered map from bytes to bytes, read a batch at a time and written all or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from interlock.errors import ArtifactError, ConfigError

Entry = tuple[bytes, bytes]
STORES = {
    "lmdb": "interlock.features.stores.lmdb",
    "redis": "interlock.features.stores.redis",
    "rediss": "interlock.features.stores.redis",
    "unix": "interlock.features.stores.redis",
    "memory": "interlock.features.stores.memory",
}
PAGE = 10_000


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


@dataclass(frozen=True)
class Size:
    """How many entries a store holds, and in how many bytes."""

    entries: int
    bytes: int


class Reader(Protocol):
    """What the online executor needs of a store: one `read` sees one state."""

    def read(self, reads: Reads) -> Found: ...


class Store(Reader, Protocol):
    """An ordered map; one `write` is seen whole or not at all, and is as durable as the store can make it when it returns."""

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), expected: Entry | None = None) -> None:
        """Put and delete entries; raises ArtifactError, and writes nothing, where the entry `expected` is no longer there."""

    def page(self, start: bytes, stop: bytes, limit: int) -> list[Entry]:
        """The first `limit` entries at or after `start` and before `stop`."""

    def clear(self) -> None:
        """Delete everything."""

    def size(self) -> Size: ...

    def close(self) -> None: ...


def connect(place: str) -> Store:
    """The store at `place`: `lmdb:FOLDER`, `redis://HOST:PORT/N#NAME` (also rediss, unix), or `memory:`.

    `place` may hold a password, so no message says more of it than its kind. Raises ConfigError for any other kind.
    """
    kind, _, rest = place.partition(":")
    if kind not in STORES:
        raise ConfigError(f"{kind[:20]!r} is no kind of online store", "write lmdb:FOLDER, redis://HOST:PORT/0 or memory:")
    try:
        module = import_module(STORES[kind])
    except ModuleNotFoundError as error:
        raise ConfigError(f"the {kind} store needs the package {error.name}, which is not installed", f"install {error.name}") from error
    store: Store = module.connect(place if rest.startswith("//") else rest)
    return store


def walk(store: Store, start: bytes, stop: bytes, size: int = PAGE) -> Iterator[list[Entry]]:
    """The entries from `start` to before `stop`, a page at a time; each page is read as the store is then."""
    while page := store.page(start, stop, size):
        yield page
        start = page[-1][0] + b"\0"


def moved() -> ArtifactError:
    """The error of a write that finds the store changed since it was read."""
    return ArtifactError(
        "another process has changed the online store in the meantime: nothing was written", "let one process at a time write to it"
    )
