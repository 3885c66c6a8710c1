"""The shared online store: any server of the Redis protocol; a batch of reads is one round trip.

Keys lie in one sorted set, ordered by their bytes, values in a hash beside it; scripts on the server read and write
both at once. The address comes from the caller, who takes it from an environment variable: it may hold a password.
"""

from collections.abc import Iterable
from typing import Any

import redis

from interlock.errors import ArtifactError
from interlock.features.stores.store import Entry, Found, Reads

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
CHUNK = 5_000


class Redis:
    """One database of a server; a script reads, a transaction writes."""

    def __init__(self, address: str, name: str = "interlock") -> None:
        self.client = redis.Redis.from_url(address, socket_timeout=30)
        self.names = [f"{{{name}}}:keys", f"{{{name}}}:values"]
        try:
            self.script = self.client.register_script(READ)
            self.client.ping()
        except redis.RedisError as error:
            raise ArtifactError(f"the online store does not answer: {error}", "start it, or name another with --store") from None

    def read(self, reads: Reads) -> Found:
        counts = (len(reads.seeks), len(reads.scans), len(reads.gets))
        asked = [*reads.seeks, *(end for scan in reads.scans for end in scan), *reads.gets]
        answer: Any = self.script(keys=self.names, args=[*counts, *asked])
        split, rest = 2 * counts[0], 2 * counts[0] + counts[1]
        seeks = [(answer[i], answer[i + 1]) if answer[i] else None for i in range(0, split, 2)]
        scans = [list(zip(found[::2], found[1::2], strict=True)) for found in answer[split:rest]]
        return Found(seeks, scans, answer[rest:])

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), ranges: Iterable[tuple[bytes, bytes]] = ()) -> None:
        keys, values = self.names
        spans = [(b"[" + start, b"(" + stop) for start, stop in ranges]
        gone = [*deletes, *(key for span in spans for key in self.client.zrangebylex(keys, *span))]
        with self.client.pipeline(transaction=True) as batch:
            for at in range(0, len(gone), CHUNK):
                batch.zrem(keys, *gone[at : at + CHUNK])
                batch.hdel(values, *gone[at : at + CHUNK])
            new = list(puts)
            for at in range(0, len(new), CHUNK):
                part = new[at : at + CHUNK]
                batch.zadd(keys, dict.fromkeys((key for key, _ in part), 0))
                batch.hset(values, items=[field for entry in part for field in entry])
            batch.execute()

    def close(self) -> None:
        self.client.close()


def connect(address: str) -> Redis:
    return Redis(address)
