"""The shared online store: any server of the Redis protocol; a batch of reads is one round trip.

Keys lie in one sorted set, ordered by their bytes, values in a hash beside it; scripts on the server read both at once,
a transaction writes both. The address comes from the caller, who takes it from an environment variable: it may hold a
password. How durable a write is, is the server's setting: the event log brings back what it lost.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from interlock.errors import ArtifactError, ConfigError
from interlock.features.stores.store import Entry, Found, Reads, Size, moved

READ = """
local at, out = 4, {}
local seeks, scans, gets = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 1, seeks do
  local key = redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[at], '+', 'LIMIT', 0, 1)[1]
  at = at + 1
  out[#out + 1] = key or false
  out[#out + 1] = key and redis.call('HGET', KEYS[2], key) or false
end
for i = 1, scans do
  local found = {}
  for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[at], '(' .. ARGV[at + 1])) do
    found[#found + 1] = key
    found[#found + 1] = redis.call('HGET', KEYS[2], key)
  end
  at = at + 2
  out[#out + 1] = found
end
for i = 1, gets do
  out[#out + 1] = redis.call('HGET', KEYS[2], ARGV[at]) or false
  at = at + 1
end
return out
"""
PAGE = """
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[1], '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('HGET', KEYS[2], key)
end
return found
"""
CHUNK = 5_000
TIMEOUT = 30
NAME = "interlock"


class Redis:
    """The keys under one `name` in one database of a server, so that several projects can share it."""

    def __init__(self, address: str, name: str = NAME) -> None:
        self.names = [f"{{{name}}}:keys", f"{{{name}}}:values"]
        try:
            self.client = redis.Redis.from_url(address, socket_timeout=TIMEOUT)
        except ValueError:
            raise ConfigError("the address of the Redis server cannot be read", "write redis://[USER:PASSWORD@]HOST:PORT/NUMBER") from None
        with _answering():
            self.client.ping()
        self.reads, self.pages = self.client.register_script(READ), self.client.register_script(PAGE)

    def read(self, reads: Reads) -> Found:
        counts = (len(reads.seeks), len(reads.scans), len(reads.gets))
        asked = [*reads.seeks, *(end for scan in reads.scans for end in scan), *reads.gets]
        with _answering():
            answer: Any = self.reads(keys=self.names, args=[*counts, *asked])
        split, rest = 2 * counts[0], 2 * counts[0] + counts[1]
        seeks = [(answer[i], answer[i + 1]) if answer[i] else None for i in range(0, split, 2)]
        return Found(seeks, [_paired(found) for found in answer[split:rest]], answer[rest:])

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), expected: Entry | None = None) -> None:
        keys, values = self.names
        new, gone = list(puts), list(deletes)
        with _answering(), self.client.pipeline(transaction=True) as batch:
            if expected is not None:
                batch.watch(values)  # type: ignore[no-untyped-call]
                if batch.hget(values, expected[0]) != expected[1]:
                    raise moved()
                batch.multi()
            for at in range(0, len(gone), CHUNK):
                batch.zrem(keys, *gone[at : at + CHUNK])
                batch.hdel(values, *gone[at : at + CHUNK])
            for at in range(0, len(new), CHUNK):
                part = new[at : at + CHUNK]
                batch.zadd(keys, dict.fromkeys((key for key, _ in part), 0))
                batch.hset(values, items=[field for entry in part for field in entry])
            batch.execute()

    def page(self, start: bytes, stop: bytes, limit: int) -> list[Entry]:
        with _answering():
            found: Any = self.pages(keys=self.names, args=[start, stop, limit])
        return _paired(found)

    def clear(self) -> None:
        with _answering():
            self.client.unlink(*self.names)

    def size(self) -> Size:
        with _answering():
            used: Any = [self.client.memory_usage(name) or 0 for name in self.names]
            entries: Any = self.client.zcard(self.names[0])
        return Size(entries, sum(used))

    def close(self) -> None:
        self.client.close()


@contextmanager
def _answering() -> Iterator[None]:
    """Errors of the server as errors of ours; what the client says in them holds no password."""
    try:
        yield
    except redis.WatchError:
        raise moved() from None
    except redis.RedisError as error:
        raise ArtifactError(
            f"the Redis server does not do its part: {error}", "see that it runs, and that the address in the environment variable is right"
        ) from None


def _paired(found: list[bytes]) -> list[Entry]:
    return list(zip(found[::2], found[1::2], strict=True))


def connect(address: str) -> Redis:
    place, _, name = address.partition("#")
    return Redis(place, name or NAME)
